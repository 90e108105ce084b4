package functions

import (
	"strconv"
	"strings"
	"testing"
	"testing/quick"
)

func TestReverseWordsKnownValues(t *testing.T) {
	for text, want := range map[string]string{"": "", "  the quick\tbrown\n fox ": "fox brown quick the"} {
		if got := ReverseWords(text); got != want {
			t.Errorf("ReverseWords(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestReverseWordsMirrorsEachWord(t *testing.T) {
	property := func(numbers []uint16) bool {
		words := make([]string, len(numbers))
		for i, n := range numbers {
			words[i] = strconv.Itoa(int(n))
		}
		result := strings.Fields(ReverseWords(strings.Join(words, "  ")))
		for i, word := range words {
			if result[len(result)-1-i] != word {
				return false
			}
		}
		return len(result) == len(words)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
