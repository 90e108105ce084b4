package functions

import (
	"errors"
	"math/bits"
	"strconv"
	"testing"
	"testing/quick"
)

func TestHammingDistanceKnownValue(t *testing.T) {
	if got, err := HammingDistance("karolin", "kathrin"); got != 3 || err != nil {
		t.Errorf("got %d, %v, want 3", got, err)
	}
}

func TestHammingDistanceCountsDifferentBits(t *testing.T) {
	property := func(x, y uint16) bool {
		a := strconv.FormatUint(uint64(x)+1<<16, 2)
		b := strconv.FormatUint(uint64(y)+1<<16, 2)
		got, err := HammingDistance(a, b)
		return err == nil && got == bits.OnesCount16(x^y)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestHammingDistanceNeedsEqualLengths(t *testing.T) {
	for _, pair := range [][2]string{{"a", "ab"}, {"ab", "a"}, {"é", "ab"}} {
		if _, err := HammingDistance(pair[0], pair[1]); !errors.Is(err, ErrHammingLength) {
			t.Errorf("HammingDistance(%q, %q) gave error %v", pair[0], pair[1], err)
		}
	}
}
