package functions

import (
	"reflect"
	"sort"
	"testing"
	"testing/quick"
)

func TestQuickSortAgreesWithSort(t *testing.T) {
	less := func(a, b int) bool { return a < b }
	property := func(values []int16) bool {
		items := []int{}
		for _, v := range values {
			items = append(items, int(v%50))
		}
		want := append([]int{}, items...)
		sort.Ints(want)
		before := append([]int{}, items...)
		return reflect.DeepEqual(QuickSort(items, less), want) && reflect.DeepEqual(items, before)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestQuickSortStaysFastOnSortedAndEqualInput(t *testing.T) {
	for _, step := range []int{0, 1, -1} {
		items := make([]int, 20000)
		for i := range items {
			items[i] = i * step
		}
		comparisons := 0
		sorted := QuickSort(items, func(a, b int) bool {
			comparisons++
			return a < b
		})
		if !sort.IntsAreSorted(sorted) || comparisons > 1500000 {
			t.Errorf("step %d: %d comparisons", step, comparisons)
		}
	}
}
