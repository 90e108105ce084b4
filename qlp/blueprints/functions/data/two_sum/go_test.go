package functions

import (
	"testing"
	"testing/quick"
)

func TestTwoSumAgreesWithTryingAllPairs(t *testing.T) {
	property := func(values []int8, k int8) bool {
		numbers := []int{}
		for _, v := range values {
			numbers = append(numbers, int(v%10))
		}
		target := int(k % 20)
		i, j, found := TwoSum(numbers, target)
		for b := range numbers {
			for a := 0; a < b; a++ {
				if numbers[a]+numbers[b] == target {
					return found && i == a && j == b
				}
			}
		}
		return !found
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
}

func TestTwoSumNeedsTwoPlaces(t *testing.T) {
	if _, _, found := TwoSum([]int{3}, 6); found {
		t.Error("one number was used twice")
	}
	if i, j, found := TwoSum([]int{3, 3}, 6); !found || i != 0 || j != 1 {
		t.Errorf("got %d, %d, %v, want 0, 1, true", i, j, found)
	}
}
