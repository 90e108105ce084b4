package functions

import (
	"reflect"
	"testing"
	"testing/quick"
)

func TestRotateKnownValues(t *testing.T) {
	if got := Rotate([]int{1, 2, 3, 4, 5}, 2); !reflect.DeepEqual(got, []int{4, 5, 1, 2, 3}) {
		t.Errorf("right by 2: %v", got)
	}
	if got := Rotate([]int{1, 2, 3}, -1); !reflect.DeepEqual(got, []int{2, 3, 1}) {
		t.Errorf("left by 1: %v", got)
	}
}

func TestRotateMovesEachItem(t *testing.T) {
	property := func(items []int, places int16) bool {
		rotated := Rotate(items, int(places))
		for i, item := range items {
			target := (i + int(places)) % len(items)
			if target < 0 {
				target += len(items)
			}
			if rotated[target] != item {
				return false
			}
		}
		return len(rotated) == len(items)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
