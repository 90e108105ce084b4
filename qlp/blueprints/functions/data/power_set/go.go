package functions

// PowerSet returns all 2**n subsets, the empty one first; each keeps the order
// of the items.
func PowerSet[T any](items []T) [][]T {
	subsets := [][]T{{}}
	for _, item := range items {
		for _, subset := range subsets {
			subsets = append(subsets, append(append([]T{}, subset...), item))
		}
	}
	return subsets
}
