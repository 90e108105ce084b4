package functions

import "strings"

// LongestCommonPrefix returns the longest text that every one of texts starts
// with, in whole runes; "" when there are none.
func LongestCommonPrefix(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	end := 0
	for _, r := range texts[0] {
		next := end + len(string(r))
		if next > len(texts[0]) {
			break
		}
		for _, text := range texts {
			if !strings.HasPrefix(text, texts[0][:next]) {
				return texts[0][:end]
			}
		}
		end = next
	}
	return texts[0][:end]
}
