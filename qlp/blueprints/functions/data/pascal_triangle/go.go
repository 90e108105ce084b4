package functions

// PascalTriangle returns the first rows rows of Pascal's triangle: [1], [1 1],
// [1 2 1], ... Entries overflow beyond 67 rows.
func PascalTriangle(rows int) [][]uint64 {
	triangle := [][]uint64{}
	for size := 0; size < rows; size++ {
		row := make([]uint64, size+1)
		row[0], row[size] = 1, 1
		for k := 1; k < size; k++ {
			row[k] = triangle[size-1][k-1] + triangle[size-1][k]
		}
		triangle = append(triangle, row)
	}
	return triangle
}
