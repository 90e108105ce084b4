package functions

// ToGray returns the binary-reflected Gray code of a number; neighbours differ
// in one bit.
func ToGray(number uint64) uint64 {
	return number ^ (number >> 1)
}

// FromGray returns the number whose Gray code is given.
func FromGray(code uint64) uint64 {
	number := uint64(0)
	for ; code != 0; code >>= 1 {
		number ^= code
	}
	return number
}
