package functions

// BinarySearch returns the index of the first target in ascending items, or -1.
func BinarySearch[T ~int | ~int64 | ~float64 | ~string](items []T, target T) int {
	low, high := 0, len(items)
	for low < high {
		middle := low + (high-low)/2
		if items[middle] < target {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(items) && items[low] == target {
		return low
	}
	return -1
}
