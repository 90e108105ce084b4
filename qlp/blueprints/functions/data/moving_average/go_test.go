package functions

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"testing/quick"
)

func TestMovingAverageKnownValues(t *testing.T) {
	if got, err := MovingAverage([]float64{1, 2, 3, 4}, 2); !reflect.DeepEqual(got, []float64{1.5, 2.5, 3.5}) || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := MovingAverage([]float64{1, 2}, 3); len(got) != 0 || err != nil {
		t.Errorf("got %v, %v, want nothing", got, err)
	}
	if _, err := MovingAverage([]float64{1}, 0); !errors.Is(err, ErrMovingAverageWindow) {
		t.Errorf("window 0 gave error %v", err)
	}
}

func TestMovingAverageAgreesWithPrefixSums(t *testing.T) {
	property := func(values []int16, k uint8) bool {
		window := int(k%8) + 1
		numbers, prefix := []float64{}, []float64{0}
		for _, v := range values {
			numbers = append(numbers, float64(v))
			prefix = append(prefix, prefix[len(prefix)-1]+float64(v))
		}
		averages, err := MovingAverage(numbers, window)
		for i, average := range averages {
			if math.Abs(average*float64(window)-(prefix[i+window]-prefix[i])) > 1e-6 {
				return false
			}
		}
		return err == nil && (len(averages) == len(values)-window+1 || (len(values) < window && len(averages) == 0))
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
