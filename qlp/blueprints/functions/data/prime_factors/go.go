package functions

// PrimeFactors returns the prime factors of n in ascending order, repeated by
// multiplicity. It is empty for 0 and 1.
func PrimeFactors(n uint64) []uint64 {
	factors := []uint64{}
	if n < 2 {
		return factors
	}
	for divisor := uint64(2); divisor <= n/divisor; divisor++ {
		for n%divisor == 0 {
			factors = append(factors, divisor)
			n /= divisor
		}
	}
	if n > 1 {
		factors = append(factors, n)
	}
	return factors
}
