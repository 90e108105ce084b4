package functions

import (
	"testing"
	"testing/quick"
)

func TestReverseStringMirrorsEachCharacter(t *testing.T) {
	property := func(text string) bool {
		runes, mirrored := []rune(text), []rune(ReverseString(text))
		for i, r := range runes {
			if mirrored[len(mirrored)-1-i] != r {
				return false
			}
		}
		return len(runes) == len(mirrored)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestReverseStringKnownValues(t *testing.T) {
	for text, want := range map[string]string{"": "", "abc": "cba", "añb": "bña"} {
		if got := ReverseString(text); got != want {
			t.Errorf("ReverseString(%q) = %q, want %q", text, got, want)
		}
	}
}
