package functions

import (
	"errors"
	"testing"
	"testing/quick"
)

func TestTransposeMovesEachEntryAcrossTheDiagonal(t *testing.T) {
	property := func(matrix [3][5]int) bool {
		rows := [][]int{matrix[0][:], matrix[1][:], matrix[2][:]}
		result, err := Transpose(rows)
		if err != nil || len(result) != 5 {
			return false
		}
		for i, row := range rows {
			for j, value := range row {
				if len(result[j]) != 3 || result[j][i] != value {
					return false
				}
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestTransposeEdges(t *testing.T) {
	if got, err := Transpose([][]int{}); len(got) != 0 || err != nil {
		t.Errorf("empty matrix: %v, %v", got, err)
	}
	for _, ragged := range [][][]int{{{1, 2}, {3}}, {{1}, {2, 3}}} {
		if _, err := Transpose(ragged); !errors.Is(err, ErrRaggedMatrix) {
			t.Errorf("Transpose(%v) gave error %v", ragged, err)
		}
	}
}
