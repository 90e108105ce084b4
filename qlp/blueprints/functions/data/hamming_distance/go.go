package functions

import "errors"

// ErrHammingLength is returned for texts of different lengths.
var ErrHammingLength = errors.New("texts must have equal length")

// HammingDistance returns the number of places at which two texts of equal
// length (in runes) differ.
func HammingDistance(first, second string) (int, error) {
	a, b := []rune(first), []rune(second)
	if len(a) != len(b) {
		return 0, ErrHammingLength
	}
	distance := 0
	for i := range a {
		if a[i] != b[i] {
			distance++
		}
	}
	return distance, nil
}
