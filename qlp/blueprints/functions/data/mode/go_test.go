package functions

import (
	"reflect"
	"testing"
	"testing/quick"
)

func TestModeKnownValues(t *testing.T) {
	if got := Mode([]string{}); len(got) != 0 {
		t.Errorf("Mode of nothing = %v", got)
	}
	if got := Mode([]int{3, 1, 3, 1, 2}); !reflect.DeepEqual(got, []int{3, 1}) {
		t.Errorf("got %v, want [3 1]", got)
	}
}

func TestModeListsExactlyTheValuesThatNothingBeats(t *testing.T) {
	property := func(values []uint8) bool {
		counts := [4]int{}
		for i := range values {
			values[i] %= 4
			counts[values[i]]++
		}
		listed := [4]int{}
		for _, value := range Mode(values) {
			listed[value]++
		}
		for value, count := range counts {
			most := count > 0
			for _, other := range counts {
				most = most && count >= other
			}
			if most != (listed[value] == 1) || listed[value] > 1 {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
