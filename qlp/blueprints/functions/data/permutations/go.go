package functions

// Permutations returns all orders of the items, in the lexicographic order of
// their places. There are n! of them.
func Permutations[T any](items []T) [][]T {
	if len(items) == 0 {
		return [][]T{{}}
	}
	orders := [][]T{}
	for place, first := range items {
		others := append(append([]T{}, items[:place]...), items[place+1:]...)
		for _, rest := range Permutations(others) {
			orders = append(orders, append([]T{first}, rest...))
		}
	}
	return orders
}
