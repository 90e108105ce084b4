package functions

// Levenshtein returns the smallest number of insertions, deletions and
// substitutions of runes that turn one text into the other (Wagner-Fischer,
// one row of memory).
func Levenshtein(first, second string) int {
	target := []rune(second)
	row := make([]int, len(target)+1)
	for j := range row {
		row[j] = j
	}
	for _, a := range first {
		diagonal := row[0]
		row[0]++
		for j, b := range target {
			best := diagonal
			if a != b {
				best++
			}
			diagonal = row[j+1]
			if row[j+1]+1 < best {
				best = row[j+1] + 1
			}
			if row[j]+1 < best {
				best = row[j] + 1
			}
			row[j+1] = best
		}
	}
	return row[len(target)]
}
