package functions

import "errors"

// ErrMatrixShape is returned when two matrices cannot be multiplied.
var ErrMatrixShape = errors.New("matrix shapes do not fit")

// MatrixMultiply returns the product of an (n, k) and a (k, m) matrix; both need
// at least one row.
func MatrixMultiply(left, right [][]float64) ([][]float64, error) {
	if len(left) == 0 || len(right) == 0 {
		return nil, ErrMatrixShape
	}
	product := make([][]float64, len(left))
	for i, row := range left {
		if len(row) != len(right) {
			return nil, ErrMatrixShape
		}
		product[i] = make([]float64, len(right[0]))
		for k, factor := range row {
			if len(right[k]) != len(right[0]) {
				return nil, ErrMatrixShape
			}
			for j, value := range right[k] {
				product[i][j] += factor * value
			}
		}
	}
	return product, nil
}
