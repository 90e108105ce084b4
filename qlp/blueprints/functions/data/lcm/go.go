package functions

// LCM returns the smallest positive integer that both a and b divide, and 0
// when either is 0. The result must fit into an int64.
func LCM(a, b int64) int64 {
	if a == 0 || b == 0 {
		return 0
	}
	divisor, rest := a, b
	for rest != 0 {
		divisor, rest = rest, divisor%rest
	}
	multiple := a / divisor * b
	if multiple < 0 {
		return -multiple
	}
	return multiple
}
