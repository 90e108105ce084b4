package functions

import (
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"
)

func TestTruncateKnownValues(t *testing.T) {
	for _, c := range []struct {
		text   string
		length int
		want   string
	}{
		{"Hello, World", 12, "Hello, World"}, {"Hello, World", 11, "Hello, W..."},
		{"abcdef", 3, "..."}, {"abcdef", 2, "ab"}, {"abcdef", 1, "a"}, {"abcdef", 0, ""}, {"abcdef", -1, ""}, {"ééééé", 4, "é..."},
	} {
		if got := Truncate(c.text, c.length); got != c.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", c.text, c.length, got, c.want)
		}
	}
}

func TestTruncateFitsAndBeginsLikeTheText(t *testing.T) {
	property := func(text string, n uint8) bool {
		length := int(n%30) + 3
		result := Truncate(text, length)
		if utf8.RuneCountInString(text) <= length {
			return result == text
		}
		return utf8.RuneCountInString(result) == length && strings.HasPrefix(text, strings.TrimSuffix(result, "..."))
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
