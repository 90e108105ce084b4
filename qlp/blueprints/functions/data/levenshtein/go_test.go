package functions

import (
	"testing"
	"testing/quick"
)

func levenshteinByDefinition(a, b string) int {
	if a == "" || b == "" {
		return len(a) + len(b)
	}
	if a[0] == b[0] {
		return levenshteinByDefinition(a[1:], b[1:])
	}
	best := levenshteinByDefinition(a[1:], b[1:])
	if d := levenshteinByDefinition(a[1:], b); d < best {
		best = d
	}
	if d := levenshteinByDefinition(a, b[1:]); d < best {
		best = d
	}
	return best + 1
}

// levenshteinWord turns random bits into a short word over three letters.
func levenshteinWord(bits uint32) string {
	word := ""
	for n := bits % 7; n > 0; n-- {
		bits /= 7
		word += string("abc"[bits%3])
	}
	return word
}

func TestLevenshteinKnownValues(t *testing.T) {
	for _, c := range []struct {
		first, second string
		want          int
	}{{"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"", "abc", 3}, {"abc", "", 3}, {"été", "ete", 2}} {
		if got := Levenshtein(c.first, c.second); got != c.want {
			t.Errorf("Levenshtein(%q, %q) = %d, want %d", c.first, c.second, got, c.want)
		}
	}
}

func TestLevenshteinAgreesWithDefinition(t *testing.T) {
	property := func(x, y uint32) bool {
		a, b := levenshteinWord(x), levenshteinWord(y)
		return Levenshtein(a, b) == levenshteinByDefinition(a, b)
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
}
