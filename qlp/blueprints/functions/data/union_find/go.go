package functions

// UnionFind holds the elements 0..size-1 in disjoint sets, with union by size and
// path halving: almost O(1).
type UnionFind struct {
	parent, size []int
	count        int
}

// NewUnionFind returns size sets of one element each.
func NewUnionFind(size int) *UnionFind {
	u := &UnionFind{parent: make([]int, size), size: make([]int, size), count: size}
	for element := range u.parent {
		u.parent[element] = element
		u.size[element] = 1
	}
	return u
}

// Count returns the number of sets.
func (u *UnionFind) Count() int {
	return u.count
}

// Find returns the representative of the element's set.
func (u *UnionFind) Find(element int) int {
	for u.parent[element] != element {
		u.parent[element] = u.parent[u.parent[element]]
		element = u.parent[element]
	}
	return element
}

// Union joins two sets; it returns false if they were one already.
func (u *UnionFind) Union(first, second int) bool {
	small, large := u.Find(first), u.Find(second)
	if small == large {
		return false
	}
	if u.size[small] > u.size[large] {
		small, large = large, small
	}
	u.parent[small] = large
	u.size[large] += u.size[small]
	u.count--
	return true
}

// Connected reports whether both elements are in one set.
func (u *UnionFind) Connected(first, second int) bool {
	return u.Find(first) == u.Find(second)
}

// SetSize returns the number of elements in the element's set.
func (u *UnionFind) SetSize(element int) int {
	return u.size[u.Find(element)]
}
