"""The function catalogue: complete, found precisely, consistent with its contract, and its Python entries work.

All tests of all entries in all languages run where their tools are: `benchmarks/functions_mutation.py`.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import random
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import is_hypothesis_test, settings

from qlp.blueprints.functions import Entry, FunctionCatalogue, catalogue, find
from qlp.blueprints.functions.catalogue import LANGUAGES
from qlp.blueprints.functions.coverage import unexplained
from qlp.blueprints.functions.project import MAX_NAME, make_project
from qlp.blueprints.functions.words import vocabulary
from qlp.errors import PlanError
from qlp.models import Analysis, Entity, Language, Plan, ProjectKind, ProjectSpec, Request
from qlp.pipeline.analyse import analyse

pytestmark = pytest.mark.unit

BLUEPRINT = FunctionCatalogue()
ENTRIES = list(catalogue().values())
GO_FILE_SUFFIXES = {
    "test",
    "linux",
    "windows",
    "darwin",
    "unix",
    "js",
    "wasm",
    "amd64",
    "arm",
    "arm64",
    "386",
    "android",
    "ios",
}

FOUND = [
    ("Write a Python function that checks if a string is a palindrome", "is_palindrome"),
    ("palindrome checker", "is_palindrome"),
    ("isPalindrome in JavaScript, ignoring case and punctuation", "is_palindrome"),
    ("nth Fibonacci number", "fibonacci"),
    ("generate the first 20 Fibonacci numbers", "fibonacci"),
    ("LRU cache class in Go", "lru_cache"),
    ("Design a data structure for a Least Recently Used (LRU) cache", "lru_cache"),
    ("reverse words", "reverse_words"),
    ("reverse the order of the words in a sentence", "reverse_words"),
    ("Reverse a given string", "reverse_string"),
    ("gcd and lcm", "gcd lcm"),
    ("the greatest common divisor of two numbers", "gcd"),
    ("check whether a number is prime", "is_prime"),
    ("A function is_prime(n) that returns True if n is prime", "is_prime"),
    ("a function that returns all prime numbers up to n", "primes_up_to"),
    ("sieve of Eratosthenes in Go", "primes_up_to"),
    ("prime factorisation of an integer", "prime_factors"),
    ("binary search in a sorted array", "binary_search"),
    ("a binary search tree with insert and delete", "binary_search_tree"),
    ("Write quicksort and mergesort in Go, with tests", "quick_sort merge_sort"),
    ("implement bubble sort", "bubble_sort"),
    ("flatten a nested list", "flatten"),
    ("split an array into chunks of size n", "chunk"),
    ("remove duplicates from a list while preserving order", "unique"),
    ("group a list of objects by a key", "group_by"),
    ("rotate an array to the right by k steps", "rotate"),
    ("transpose a matrix and multiply two matrices", "transpose matrix_multiply"),
    ("Levenshtein distance between two strings", "levenshtein"),
    ("longest common subsequence of two strings", "longest_common_subsequence"),
    ("longest common prefix of an array of strings", "longest_common_prefix"),
    ("are two strings anagrams of each other?", "is_anagram"),
    ("Caesar cipher encode and decode", "caesar_cipher"),
    ("run-length encoding and decoding", "run_length_encoding"),
    ("convert an integer to Roman numerals and back", "roman_numerals"),
    ("convert a decimal number to binary", "base_conversion"),
    ("count the words in a text", "word_count"),
    ("frequency of each word in a text", "word_count"),
    ("convert camelCase to snake_case", "case_conversion"),
    ("check for balanced parentheses", "balanced_brackets"),
    ("the two-sum problem", "two_sum"),
    ("maximum subarray (Kadane's algorithm)", "max_subarray"),
    ("0/1 knapsack problem", "knapsack"),
    ("Pascal's triangle", "pascal_triangle"),
    ("Dijkstra\u2019s shortest path algorithm", "dijkstra"),
    ("breadth-first search in an unweighted graph", "breadth_first_search"),
    ("union-find data structure", "union_find"),
    ("a JavaScript module with a stack and a queue class", "stack queue"),
    ("priority queue in JavaScript", "priority_queue"),
    ("reverse a singly linked list", "linked_list"),
    ("a trie with insert and prefix search", "trie"),
    ("token bucket rate limiter with an injected clock", "rate_limiter"),
    ("median of a list of numbers", "median"),
    ("Luhn algorithm to validate credit card numbers", "luhn"),
    ("convert Celsius to Fahrenheit", "convert_temperature"),
    ("retry with exponential back-off", "retry"),
    ("power set", "power_set"),
]
NOT_FOUND = [
    "",
    "sort a list of invoices in a web app",
    "Build a REST API for a bookstore with books, authors and orders",
    "a web app with a message queue and a rate limiter",
    "the tech stack for our new startup",
    "a full stack application",
    "a job queue worker in Go",
    "a dashboard that shows the median house price",
    "recipe for a caesar salad",
    "dark mode for my website",
    "sort a list",
    "sort numbers without using merge sort",
    "a function that tries to open a file",
    "my class derives from base class Animal",
    "merge two dictionaries",
    "Binary. Search the archive for old files",
]
REFUSED = [
    "thread-safe LRU cache",
    "case-sensitive palindrome checker",
    "doubly linked list",
    "recursive fibonacci",
    "permutations of a string",
    "flatten a nested dictionary",
    "a queue using two stacks",
    "a poem about the Fibonacci sequence",
    "palindrome checker that emails the result to my boss",
    "Write a TypeScript function for the nth Fibonacci number",
    "Write fibonacci in Rust",
]


def analysis(
    *functions: str, language: Language = "python", kind: ProjectKind = "function", name: str = "my-tools"
) -> Analysis:
    return Analysis(spec=ProjectSpec(name=name, kind=kind, language=language, summary="x", functions=functions))


def rendered(asked: Analysis) -> tuple[Plan, dict[str, str]]:
    plan = BLUEPRINT.plan(asked)
    files = [f for task in plan.tasks for f in BLUEPRINT.render(asked, plan, task.id)]
    assert len({f.path for f in files}) == len(files)
    return plan, {f.path: f.content for f in files}


def test_catalogue_is_complete() -> None:
    assert len(ENTRIES) >= 40
    assert {entry.kind for entry in ENTRIES} == {"function", "class"}
    for entry in ENTRIES:
        assert set(entry.names) == set(entry.example) == set(LANGUAGES), entry.id
        for language in LANGUAGES:
            assert entry.names[language], entry.id
            assert entry.example[language].code, entry.id
            assert any(entry.example[language].output), entry.id
            assert len(entry.source(language)) > 50


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.id)
def test_each_test_has_properties_that_are_asserted(entry: Entry) -> None:
    python, javascript, go = (entry.test(language) for language in LANGUAGES)
    assert "@given(" in python
    assert re.search(r"\bassert\b|pytest\.raises", python)
    assert "fc.assert(" in javascript
    assert "assert." in javascript
    assert "quick.Check(" in go
    assert re.search(r"t\.Error", go)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.id)
def test_metadata_names_what_the_sources_export(entry: Entry) -> None:
    tree = ast.parse(entry.source("python"))
    defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name[0] != "_"}
    names = {language: {n.name for n in entry.names[language]} for language in LANGUAGES}
    assert defined <= names["python"]
    assert {n for n in names["python"] if n not in defined} <= {"Scale", "Matrix"}  # type aliases
    exported = set(re.findall(r"^export (?:async )?(?:function|class) (\w+)", entry.source("javascript"), re.MULTILINE))
    assert exported == names["javascript"]
    go = entry.source("go")
    public = set(re.findall(r"^(?:func|type|var) ([A-Z]\w*)|^\t([A-Z]\w*)(?: +| Scale )= ", go, re.MULTILINE))
    assert {a or b for a, b in public} <= names["go"]
    assert all(re.search(rf"\b{name}\b", go) for name in names["go"])
    assert entry.id.rsplit("_", 1)[-1] not in GO_FILE_SUFFIXES  # a file name that Go would build elsewhere only


def test_no_two_entries_share_a_phrase_or_an_exported_name() -> None:
    for language in LANGUAGES:
        names = [n.name for entry in ENTRIES for n in entry.names[language]]
        assert len(set(names)) == len(names)
    phrases = [phrase for entry in ENTRIES for phrase in {*entry.phrases, *entry.weak_phrases}]
    assert len(set(phrases)) == len(phrases)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.id)
def test_every_entry_is_found_by_its_own_name_and_phrases(entry: Entry) -> None:
    for phrase in (entry.id, *entry.phrases, *entry.weak_phrases):
        assert find((), f"Write a function or class: {phrase}") == (entry.id,), phrase


@pytest.mark.parametrize(("text", "ids"), FOUND)
def test_requests_find_their_entries_and_are_served_fully(text: str, ids: str) -> None:
    assert find((), text) == tuple(ids.split())
    match = BLUEPRINT.match(analyse(Request(text=text)))
    assert (match.score, match.missing) == (1.0, ())


@pytest.mark.parametrize("text", NOT_FOUND)
def test_other_requests_find_nothing(text: str) -> None:
    assert find(tuple(text.lower().split()), text) == ()


@pytest.mark.parametrize("text", REFUSED)
def test_a_wish_that_no_entry_serves_lowers_the_score(text: str) -> None:
    match = BLUEPRINT.match(analyse(Request(text=text)))
    assert 0 < match.score < 0.75
    assert match.missing


def test_words_stand_in_for_a_missing_text() -> None:
    assert find(("lru", "cache", "class"), " ") == ("lru_cache",)


def test_finding_is_linear_and_never_raises() -> None:
    parts = ["binary ", "search ", "\x00", "\ud800", "\u202e", "'", "aB", "_", "\U0001f600", "merge sort. ", "\n", "9"]
    generator = random.Random(7)
    for size in (0, 1, 100, 5_000):
        text = "".join(generator.choice(parts) for _ in range(size))
        assert set(find((), text)) <= set(catalogue())
    start = time.process_time()
    for piece in ("binary ", "aB", "a", "'", "longest common "):
        assert set(find((), piece * (1_000_000 // len(piece)))) <= set(catalogue())
    assert time.process_time() - start < 5


def test_coverage_explains_details_and_reports_the_rest() -> None:
    asked = "write a palindrome function ignoring case with no external dependencies for n 3"
    assert unexplained([asked], ("is_palindrome",)) == ()
    assert unexplained(["palindrome", "with", "no", "numpy"], ("is_palindrome",)) == ("no", "numpy")
    assert unexplained(["median", "of", "a", "list"], ("mode",)) == ("median",)


@pytest.mark.parametrize(
    ("asked", "score"),
    [
        (analysis("gcd", "stack"), 1.0),
        (analysis("gcd", kind="library"), 1.0),
        (analysis("gcd", "quantum_sort"), 0.7),
        (analysis("quantum_sort"), 0.0),
        (analysis(), 0.0),
        (analysis("gcd", kind="rest_api"), 0.0),
        (analysis("gcd", language="typescript"), 0.7),
        (analysis("gcd").model_copy(update={"unmet": ("framework: numpy",)}), 0.7),
        (analysis("gcd").model_copy(update={"contradictions": ("fast and slow",)}), 0.7),
    ],
)
def test_match_scores(asked: Analysis, score: float) -> None:
    match = BLUEPRINT.match(asked)
    assert match.score == score
    assert bool(match.missing) == (score < 1)


def test_a_library_with_entities_or_other_functions_is_not_served() -> None:
    asked = analysis("gcd", kind="library")
    book = Entity(name="Book", plural="books", fields=())
    with_entity = asked.model_copy(update={"spec": asked.spec.model_copy(update={"entities": (book,)})})
    with_command = asked.model_copy(
        update={"spec": asked.spec.model_copy(update={"commands": ("gcd", "convert_units")})}
    )
    assert BLUEPRINT.match(with_entity).missing == ("entity Book",)
    assert BLUEPRINT.match(with_command).missing == ("function convert_units",)


def test_a_library_is_understood_from_its_words() -> None:
    asked = analyse(Request(text="Create a Go package with functions for factorial and fibonacci, with tests"))
    assert BLUEPRINT.match(asked).score == 1.0
    assert {"factorial.go", "fibonacci.go", "fibonacci_test.go"} <= set(rendered(asked)[1])


@pytest.mark.parametrize("asked", [analysis(), analysis("quantum_sort"), analysis("gcd", language="typescript")])
def test_what_cannot_be_made_is_an_error(asked: Analysis) -> None:
    with pytest.raises(PlanError):
        BLUEPRINT.plan(asked)


@pytest.mark.parametrize("language", LANGUAGES)
def test_plan_and_files_agree(language: Language) -> None:
    asked = analysis(*catalogue(), language=language)
    plan, files = rendered(asked)
    assert set(files) == {f.path for f in plan.contract.files}
    assert {t.kind for t in plan.tasks} == {"code", "test", "docs", "config", "deployment"}
    for task in plan.tasks:
        assert {f.path for f in BLUEPRINT.render(asked, plan, task.id)} == {f.path for f in plan.files_of(task.id)}
    with pytest.raises(PlanError):
        BLUEPRINT.render(asked, plan, "surprise")
    for name in plan.contract.names:
        assert re.search(rf"\b{name.name}\b", files[name.file]), name
    for purpose in ("install", "test", "run"):
        assert plan.contract.command(purpose) is not None
    assert rendered(asked) == (plan, files)
    assert {"README.md", "Dockerfile", ".github/workflows/ci.yml", ".gitignore"} <= set(files)
    for text in files.values():
        assert "\t\n" not in text
        assert not re.search(r"[ \t]$", text, re.MULTILINE)
        assert not re.search(
            r"\bfrom functions\b|\bfunctions\.[A-Z]|^package functions$|javascript\.mjs", text, re.MULTILINE
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_readme_shows_every_example_with_its_output(language: Language) -> None:
    asked = analysis(*catalogue(), language=language)
    plan, files = rendered(asked)
    run = plan.contract.command("run")
    assert run is not None
    for entry in ENTRIES:
        output = "\n".join(entry.example[language].output)
        assert f"```text\n{output}\n```" in files["README.md"]
        assert output in run.expect_stdout
        assert all(line in files["README.md"] for line in entry.example[language].code if "functions." not in line)


def test_manifests_are_valid() -> None:
    package = json.loads(rendered(analysis("gcd", "retry", language="javascript", name="my tools"))[1]["package.json"])
    assert package["name"] == "my-tools"
    assert package["exports"] == "./src/index.js"
    go = rendered(analysis("gcd", language="go", name="queue-kit"))[1]
    assert go["go.mod"] == "module example.com/queuekit\n\ngo 1.19\n"
    assert go["gcd.go"].startswith("package queuekit\n")
    tomllib = importlib.import_module("tomllib")
    project = tomllib.loads(rendered(analysis("gcd", name="queue"))[1]["pyproject.toml"])
    assert project["tool"]["setuptools"]["packages"] == ["queue_lib"]


@pytest.mark.parametrize(
    ("name", "kebab", "python", "go"),
    [
        ("is-palindrome", "is-palindrome", "is_palindrome", "ispalindrome"),
        ("queue", "queue", "queue_lib", "queue"),
        ("map", "map", "map", "maplib"),
        ("3d Tools!", "lib-3d-tools", "lib_3d_tools", "lib3dtools"),
        ("\u00fc", "functions", "functions_lib", "functions"),
        ("my-test", "my-test", "my_test", "mytestlib"),
    ],
)
def test_project_names_are_safe(name: str, kebab: str, python: str, go: str) -> None:
    entry = catalogue()["gcd"]
    assert make_project(name, "python", (entry,)).name == kebab
    assert make_project(name, "python", (entry,)).package == python
    assert make_project(name, "go", (entry,)).package == go
    assert len(make_project("a-very-long-name " * 20, "python", (entry,)).name) <= MAX_NAME


def test_vocabulary_holds_only_words() -> None:
    for name, words in vocabulary().items():
        assert len(words) > 5, name
        assert all(isinstance(word, str) and word == word.strip().lower() for word in words), name


@contextmanager
def imported(folder: Path, package: str) -> Iterator[object]:
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(package)
    finally:
        sys.path.remove(str(folder))
        for name in [m for m in sys.modules if m.split(".")[0] == package]:
            del sys.modules[name]


def write(folder: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)


def test_python_demonstration_prints_what_the_contract_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, files = rendered(analysis(*catalogue(), name="whole catalogue"))
    write(tmp_path, files)
    with imported(tmp_path, "whole_catalogue") as package:
        for name in plan.contract.names:
            assert hasattr(package, name.name), name
        importlib.import_module("whole_catalogue.__main__").main()
    run = plan.contract.command("run")
    assert run is not None
    assert capsys.readouterr().out == run.expect_stdout + "\n"


def load_tests(path: Path) -> ModuleType:
    """A rendered test module; its properties are cut to few examples, always the same ones."""
    spec = importlib.util.spec_from_file_location(f"rendered_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    quick = settings(max_examples=20, deadline=None, derandomize=True, database=None)
    for name, test in [(n, t) for n, t in vars(module).items() if n.startswith("test_") and is_hypothesis_test(t)]:
        setattr(module, name, quick(test))
    return module


def run_tests(module: ModuleType) -> int:
    tests = [test for name, test in vars(module).items() if name.startswith("test_")]
    for test in tests:
        test()
    return len(tests)


SAMPLE = ("gcd", "two_sum", "merge_sort", "run_length_encoding", "stack", "lru_cache", "union_find")


def test_a_sample_of_python_tests_passes(tmp_path: Path) -> None:
    write(tmp_path, rendered(analysis(*SAMPLE, name="sample kit"))[1])
    with imported(tmp_path, "sample_kit"):
        for entry in SAMPLE:
            assert run_tests(load_tests(tmp_path / f"tests/test_{entry}.py")) >= 2


def test_a_broken_function_fails_its_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, rendered(analysis("gcd", name="broken kit"))[1])
    with imported(tmp_path, "broken_kit") as package:
        monkeypatch.setattr(package, "gcd", lambda a, b: abs(a) if b == 0 else 1)
        with pytest.raises(AssertionError):
            run_tests(load_tests(tmp_path / "tests/test_gcd.py"))
