package functions

import (
	"math/big"
	"testing"
	"testing/quick"
)

func TestPascalTriangleEntriesAreBinomials(t *testing.T) {
	property := func(k uint8) bool {
		rows := int(k % 60)
		triangle := PascalTriangle(rows)
		for n, row := range triangle {
			if len(row) != n+1 {
				return false
			}
			for j, value := range row {
				if new(big.Int).Binomial(int64(n), int64(j)).Uint64() != value {
					return false
				}
			}
		}
		return len(triangle) == rows
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestPascalTriangleIsEmptyBelowOne(t *testing.T) {
	if got := PascalTriangle(-1); len(got) != 0 {
		t.Errorf("PascalTriangle(-1) = %v, want nothing", got)
	}
}
