package functions

import (
	"math/big"
	"testing"
	"testing/quick"
)

func TestIsPrimeSmallNumbers(t *testing.T) {
	for n := int64(-5); n < 2000; n++ {
		divisors := 0
		for d := int64(1); d <= n; d++ {
			if n%d == 0 {
				divisors++
			}
		}
		if got := IsPrime(n); got != (divisors == 2) {
			t.Errorf("IsPrime(%d) = %v with %d divisors", n, got, divisors)
		}
	}
}

func TestIsPrimeAgreesWithBigInt(t *testing.T) {
	property := func(n uint32) bool {
		return IsPrime(int64(n)) == big.NewInt(int64(n)).ProbablyPrime(0)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
