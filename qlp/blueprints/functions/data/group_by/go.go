package functions

// GroupBy returns the items by their key; the items of a group keep their order.
func GroupBy[T any, K comparable](items []T, key func(T) K) map[K][]T {
	groups := map[K][]T{}
	for _, item := range items {
		name := key(item)
		groups[name] = append(groups[name], item)
	}
	return groups
}
