package functions

import (
	"strings"
	"unicode"
)

// IsAnagram reports whether both texts use the same letters and digits equally
// often. Case, spaces and punctuation are ignored.
func IsAnagram(first, second string) bool {
	balance := map[rune]int{}
	for _, r := range strings.ToLower(first) {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			balance[r]++
		}
	}
	for _, r := range strings.ToLower(second) {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			balance[r]--
		}
	}
	for _, surplus := range balance {
		if surplus != 0 {
			return false
		}
	}
	return true
}
