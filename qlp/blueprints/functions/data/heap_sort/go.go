package functions

// HeapSort returns the items in the order of less as a new slice; O(n log n),
// not stable.
func HeapSort[T any](items []T, less func(a, b T) bool) []T {
	heap := append([]T{}, items...)
	// siftDown restores the max-heap heap[:end], of which only root is misplaced.
	siftDown := func(root, end int) {
		for child := 2*root + 1; child < end; child = 2*root + 1 {
			if child+1 < end && less(heap[child], heap[child+1]) {
				child++
			}
			if !less(heap[root], heap[child]) {
				return
			}
			heap[root], heap[child] = heap[child], heap[root]
			root = child
		}
	}
	for root := len(heap)/2 - 1; root >= 0; root-- {
		siftDown(root, len(heap))
	}
	for end := len(heap) - 1; end > 0; end-- {
		heap[0], heap[end] = heap[end], heap[0]
		siftDown(0, end)
	}
	return heap
}
