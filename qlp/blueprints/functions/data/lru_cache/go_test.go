package functions

import (
	"testing"
	"testing/quick"
)

func TestLRUCacheDropsTheLeastRecentlyUsed(t *testing.T) {
	cache := NewLRUCache[string, int](2)
	cache.Put("a", 1)
	cache.Put("b", 2)
	if value, ok := cache.Get("a"); value != 1 || !ok {
		t.Errorf("Get(a) = %d, %v", value, ok)
	}
	cache.Put("c", 3)
	if value, ok := cache.Get("b"); ok {
		t.Errorf("b is still there: %d", value)
	}
	if value, ok := cache.Get("a"); value != 1 || !ok {
		t.Errorf("Get(a) = %d, %v", value, ok)
	}
}

func TestLRUCacheRandomUseAgreesWithSlice(t *testing.T) {
	type pair struct{ key, value int }
	property := func(size uint8, steps []uint16) bool {
		capacity := int(size%4) + 1
		cache, model := NewLRUCache[int, int](capacity), []pair{} // the most recently used last
		for _, step := range steps {
			key, value := int(step/2)%6, int(step)
			known, others := pair{-1, 0}, []pair{}
			for _, p := range model {
				if p.key == key {
					known = p
				} else {
					others = append(others, p)
				}
			}
			if step%2 == 0 {
				cache.Put(key, value)
				model = append(others, pair{key, value})
				if len(model) > capacity {
					model = model[1:]
				}
			} else {
				got, ok := cache.Get(key)
				if ok != (known.key == key) || (ok && got != known.value) {
					return false
				}
				if ok {
					model = append(others, known)
				}
			}
			if cache.Len() != len(model) {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestLRUCacheHasRoomForOneAtLeast(t *testing.T) {
	cache := NewLRUCache[string, int](0)
	cache.Put("a", 1)
	if value, ok := cache.Get("a"); value != 1 || !ok {
		t.Errorf("Get(a) = %d, %v", value, ok)
	}
	cache.Put("b", 2)
	if _, ok := cache.Get("a"); ok || cache.Len() != 1 {
		t.Errorf("%d entries, a is there: %v", cache.Len(), ok)
	}
}
