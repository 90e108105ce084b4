package functions

import (
	"errors"
	"testing"
	"testing/quick"
)

func TestMaxSubarrayKnownValues(t *testing.T) {
	if got, err := MaxSubarray([]int{-2, 1, -3, 4, -1, 2, 1, -5, 4}); got != 6 || err != nil {
		t.Errorf("got %d, %v, want 6", got, err)
	}
	if _, err := MaxSubarray(nil); !errors.Is(err, ErrMaxSubarrayEmpty) {
		t.Errorf("no numbers gave error %v", err)
	}
}

func TestMaxSubarrayAgreesWithTryingAllParts(t *testing.T) {
	property := func(values []int8, last int8) bool {
		numbers := []int{int(last)}
		for _, v := range values {
			numbers = append(numbers, int(v))
		}
		best := numbers[0]
		for i := range numbers {
			sum := 0
			for _, n := range numbers[i:] {
				sum += n
				if sum > best {
					best = sum
				}
			}
		}
		got, err := MaxSubarray(numbers)
		return err == nil && got == best
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
