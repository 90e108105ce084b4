package functions

import (
	"reflect"
	"testing"
	"testing/quick"
)

func TestGroupByKnownValue(t *testing.T) {
	got := GroupBy([]string{"ant", "bee", "lion"}, func(word string) int { return len(word) })
	if want := map[int][]string{3: {"ant", "bee"}, 4: {"lion"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestGroupByEachGroupIsWhatFilterWouldGive(t *testing.T) {
	property := func(items []uint16, k uint8) bool {
		modulus := uint16(k%5) + 1
		groups := GroupBy(items, func(item uint16) uint16 { return item % modulus })
		for name := uint16(0); name < modulus; name++ {
			var want []uint16
			for _, item := range items {
				if item%modulus == name {
					want = append(want, item)
				}
			}
			if !reflect.DeepEqual(groups[name], want) {
				return false
			}
		}
		return len(groups) <= int(modulus)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
