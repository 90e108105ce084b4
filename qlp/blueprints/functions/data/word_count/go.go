package functions

import (
	"regexp"
	"strings"
)

var wordCountPattern = regexp.MustCompile(`[\pL\pN]+(?:'[\pL\pN]+)*`)

// WordCount returns how often each word occurs, in lower case. A word is a run
// of letters, digits and inner apostrophes.
func WordCount(text string) map[string]int {
	counts := map[string]int{}
	for _, word := range wordCountPattern.FindAllString(strings.ToLower(text), -1) {
		counts[word]++
	}
	return counts
}

// CountWords returns how many words the text has, counting repeated ones each
// time.
func CountWords(text string) int {
	return len(wordCountPattern.FindAllString(strings.ToLower(text), -1))
}
