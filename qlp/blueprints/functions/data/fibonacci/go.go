package functions

import "math/big"

// Fibonacci returns F(n), where F(0) = 0 and F(1) = 1, exact for any n.
func Fibonacci(n uint) *big.Int {
	current, following := big.NewInt(0), big.NewInt(1)
	for i := uint(0); i < n; i++ {
		current.Add(current, following)
		current, following = following, current
	}
	return current
}

// FibonacciSequence returns the first count Fibonacci numbers: 0, 1, 1, 2, 3, ...
func FibonacciSequence(count uint) []*big.Int {
	numbers := make([]*big.Int, 0, count)
	current, following := big.NewInt(0), big.NewInt(1)
	for i := uint(0); i < count; i++ {
		numbers = append(numbers, new(big.Int).Set(current))
		current.Add(current, following)
		current, following = following, current
	}
	return numbers
}
