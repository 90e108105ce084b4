package functions

import (
	"reflect"
	"sort"
	"testing"
	"testing/quick"
)

func TestMergeSortAgreesWithStableSort(t *testing.T) {
	type item struct{ key, place int }
	less := func(a, b item) bool { return a.key < b.key }
	property := func(keys []uint8) bool {
		items := []item{}
		for place, key := range keys {
			items = append(items, item{int(key % 8), place})
		}
		want := append([]item{}, items...)
		sort.SliceStable(want, func(i, j int) bool { return less(want[i], want[j]) })
		before := append([]item{}, items...)
		return reflect.DeepEqual(MergeSort(items, less), want) && reflect.DeepEqual(items, before)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
