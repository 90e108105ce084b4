package functions

import (
	"reflect"
	"sort"
	"testing"
	"testing/quick"
)

func TestHeapSortAgreesWithSort(t *testing.T) {
	less := func(a, b int) bool { return a < b }
	property := func(values []int16) bool {
		items := []int{}
		for _, v := range values {
			items = append(items, int(v%50))
		}
		want := append([]int{}, items...)
		sort.Ints(want)
		before := append([]int{}, items...)
		return reflect.DeepEqual(HeapSort(items, less), want) && reflect.DeepEqual(items, before)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
