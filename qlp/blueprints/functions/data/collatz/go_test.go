package functions

import (
	"reflect"
	"testing"
	"testing/quick"
)

func TestCollatzKnownValues(t *testing.T) {
	if got := Collatz(6); !reflect.DeepEqual(got, []uint64{6, 3, 10, 5, 16, 8, 4, 2, 1}) {
		t.Errorf("Collatz(6) = %v", got)
	}
	if got := len(Collatz(27)); got != 112 {
		t.Errorf("len(Collatz(27)) = %d, want 112", got)
	}
	if got := Collatz(0); len(got) != 0 {
		t.Errorf("Collatz(0) = %v, want nothing", got)
	}
}

func TestCollatzEveryStepFollowsTheRule(t *testing.T) {
	property := func(k uint16) bool {
		start := uint64(k) + 1
		sequence := Collatz(start)
		for i := 1; i < len(sequence); i++ {
			before, after := sequence[i-1], sequence[i]
			if before == 1 || (before%2 == 0 && after*2 != before) || (before%2 == 1 && after != before+2*before+1) {
				return false
			}
		}
		return sequence[0] == start && sequence[len(sequence)-1] == 1
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
