package functions

import (
	"strconv"
	"strings"
	"testing"
	"testing/quick"
)

func TestLongestCommonPrefixKnownValues(t *testing.T) {
	for want, texts := range map[string][]string{
		"fl": {"flower", "flow", "flight"}, "": {"dog", "car"}, "same": {"same", "same"}, "é": {"éa", "éb"},
	} {
		if got := LongestCommonPrefix(texts); got != want {
			t.Errorf("LongestCommonPrefix(%q) = %q, want %q", texts, got, want)
		}
	}
	if got := LongestCommonPrefix(nil); got != "" {
		t.Errorf("LongestCommonPrefix(nil) = %q, want nothing", got)
	}
}

func TestLongestCommonPrefixCannotGrow(t *testing.T) {
	property := func(start uint8, ends [4]uint8) bool {
		texts := []string{}
		for _, end := range ends {
			texts = append(texts, strconv.FormatUint(uint64(start), 2)+strconv.FormatUint(uint64(end), 2))
		}
		prefix := LongestCommonPrefix(texts)
		grows := len(prefix) < len(texts[0])
		for _, text := range texts {
			if !strings.HasPrefix(text, prefix) {
				return false
			}
			grows = grows && strings.HasPrefix(text, texts[0][:len(prefix)+1])
		}
		return !grows
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
