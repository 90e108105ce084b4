package functions

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/quick"
)

func TestWordCountKnownValue(t *testing.T) {
	want := map[string]int{"the": 2, "cat": 2, "cat's": 1, "2": 1}
	if got := WordCount("The cat - the CAT's cat_2!"); !reflect.DeepEqual(got, want) {
		t.Errorf("WordCount = %v, want %v", got, want)
	}
}

func TestWordCountCountsWhatWasPutIn(t *testing.T) {
	property := func(numbers []uint8) bool {
		words := []string{}
		expected := [8]int{}
		for _, n := range numbers {
			words = append(words, "Word"+strconv.Itoa(int(n%8)))
			expected[n%8]++
		}
		counts := WordCount(strings.Join(words, ", "))
		for i, want := range expected {
			if counts["word"+strconv.Itoa(i)] != want {
				return false
			}
		}
		return len(counts) <= 8 && CountWords(strings.Join(words, " - ")) == len(words)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
