package functions

import "strings"

// Run is a number of equal characters in a row.
type Run struct {
	Character rune
	Count     int
}

// RunLengthEncode returns the runs of equal characters of text.
func RunLengthEncode(text string) []Run {
	runs := []Run{}
	for _, r := range text {
		if last := len(runs) - 1; last >= 0 && runs[last].Character == r {
			runs[last].Count++
		} else {
			runs = append(runs, Run{Character: r, Count: 1})
		}
	}
	return runs
}

// RunLengthDecode undoes RunLengthEncode. Runs with a count below 1 add nothing.
func RunLengthDecode(runs []Run) string {
	var text strings.Builder
	for _, run := range runs {
		for i := 0; i < run.Count; i++ {
			text.WriteRune(run.Character)
		}
	}
	return text.String()
}
