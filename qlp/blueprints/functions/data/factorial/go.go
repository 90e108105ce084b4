package functions

import "math/big"

// Factorial returns n! = 1 * 2 * ... * n, and 1 for n = 0, exact for any n.
func Factorial(n uint) *big.Int {
	product := big.NewInt(1)
	for factor := uint(2); factor <= n; factor++ {
		product.Mul(product, new(big.Int).SetUint64(uint64(factor)))
	}
	return product
}
