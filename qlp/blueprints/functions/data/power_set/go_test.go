package functions

import (
	"reflect"
	"testing"
	"testing/quick"
)

func TestPowerSetKnownValue(t *testing.T) {
	if got := PowerSet([]int{1, 2}); !reflect.DeepEqual(got, [][]int{{}, {1}, {2}, {1, 2}}) {
		t.Errorf("got %v", got)
	}
}

func TestPowerSetHasEverySubsetOnce(t *testing.T) {
	property := func(k uint8) bool {
		items := []int{}
		for i := 0; i < int(k%9); i++ {
			items = append(items, i)
		}
		seen := map[uint]bool{}
		for _, subset := range PowerSet(items) {
			set := uint(0)
			for _, i := range subset {
				set |= 1 << i
			}
			if seen[set] {
				return false
			}
			seen[set] = true
		}
		return len(seen) == 1<<len(items)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
