package functions

import (
	"math/big"
	"testing"
	"testing/quick"
)

func TestPrimesUpToKnownCounts(t *testing.T) {
	for limit, want := range map[int]int{-3: 0, 1: 0, 2: 1, 3: 2, 31: 11, 10000: 1229} {
		if got := len(PrimesUpTo(limit)); got != want {
			t.Errorf("len(PrimesUpTo(%d)) = %d, want %d", limit, got, want)
		}
	}
}

func TestPrimesUpToListsExactlyThePrimes(t *testing.T) {
	property := func(n uint16) bool {
		limit := int(n % 3000)
		found := PrimesUpTo(limit)
		for number := 0; number <= limit; number++ {
			if !big.NewInt(int64(number)).ProbablyPrime(0) {
				continue
			}
			if len(found) == 0 || found[0] != number {
				return false
			}
			found = found[1:]
		}
		return len(found) == 0
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
