package functions

import "errors"

// ErrRaggedMatrix is returned when the rows of a matrix differ in length.
var ErrRaggedMatrix = errors.New("rows must have equal length")

// Transpose returns the matrix with rows and columns exchanged.
func Transpose[T any](matrix [][]T) ([][]T, error) {
	if len(matrix) == 0 {
		return [][]T{}, nil
	}
	transposed := make([][]T, len(matrix[0]))
	for _, row := range matrix {
		if len(row) != len(transposed) {
			return nil, ErrRaggedMatrix
		}
		for column, value := range row {
			transposed[column] = append(transposed[column], value)
		}
	}
	return transposed, nil
}
