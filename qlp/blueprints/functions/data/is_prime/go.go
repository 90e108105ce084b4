package functions

// IsPrime reports whether n is a prime number, by trial division up to the
// square root; numbers below 2 are not prime.
func IsPrime(n int64) bool {
	if n < 2 {
		return false
	}
	if n%2 == 0 {
		return n == 2
	}
	for divisor := int64(3); divisor <= n/divisor; divisor += 2 {
		if n%divisor == 0 {
			return false
		}
	}
	return true
}
