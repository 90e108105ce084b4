package functions

// BubbleSort returns the items in the order of less as a new slice; equal items
// keep their order.
func BubbleSort[T any](items []T, less func(a, b T) bool) []T {
	result := append([]T{}, items...)
	for end := len(result); end > 1; {
		lastSwap := 0
		for i := 1; i < end; i++ {
			if less(result[i], result[i-1]) {
				result[i-1], result[i] = result[i], result[i-1]
				lastSwap = i
			}
		}
		end = lastSwap
	}
	return result
}
