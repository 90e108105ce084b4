package functions

// QuickSort returns the items in the order of less as a new slice, by quicksort
// with three-way partition around the middle item. It is not stable.
func QuickSort[T any](items []T, less func(a, b T) bool) []T {
	result := append([]T{}, items...)
	parts := [][2]int{{0, len(result)}}
	for len(parts) > 0 {
		start, end := parts[len(parts)-1][0], parts[len(parts)-1][1]
		parts = parts[:len(parts)-1]
		if end-start < 2 {
			continue
		}
		pivot := result[start+(end-start)/2]
		// result[start:low] < pivot, result[low:i] equal, result[high:end] > pivot
		low, i, high := start, start, end
		for i < high {
			switch {
			case less(result[i], pivot):
				result[low], result[i] = result[i], result[low]
				low, i = low+1, i+1
			case less(pivot, result[i]):
				high--
				result[i], result[high] = result[high], result[i]
			default:
				i++
			}
		}
		parts = append(parts, [2]int{start, low}, [2]int{high, end})
	}
	return result
}
