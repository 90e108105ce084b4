package functions

import (
	"math/big"
	"reflect"
	"testing"
	"testing/quick"
)

func TestPrimeFactorsKnownValues(t *testing.T) {
	for n, want := range map[uint64][]uint64{0: {}, 1: {}, 2: {2}, 3: {3}, 4: {2, 2}, 360: {2, 2, 2, 3, 3, 5}} {
		if got := PrimeFactors(n); !reflect.DeepEqual(got, want) {
			t.Errorf("PrimeFactors(%d) = %v, want %v", n, got, want)
		}
	}
}

func TestPrimeFactorsAreSortedPrimesWithRightProduct(t *testing.T) {
	property := func(k uint32) bool {
		n := uint64(k) + 1
		product, last := uint64(1), uint64(0)
		for _, p := range PrimeFactors(n) {
			if p < last || !new(big.Int).SetUint64(p).ProbablyPrime(0) {
				return false
			}
			product *= p
			last = p
		}
		return product == n
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
