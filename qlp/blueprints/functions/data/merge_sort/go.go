package functions

// MergeSort returns the items in the order of less as a new slice; stable,
// O(n log n).
func MergeSort[T any](items []T, less func(a, b T) bool) []T {
	if len(items) < 2 {
		return append([]T{}, items...)
	}
	middle := len(items) / 2
	left, right := MergeSort(items[:middle], less), MergeSort(items[middle:], less)
	merged := make([]T, 0, len(items))
	for len(left) > 0 && len(right) > 0 {
		if less(right[0], left[0]) {
			merged = append(merged, right[0])
			right = right[1:]
		} else {
			merged = append(merged, left[0])
			left = left[1:]
		}
	}
	merged = append(merged, left...)
	return append(merged, right...)
}
