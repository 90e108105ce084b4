package functions

import (
	"math/big"
	"testing"
	"testing/quick"
)

func TestFibonacciKnownValues(t *testing.T) {
	for n, want := range []int64{0, 1, 1, 2, 3, 5, 8, 13, 21, 34} {
		if got := Fibonacci(uint(n)); got.Cmp(big.NewInt(want)) != 0 {
			t.Errorf("Fibonacci(%d) = %v, want %d", n, got, want)
		}
	}
}

func TestFibonacciCassiniIdentity(t *testing.T) {
	property := func(k uint8) bool {
		n := uint(k) + 1
		outer := new(big.Int).Mul(Fibonacci(n-1), Fibonacci(n+1))
		inner := new(big.Int).Mul(Fibonacci(n), Fibonacci(n))
		want := big.NewInt(1)
		if n%2 == 1 {
			want.SetInt64(-1)
		}
		return outer.Sub(outer, inner).Cmp(want) == 0
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestFibonacciSequenceListsSingleNumbers(t *testing.T) {
	property := func(count uint8) bool {
		numbers := FibonacciSequence(uint(count))
		for i, number := range numbers {
			if number.Cmp(Fibonacci(uint(i))) != 0 {
				return false
			}
		}
		return len(numbers) == int(count)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
