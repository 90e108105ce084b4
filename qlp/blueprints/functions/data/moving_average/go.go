package functions

import "errors"

// ErrMovingAverageWindow is returned for a window below 1.
var ErrMovingAverageWindow = errors.New("window must be positive")

// MovingAverage returns the mean of every window neighbours; none when there are
// fewer numbers.
func MovingAverage(numbers []float64, window int) ([]float64, error) {
	if window < 1 {
		return nil, ErrMovingAverageWindow
	}
	averages := []float64{}
	for start := 0; start+window <= len(numbers); start++ {
		sum := 0.0
		for _, n := range numbers[start : start+window] {
			sum += n
		}
		averages = append(averages, sum/float64(window))
	}
	return averages, nil
}
