package functions

// Mode returns the most frequent values in the order of first appearance; none
// for no values.
func Mode[T comparable](values []T) []T {
	counts := map[T]int{}
	most := 0
	for _, value := range values {
		counts[value]++
		if counts[value] > most {
			most = counts[value]
		}
	}
	modes := []T{}
	for _, value := range values {
		if counts[value] == most {
			modes = append(modes, value)
			counts[value] = 0 // listed
		}
	}
	return modes
}
