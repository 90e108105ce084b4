package functions

// LinkedList is a singly linked list: Prepend and Append work in O(1), Remove and
// Reverse in O(n). The zero value is an empty list.
type LinkedList[T comparable] struct {
	head, tail *linkedNode[T]
	size       int
}

type linkedNode[T comparable] struct {
	value     T
	following *linkedNode[T]
}

// Len returns the number of values.
func (l *LinkedList[T]) Len() int {
	return l.size
}

// Values returns all values from first to last.
func (l *LinkedList[T]) Values() []T {
	values := make([]T, 0, l.size)
	for node := l.head; node != nil; node = node.following {
		values = append(values, node.value)
	}
	return values
}

// Prepend adds a value in front.
func (l *LinkedList[T]) Prepend(value T) {
	l.head = &linkedNode[T]{value, l.head}
	if l.tail == nil {
		l.tail = l.head
	}
	l.size++
}

// Append adds a value at the end.
func (l *LinkedList[T]) Append(value T) {
	node := &linkedNode[T]{value: value}
	if l.tail == nil {
		l.head = node
	} else {
		l.tail.following = node
	}
	l.tail = node
	l.size++
}

// Remove removes the first node with this value; it returns false if there is none.
func (l *LinkedList[T]) Remove(value T) bool {
	var before *linkedNode[T]
	node := l.head
	for node != nil && node.value != value {
		before, node = node, node.following
	}
	if node == nil {
		return false
	}
	if before == nil {
		l.head = node.following
	} else {
		before.following = node.following
	}
	if node == l.tail {
		l.tail = before
	}
	l.size--
	return true
}

// Reverse reverses the order in place.
func (l *LinkedList[T]) Reverse() {
	l.tail = l.head
	var before *linkedNode[T]
	for node := l.head; node != nil; {
		node.following, before, node = before, node, node.following
	}
	l.head = before
}
