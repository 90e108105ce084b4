package functions

import (
	"fmt"
	"reflect"
	"sort"
	"testing"
	"testing/quick"
)

func TestPermutationsKnownValues(t *testing.T) {
	if got := Permutations([]int{}); !reflect.DeepEqual(got, [][]int{{}}) {
		t.Errorf("permutations of nothing: %v", got)
	}
	want := [][]int{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}}
	if got := Permutations([]int{1, 2, 3}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPermutationsAreAllDifferentOrders(t *testing.T) {
	property := func(k uint8) bool {
		items, count := []int{}, 1
		for i := 0; i < int(k%7); i++ {
			items = append(items, i)
			count *= i + 1
		}
		seen := map[string]bool{}
		for _, order := range Permutations(items) {
			seen[fmt.Sprint(order)] = true
			sort.Ints(order)
			if !reflect.DeepEqual(order, items) {
				return false
			}
		}
		return len(seen) == count
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 20}); err != nil {
		t.Error(err)
	}
}
