package functions

import (
	"testing"
	"testing/quick"
)

func longestCommonSubsequenceAll(text string) map[string]bool {
	all := map[string]bool{"": true}
	for _, r := range text {
		longer := []string{}
		for s := range all {
			longer = append(longer, s+string(r))
		}
		for _, s := range longer {
			all[s] = true
		}
	}
	return all
}

// longestCommonSubsequenceWord turns random bits into a short word over three letters.
func longestCommonSubsequenceWord(bits uint32) string {
	word := ""
	for n := bits % 8; n > 0; n-- {
		bits /= 7
		word += string("abc"[bits%3])
	}
	return word
}

func TestLongestCommonSubsequenceKnownValues(t *testing.T) {
	if got := LongestCommonSubsequence("AGGTAB", "GXTXAYB"); got != "GTAB" {
		t.Errorf("got %q, want GTAB", got)
	}
	if got := LongestCommonSubsequence("abc", "xyz"); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestLongestCommonSubsequenceIsLongestOfAll(t *testing.T) {
	property := func(x, y uint32) bool {
		first, second := longestCommonSubsequenceWord(x), longestCommonSubsequenceWord(y)
		mine, theirs := longestCommonSubsequenceAll(first), longestCommonSubsequenceAll(second)
		result := LongestCommonSubsequence(first, second)
		for s := range mine {
			if theirs[s] && len(s) > len(result) {
				return false
			}
		}
		return mine[result] && theirs[result]
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 300}); err != nil {
		t.Error(err)
	}
}
