package functions

import (
	"errors"
	"reflect"
	"testing"
	"testing/quick"
)

func TestChunkKnownValue(t *testing.T) {
	got, err := Chunk([]int{1, 2, 3, 4, 5}, 2)
	if want := [][]int{{1, 2}, {3, 4}, {5}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := Chunk([]int{1}, 0); !errors.Is(err, ErrChunkSize) {
		t.Errorf("size 0 gave error %v", err)
	}
}

func TestChunkPartsAreFullAndJoinToTheList(t *testing.T) {
	property := func(items []int, k uint8) bool {
		size := int(k%10) + 1
		chunks, err := Chunk(items, size)
		joined := []int{}
		for i, part := range chunks {
			if len(part) != size && (i < len(chunks)-1 || len(part) == 0 || len(part) > size) {
				return false
			}
			joined = append(joined, part...)
		}
		return err == nil && reflect.DeepEqual(joined, append([]int{}, items...))
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
