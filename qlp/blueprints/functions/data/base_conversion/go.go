package functions

import (
	"fmt"
	"strings"
)

const baseDigits = "0123456789abcdefghijklmnopqrstuvwxyz"

// ToBase writes a number in a base from 2 to 36, with digits 0-9 and a-z.
func ToBase(number uint64, base int) (string, error) {
	if base < 2 || base > len(baseDigits) {
		return "", fmt.Errorf("base %d is not from 2 to 36", base)
	}
	if number == 0 {
		return "0", nil
	}
	digits := ""
	for ; number > 0; number /= uint64(base) {
		digits = string(baseDigits[number%uint64(base)]) + digits
	}
	return digits, nil
}

// FromBase reads a number that ToBase wrote; capital letters are accepted too.
// It is an error when the text is no number in this base or exceeds 64 bits.
func FromBase(text string, base int) (uint64, error) {
	if base < 2 || base > len(baseDigits) {
		return 0, fmt.Errorf("base %d is not from 2 to 36", base)
	}
	if text == "" {
		return 0, fmt.Errorf("no digits")
	}
	var number uint64
	for _, r := range strings.ToLower(text) {
		digit := strings.IndexRune(baseDigits[:base], r)
		if digit < 0 {
			return 0, fmt.Errorf("%q is no digit in base %d", r, base)
		}
		next := number*uint64(base) + uint64(digit)
		if (next-uint64(digit))/uint64(base) != number || next < uint64(digit) {
			return 0, fmt.Errorf("%q exceeds 64 bits", text)
		}
		number = next
	}
	return number, nil
}
