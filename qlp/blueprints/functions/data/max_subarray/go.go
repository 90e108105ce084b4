package functions

import "errors"

// ErrMaxSubarrayEmpty is returned when there are no numbers to add.
var ErrMaxSubarrayEmpty = errors.New("no numbers")

// MaxSubarray returns the largest sum of one or more neighbouring numbers, by
// Kadane's algorithm in O(n).
func MaxSubarray(numbers []int) (int, error) {
	if len(numbers) == 0 {
		return 0, ErrMaxSubarrayEmpty
	}
	best, endingHere := numbers[0], numbers[0]
	for _, number := range numbers[1:] {
		if endingHere < 0 {
			endingHere = 0
		}
		endingHere += number
		if endingHere > best {
			best = endingHere
		}
	}
	return best, nil
}
