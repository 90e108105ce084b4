package functions

// Combinations returns all ways to choose size items, keeping their order; none
// for a negative size.
func Combinations[T any](items []T, size int) [][]T {
	if size == 0 {
		return [][]T{{}}
	}
	chosen := [][]T{}
	if size < 0 {
		return chosen
	}
	for place, first := range items {
		for _, rest := range Combinations(items[place+1:], size-1) {
			chosen = append(chosen, append([]T{first}, rest...))
		}
	}
	return chosen
}
