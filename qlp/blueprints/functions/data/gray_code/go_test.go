package functions

import (
	"math/bits"
	"testing"
	"testing/quick"
)

func TestGrayCodeKnownValues(t *testing.T) {
	for number, want := range []uint64{0, 1, 3, 2, 6, 7, 5, 4} {
		if got := ToGray(uint64(number)); got != want {
			t.Errorf("ToGray(%d) = %d, want %d", number, got, want)
		}
	}
}

func TestGrayCodeNeighboursDifferInOneBit(t *testing.T) {
	property := func(number uint64) bool {
		return bits.OnesCount64(ToGray(number)^ToGray(number+1)) == 1
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestGrayCodeBothWays(t *testing.T) {
	property := func(number uint64) bool {
		return FromGray(ToGray(number)) == number && ToGray(FromGray(number)) == number
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
