package functions

import (
	"math/bits"
	"reflect"
	"testing"
	"testing/quick"
)

func TestCombinationsKnownValues(t *testing.T) {
	want := [][]string{{"a", "b"}, {"a", "c"}, {"b", "c"}}
	if got := Combinations([]string{"a", "b", "c"}, 2); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Combinations([]int{1, 2}, 0); !reflect.DeepEqual(got, [][]int{{}}) {
		t.Errorf("size 0: %v", got)
	}
	if got := Combinations([]int{1, 2}, -1); len(got) != 0 {
		t.Errorf("size -1: %v", got)
	}
}

func TestCombinationsAreExactlyTheSubsetsOfTheSize(t *testing.T) {
	property := func(n, k uint8) bool {
		items, size := []int{}, int(k%9)
		for i := 0; i < int(n%8); i++ {
			items = append(items, i)
		}
		seen := map[uint]bool{}
		for _, chosen := range Combinations(items, size) {
			set := uint(0)
			for _, i := range chosen {
				set |= 1 << i
			}
			if len(chosen) != size || bits.OnesCount(set) != size || seen[set] {
				return false
			}
			seen[set] = true
		}
		want := 0
		for set := uint(0); set < 1<<len(items); set++ {
			if bits.OnesCount(set) == size {
				want++
			}
		}
		return len(seen) == want
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
