"""Names of common functions and methods of all languages, by what they do to a value."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NORMALISERS = words(
    """
    Abs Clean EvalSymlinks GetFullPath Rel abspath canonical canonicalize cleanpath commonpath expand_path
    getCanonicalFile getCanonicalPath lexically_normal normalize normpath realpath relative relpath resolve
    toRealPath weakly_canonical
    """
)
"""Calls that give the one true form of a path, `..` resolved."""

HOST = words(
    """
    Authority Host Hostname IsAbs Scheme getAuthority getHost getScheme host hostname isAbsolute netloc origin
    parse_url protocol scheme
    """
)
"""Parts of an address that say where it leads."""

SAME = words(
    """
    String String.valueOf ToLower ToLowerInvariant ToString ToUpper Trim TrimSpace as_str c_str casefold clone
    decode downcase equals first get lower lstrip orElse presence rstrip str stringValue strip strtolower strtoupper
    toLowerCase toString toUpperCase to_owned to_s to_string trim unwrap unwrap_or unwrap_or_default upper valueOf
    """
)
"""Steps after which a value still is what it was."""

CONTAINS = words(
    """
    Contains ContainsKey TryGetValue array_key_exists contains containsKey contains_key has hasOwn hasOwnProperty
    has_key? in_array include? includes isMember key? member?
    """
)
"""Is it in the collection, or in the text?"""

PREFIX = words(
    """
    HasPrefix StartsWith is_relative_to is_subpath relative_to rfind start_with? startsWith starts_with startswith
    str_starts_with strncmp
    """
)
"""Does it begin with?"""

SHAPE = words(
    """
    TryParse checkdate ctype_alnum ctype_alpha ctype_digit ctype_xdigit isAlpha isAlphanumeric isEmail isIP
    isInteger isNumeric isSafeInteger isUUID is_bool is_int is_numeric isalnum isalpha isascii isdecimal isdigit
    isidentifier isnumeric
    """
)
"""Is it of a harmless form?"""

MATCH = words(
    """
    =~ IsMatch Match MatchString exec find fullmatch hasMatch is_match match match? matches preg_match regex_match
    search test
    """
)
"""Does it match a regular expression?"""

ADD = words(
    """
    Add add addElement addLast append offer push push_back push_str unshift
    """
)
"""Puts an element into a sequence."""

PUT = words(
    """
    Set insert put putValue set setAttribute setItem setProperty setdefault store
    """
)
"""Puts an entry into a map."""

GET = words(
    """
    Get GetValueOrDefault dig fetch get getAttribute getOrDefault getProperty pop
    """
)
"""Looks an entry up."""

JOIN = words(
    """
    Append AppendFormat Concat Format Join Sprint Sprintf Sprintln String.format append asprintf concat format
    formatted implode insert interpolate join push_str sprintf vsprintf
    """
)
"""Makes one string of several."""

EMPTY = words(
    """
    Count Equals Exists IndexOf Length any? blank? bool callable compareTo compare_digest count count_chars empty
    empty? equals exists file_exists getClass getLength hasattr hash hashCode hash_equals id indexOf isEmpty is_a?
    is_dir is_empty is_err is_file is_none is_null is_ok is_some isdir isfile isinstance isset lastIndexOf len
    length lstat memcmp nil? ord present? size sizeof stat strcmp strlen strncmp sum type typeof
    """
)
"""Gives a number or a truth, nothing of the text."""

POSITION = words(
    """
    IndexOf find index indexOf lastIndexOf mb_strpos stripos strpos
    """
)
"""Gives the place where something is found, or -1 or false."""

EACH = words(
    """
    Any Select Where and_then anyMatch apply array_map catch collect each each_with_index every filter find flatMap
    forEach for_each ifPresent map map_err orElseGet reduce select some tap then then_some transform
    """
)
"""Hands the elements of its receiver to a closure."""

TEXTUAL = words(
    """
    all apply call collection cursor decode encode escape get html joinpath loads parse quote replace resolve
    search_s sprintf sub text then unescape unquote
    """
)
"""Methods that give back what they are given, whoever has them."""

MODULES = words(
    """
    Array Buffer JSON Object String base64 bytes codecs django filepath fmt html io ioutil os path posixpath strings
    url urllib util werkzeug xml
    """
)
"""First parts of names that are modules, not objects."""

LISTS = words(
    """
    ArrayDeque ArrayList HashSet LinkedHashSet LinkedList List Stack Vector list
    """
)
"""Constructors of empty sequences."""

MAPS = words(
    """
    ConcurrentHashMap Dictionary HashMap Hashtable LinkedHashMap Map TreeMap dict
    """
)
"""Constructors of empty maps."""

ALLOCATE = words(
    """
    calloc fdopen fopen malloc opendir popen realloc strdup strndup tmpfile
    """
)
"""C: gives NULL when it fails."""

NUMBERS = words(
    """
    atoi atol atoll getchar ntohl ntohs std.stoi stoi strtol strtoll strtoul
    """
)
"""C: gives a number that comes from outside."""

COPY = words(
    """
    stpcpy strcat strcpy wcscat wcscpy
    """
)
"""C: copies a string and is not told how much room there is."""

ENDS = words(
    """
    _Exit _exit abort die err errx exit fatal longjmp perror_exit usage
    """
)
"""C: does not come back."""
