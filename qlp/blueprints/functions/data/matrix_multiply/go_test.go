package functions

import (
	"errors"
	"reflect"
	"testing"
	"testing/quick"
)

func TestMatrixMultiplyKnownValue(t *testing.T) {
	got, err := MatrixMultiply([][]float64{{1, 2}, {3, 4}}, [][]float64{{5, 6}, {7, 8}})
	if want := [][]float64{{19, 22}, {43, 50}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestMatrixMultiplyActsOnVectorsOneAfterTheOther(t *testing.T) {
	floats := func(values []int8) []float64 {
		row := []float64{}
		for _, v := range values {
			row = append(row, float64(v))
		}
		return row
	}
	property := func(a [2][3]int8, b [3][4]int8, v [4]int8) bool {
		left := [][]float64{floats(a[0][:]), floats(a[1][:])}
		right := [][]float64{floats(b[0][:]), floats(b[1][:]), floats(b[2][:])}
		vector := [][]float64{}
		for _, value := range v {
			vector = append(vector, []float64{float64(value)})
		}
		product, err := MatrixMultiply(left, right)
		if err != nil || len(product) != 2 || len(product[0]) != 4 {
			return false
		}
		atOnce, err := MatrixMultiply(product, vector)
		inner, innerErr := MatrixMultiply(right, vector)
		inSteps, stepsErr := MatrixMultiply(left, inner)
		return err == nil && innerErr == nil && stepsErr == nil && reflect.DeepEqual(atOnce, inSteps)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestMatrixMultiplyRefusesWrongShapes(t *testing.T) {
	one := [][]float64{{1}}
	for _, c := range [][2][][]float64{
		{{{1, 2}}, {{1, 2}}}, {{{1, 2}, {3}}, {{1}, {2}}}, {{}, one}, {one, {}}, {{{1, 2}}, {{1}, {2, 3}}},
	} {
		if got, err := MatrixMultiply(c[0], c[1]); !errors.Is(err, ErrMatrixShape) {
			t.Errorf("MatrixMultiply(%v, %v) = %v, %v", c[0], c[1], got, err)
		}
	}
}
