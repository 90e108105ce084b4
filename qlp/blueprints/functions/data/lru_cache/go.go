package functions

import "container/list"

// LRUCache keeps up to a number of entries and drops the least recently used
// one; all operations take O(1). It is not safe for concurrent use.
type LRUCache[K comparable, V any] struct {
	capacity int
	order    *list.List // the most recently used in front
	entries  map[K]*list.Element
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
}

// NewLRUCache returns an empty cache; a capacity below 1 counts as 1.
func NewLRUCache[K comparable, V any](capacity int) *LRUCache[K, V] {
	if capacity < 1 {
		capacity = 1
	}
	return &LRUCache[K, V]{capacity: capacity, order: list.New(), entries: map[K]*list.Element{}}
}

// Len returns the number of entries.
func (c *LRUCache[K, V]) Len() int {
	return len(c.entries)
}

// Get returns the value of the key, which becomes the most recently used, and
// whether it is cached.
func (c *LRUCache[K, V]) Get(key K) (value V, ok bool) {
	element, ok := c.entries[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(element)
	return element.Value.(*lruEntry[K, V]).value, true
}

// Put sets the value of the key, which becomes the most recently used.
func (c *LRUCache[K, V]) Put(key K, value V) {
	if element, ok := c.entries[key]; ok {
		element.Value.(*lruEntry[K, V]).value = value
		c.order.MoveToFront(element)
		return
	}
	c.entries[key] = c.order.PushFront(&lruEntry[K, V]{key, value})
	if len(c.entries) > c.capacity {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.entries, oldest.Value.(*lruEntry[K, V]).key)
	}
}
