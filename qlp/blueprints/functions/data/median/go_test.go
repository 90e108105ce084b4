package functions

import (
	"errors"
	"testing"
	"testing/quick"
)

func TestMedianKnownValues(t *testing.T) {
	for _, c := range []struct {
		numbers []float64
		want    float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}, {[]float64{7}, 7}} {
		if got, err := Median(c.numbers); got != c.want || err != nil {
			t.Errorf("Median(%v) = %v, %v, want %v", c.numbers, got, err, c.want)
		}
	}
	if _, err := Median(nil); !errors.Is(err, ErrMedianEmpty) {
		t.Errorf("Median(nil) gave error %v", err)
	}
}

func TestMedianHasHalfOnEitherSideAndMirrors(t *testing.T) {
	property := func(list []int16, last int16) bool {
		numbers, mirrored := []float64{float64(last)}, []float64{-float64(last)}
		for _, n := range list {
			numbers = append(numbers, float64(n))
			mirrored = append(mirrored, -float64(n))
		}
		middle, err := Median(numbers)
		opposite, mirroredErr := Median(mirrored)
		below, above := 0, 0
		for _, n := range numbers {
			if n <= middle {
				below++
			}
			if n >= middle {
				above++
			}
		}
		return err == nil && mirroredErr == nil && opposite == -middle &&
			numbers[0] == float64(last) && 2*below >= len(numbers) && 2*above >= len(numbers)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
