package functions

// LongestCommonSubsequence returns one longest text whose runes appear in both
// texts in the same order.
func LongestCommonSubsequence(first, second string) string {
	a, b := []rune(first), []rune(second)
	// length[i][j] is the answer for the ends a[i:] and b[j:].
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			switch {
			case a[i] == b[j]:
				length[i][j] = length[i+1][j+1] + 1
			case length[i+1][j] >= length[i][j+1]:
				length[i][j] = length[i+1][j]
			default:
				length[i][j] = length[i][j+1]
			}
		}
	}
	common := []rune{}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			common = append(common, a[i])
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return string(common)
}
