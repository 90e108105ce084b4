package functions

import (
	"math/big"
	"testing"
	"testing/quick"
)

func TestGCDEdges(t *testing.T) {
	for _, c := range []struct{ a, b, want int64 }{{0, 0, 0}, {0, -7, 7}, {-7, 0, 7}, {54, 24, 6}} {
		if got := GCD(c.a, c.b); got != c.want {
			t.Errorf("GCD(%d, %d) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestGCDAgreesWithBigInt(t *testing.T) {
	property := func(a, b int32) bool {
		x := new(big.Int).Abs(big.NewInt(int64(a)))
		y := new(big.Int).Abs(big.NewInt(int64(b)))
		return GCD(int64(a), int64(b)) == new(big.Int).GCD(nil, nil, x, y).Int64()
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestGCDScalesWithCommonFactor(t *testing.T) {
	property := func(a, b int16, factor uint8) bool {
		k := int64(factor) + 1
		return GCD(int64(a)*k, int64(b)*k) == k*GCD(int64(b), int64(a))
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
