package functions

import (
	"strings"
	"unicode"
)

// IsPalindrome reports whether the letters and digits of text read the same
// backwards. Case, spaces and punctuation are ignored; a text without letters
// or digits is a palindrome.
func IsPalindrome(text string) bool {
	characters := []rune{}
	for _, r := range strings.ToLower(text) {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			characters = append(characters, r)
		}
	}
	for i, j := 0, len(characters)-1; i < j; i, j = i+1, j-1 {
		if characters[i] != characters[j] {
			return false
		}
	}
	return true
}
