package functions

import (
	"strings"
	"unicode"
)

// ToSnakeCase returns an identifier in snake_case: "parseHTTPBody" and
// "parse-http body" give "parse_http_body". Only ASCII letters and digits count.
func ToSnakeCase(name string) string {
	runes := []rune(name)
	kind := func(i int) byte {
		switch {
		case i < 0 || i >= len(runes) || runes[i] > unicode.MaxASCII:
			return 0
		case unicode.IsUpper(runes[i]):
			return 'A'
		case unicode.IsLower(runes[i]):
			return 'a'
		case unicode.IsDigit(runes[i]):
			return '0'
		default:
			return 0
		}
	}
	var snake strings.Builder
	for i, r := range runes {
		here, before := kind(i), kind(i-1)
		if here == 0 {
			continue
		}
		// A word starts where the kind changes, except from its capital to its small
		// letters; the last capital of an acronym belongs to the word after it.
		starts := here != before && !(here == 'a' && before == 'A')
		if here == 'A' && before == 'A' && kind(i+1) == 'a' {
			starts = true
		}
		if starts && snake.Len() > 0 {
			snake.WriteByte('_')
		}
		snake.WriteRune(unicode.ToLower(r))
	}
	return snake.String()
}

// ToCamelCase returns an identifier in camelCase: "parse_http_body" gives
// "parseHttpBody".
func ToCamelCase(name string) string {
	words := strings.Split(ToSnakeCase(name), "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}
