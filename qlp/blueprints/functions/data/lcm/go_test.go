package functions

import (
	"testing"
	"testing/quick"
)

func TestLCMEdges(t *testing.T) {
	for _, c := range []struct{ a, b, want int64 }{{0, 5, 0}, {5, 0, 0}, {1, 5, 5}, {5, 1, 5}, {-4, 6, 12}, {4, -6, 12}} {
		if got := LCM(c.a, c.b); got != c.want {
			t.Errorf("LCM(%d, %d) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestLCMIsFirstCommonMultiple(t *testing.T) {
	property := func(x, y uint8) bool {
		a, b := int64(x)+1, int64(y)+1
		first := a
		for first%b != 0 {
			first += a
		}
		return LCM(a, b) == first
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
