package functions

import (
	"errors"
	"sort"
)

// ErrMedianEmpty is returned for the median of no numbers.
var ErrMedianEmpty = errors.New("median of no numbers")

// Median returns the middle of the sorted numbers, or the mean of the two middle
// ones. The slice is not changed.
func Median(numbers []float64) (float64, error) {
	if len(numbers) == 0 {
		return 0, ErrMedianEmpty
	}
	ordered := append([]float64(nil), numbers...)
	sort.Float64s(ordered)
	middle := len(ordered) / 2
	if len(ordered)%2 == 1 {
		return ordered[middle], nil
	}
	return (ordered[middle-1] + ordered[middle]) / 2, nil
}
