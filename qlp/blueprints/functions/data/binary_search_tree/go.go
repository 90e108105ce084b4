package functions

// BinarySearchTree holds distinct keys in order. Operations take O(height); the
// tree does not balance itself. The zero value is an empty tree.
type BinarySearchTree[K ~int | ~int64 | ~float64 | ~string] struct {
	root *searchNode[K]
	size int
}

type searchNode[K ~int | ~int64 | ~float64 | ~string] struct {
	key         K
	left, right *searchNode[K]
}

// Len returns the number of keys.
func (t *BinarySearchTree[K]) Len() int {
	return t.size
}

// Contains reports whether the key is in the tree.
func (t *BinarySearchTree[K]) Contains(key K) bool {
	return *t.place(key) != nil
}

// Insert adds a key; it returns false if the key was there already.
func (t *BinarySearchTree[K]) Insert(key K) bool {
	place := t.place(key)
	if *place != nil {
		return false
	}
	*place = &searchNode[K]{key: key}
	t.size++
	return true
}

// Remove removes a key; it returns false if the key was not there.
func (t *BinarySearchTree[K]) Remove(key K) bool {
	place := t.place(key)
	node := *place
	switch {
	case node == nil:
		return false
	case node.left == nil:
		*place = node.right
	case node.right == nil:
		*place = node.left
	default:
		// Two children: the smallest key of the right part takes this place.
		successor := &node.right
		for (*successor).left != nil {
			successor = &(*successor).left
		}
		node.key = (*successor).key
		*successor = (*successor).right
	}
	t.size--
	return true
}

// Keys returns the keys in ascending order.
func (t *BinarySearchTree[K]) Keys() []K {
	keys := make([]K, 0, t.size)
	path := []*searchNode[K]{}
	for node := t.root; node != nil || len(path) > 0; {
		for ; node != nil; node = node.left {
			path = append(path, node)
		}
		node = path[len(path)-1]
		path = path[:len(path)-1]
		keys = append(keys, node.key)
		node = node.right
	}
	return keys
}

// place returns the pointer that points to the node of the key, or would point
// to it if it were inserted.
func (t *BinarySearchTree[K]) place(key K) **searchNode[K] {
	place := &t.root
	for *place != nil && (*place).key != key {
		if key < (*place).key {
			place = &(*place).left
		} else {
			place = &(*place).right
		}
	}
	return place
}
