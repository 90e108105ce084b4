package functions

import "container/heap"

// PriorityQueue gives the item of the smallest priority first, and equal
// priorities in order of arrival. The zero value is an empty queue.
type PriorityQueue[T any] struct {
	heap     priorityHeap[T]
	arrivals int
}

// Len returns the number of items.
func (q *PriorityQueue[T]) Len() int {
	return len(q.heap)
}

// Push adds an item in O(log n).
func (q *PriorityQueue[T]) Push(item T, priority float64) {
	heap.Push(&q.heap, priorityEntry[T]{item, priority, q.arrivals})
	q.arrivals++
}

// Pop removes and returns the first item in O(log n); it returns false when the
// queue is empty.
func (q *PriorityQueue[T]) Pop() (item T, ok bool) {
	if len(q.heap) == 0 {
		return item, false
	}
	entry := heap.Pop(&q.heap).(priorityEntry[T])
	return entry.item, true
}

// Peek returns the first item, and false when the queue is empty.
func (q *PriorityQueue[T]) Peek() (item T, ok bool) {
	if len(q.heap) == 0 {
		return item, false
	}
	return q.heap[0].item, true
}

type priorityEntry[T any] struct {
	item     T
	priority float64
	arrival  int
}

// priorityHeap implements heap.Interface.
type priorityHeap[T any] []priorityEntry[T]

func (h priorityHeap[T]) Len() int { return len(h) }

func (h priorityHeap[T]) Less(i, j int) bool {
	if h[i].priority != h[j].priority {
		return h[i].priority < h[j].priority
	}
	return h[i].arrival < h[j].arrival
}

func (h priorityHeap[T]) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *priorityHeap[T]) Push(entry any) { *h = append(*h, entry.(priorityEntry[T])) }

func (h *priorityHeap[T]) Pop() any {
	last := len(*h) - 1
	entry := (*h)[last]
	(*h)[last] = priorityEntry[T]{} // lets the collector free what it refers to
	*h = (*h)[:last]
	return entry
}
