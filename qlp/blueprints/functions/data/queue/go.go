package functions

// Queue is a first-in, first-out queue; both ends work in amortised constant
// time. The zero value is an empty queue.
type Queue[T any] struct {
	front []T // the first item is the last of front
	back  []T // the last item is the last of back
}

// Len returns the number of items.
func (q *Queue[T]) Len() int {
	return len(q.front) + len(q.back)
}

// Enqueue adds an item at the end.
func (q *Queue[T]) Enqueue(item T) {
	q.back = append(q.back, item)
}

// Peek returns the first item, and false when the queue is empty.
func (q *Queue[T]) Peek() (item T, ok bool) {
	if len(q.front) == 0 {
		for i := len(q.back) - 1; i >= 0; i-- {
			q.front = append(q.front, q.back[i])
		}
		q.back = nil
	}
	if len(q.front) == 0 {
		return item, false
	}
	return q.front[len(q.front)-1], true
}

// Dequeue takes the first item off; it returns false when the queue is empty.
func (q *Queue[T]) Dequeue() (item T, ok bool) {
	item, ok = q.Peek()
	if ok {
		var zero T
		last := len(q.front) - 1
		q.front[last] = zero // lets the collector free what it refers to
		q.front = q.front[:last]
	}
	return item, ok
}
