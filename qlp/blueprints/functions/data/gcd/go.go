package functions

// GCD returns the greatest common divisor by Euclid's algorithm. It is never
// negative (the smallest int64 apart), and GCD(0, 0) is 0.
func GCD(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	if a < 0 {
		return -a
	}
	return a
}
