package functions

// BalancedBrackets reports whether every bracket of (), [] and {} is closed in
// the right order.
func BalancedBrackets(text string) bool {
	opening := map[rune]rune{')': '(', ']': '[', '}': '{'}
	open := []rune{}
	for _, r := range text {
		switch r {
		case '(', '[', '{':
			open = append(open, r)
		case ')', ']', '}':
			if len(open) == 0 || open[len(open)-1] != opening[r] {
				return false
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) == 0
}
