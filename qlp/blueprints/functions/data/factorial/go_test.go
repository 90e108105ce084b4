package functions

import (
	"math/big"
	"testing"
	"testing/quick"
)

func TestFactorialKnownValues(t *testing.T) {
	for n, want := range []int64{1, 1, 2, 6, 24, 120} {
		if got := Factorial(uint(n)); got.Cmp(big.NewInt(want)) != 0 {
			t.Errorf("Factorial(%d) = %v, want %d", n, got, want)
		}
	}
}

func TestFactorialAgreesWithMulRange(t *testing.T) {
	property := func(n uint8) bool {
		return Factorial(uint(n)).Cmp(new(big.Int).MulRange(1, int64(n))) == 0
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
