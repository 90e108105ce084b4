package functions

// PrimesUpTo returns all primes <= limit in ascending order, by the sieve of
// Eratosthenes. Below 2 there are none.
func PrimesUpTo(limit int) []int {
	primes := []int{}
	if limit < 2 {
		return primes
	}
	composite := make([]bool, limit+1)
	for number := 2; number <= limit; number++ {
		if composite[number] {
			continue
		}
		primes = append(primes, number)
		for multiple := number * number; multiple <= limit; multiple += number {
			composite[multiple] = true
		}
	}
	return primes
}
