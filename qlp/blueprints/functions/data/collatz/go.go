package functions

// Collatz returns the sequence from start to 1: even numbers are halved, odd n
// become 3n + 1. It is empty for 0.
func Collatz(start uint64) []uint64 {
	if start == 0 {
		return []uint64{}
	}
	sequence := []uint64{start}
	for n := start; n != 1; {
		if n%2 == 0 {
			n /= 2
		} else {
			n = 3*n + 1
		}
		sequence = append(sequence, n)
	}
	return sequence
}
