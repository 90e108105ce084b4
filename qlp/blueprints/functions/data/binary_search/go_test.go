package functions

import (
	"sort"
	"testing"
	"testing/quick"
)

func TestBinarySearchAgreesWithLinearSearch(t *testing.T) {
	property := func(values []int8, target int8) bool {
		items := make([]int, len(values))
		for i, v := range values {
			items[i] = int(v % 20)
		}
		sort.Ints(items)
		want := -1
		for i := len(items) - 1; i >= 0; i-- {
			if items[i] == int(target%22) {
				want = i
			}
		}
		return BinarySearch(items, int(target%22)) == want
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
}

func TestBinarySearchOtherTypes(t *testing.T) {
	if got := BinarySearch([]string{"ant", "bee", "cow"}, "bee"); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
	if got := BinarySearch([]string{}, "bee"); got != -1 {
		t.Errorf("got %d, want -1", got)
	}
}
