package functions

import (
	"reflect"
	"testing"
	"testing/quick"
)

func TestUniqueKnownValue(t *testing.T) {
	if got := Unique([]int{3, 1, 3, 2, 1}); !reflect.DeepEqual(got, []int{3, 1, 2}) {
		t.Errorf("got %v, want [3 1 2]", got)
	}
}

func TestUniqueKeepsFirstAppearancesOnly(t *testing.T) {
	property := func(values []uint8) bool {
		want := []uint8{}
		for i := range values {
			values[i] %= 10
			first := true
			for _, earlier := range values[:i] {
				first = first && earlier != values[i]
			}
			if first {
				want = append(want, values[i])
			}
		}
		return reflect.DeepEqual(Unique(values), want)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
