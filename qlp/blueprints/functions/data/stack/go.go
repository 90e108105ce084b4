package functions

// Stack is a last-in, first-out stack. The zero value is an empty stack.
type Stack[T any] struct {
	items []T
}

// Len returns the number of items.
func (s *Stack[T]) Len() int {
	return len(s.items)
}

// Push puts an item on top.
func (s *Stack[T]) Push(item T) {
	s.items = append(s.items, item)
}

// Peek returns the top item, and false when the stack is empty.
func (s *Stack[T]) Peek() (item T, ok bool) {
	if len(s.items) == 0 {
		return item, false
	}
	return s.items[len(s.items)-1], true
}

// Pop takes the top item off; it returns false when the stack is empty.
func (s *Stack[T]) Pop() (item T, ok bool) {
	item, ok = s.Peek()
	if ok {
		var zero T
		last := len(s.items) - 1
		s.items[last] = zero // lets the collector free what it refers to
		s.items = s.items[:last]
	}
	return item, ok
}
