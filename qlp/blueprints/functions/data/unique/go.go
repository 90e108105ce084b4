package functions

// Unique returns the distinct items in the order of their first appearance.
func Unique[T comparable](items []T) []T {
	seen := make(map[T]bool, len(items))
	distinct := []T{}
	for _, item := range items {
		if !seen[item] {
			seen[item] = true
			distinct = append(distinct, item)
		}
	}
	return distinct
}
