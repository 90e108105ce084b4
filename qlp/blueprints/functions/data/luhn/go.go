package functions

import "strings"

// Luhn reports whether the digits carry a valid Luhn check digit (ISO/IEC
// 7812-1). Spaces and hyphens are ignored; any other character, or fewer than
// two digits, is invalid.
func Luhn(number string) bool {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(number)
	if len(digits) < 2 {
		return false
	}
	total := 0
	for position := 0; position < len(digits); position++ {
		digit := digits[len(digits)-1-position]
		if digit < '0' || digit > '9' {
			return false
		}
		value := int(digit - '0')
		if position%2 == 1 {
			value *= 2
			if value > 9 {
				value -= 9
			}
		}
		total += value
	}
	return total%10 == 0
}
