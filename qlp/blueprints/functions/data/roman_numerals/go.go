package functions

import (
	"fmt"
	"strings"
)

var romanSymbols = []struct {
	value  int
	symbol string
}{
	{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"},
	{40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
}

// ToRoman returns the Roman numeral of a number from 1 to 3999.
func ToRoman(number int) (string, error) {
	if number < 1 || number > 3999 {
		return "", fmt.Errorf("%d is not from 1 to 3999", number)
	}
	var numeral strings.Builder
	for _, s := range romanSymbols {
		for ; number >= s.value; number -= s.value {
			numeral.WriteString(s.symbol)
		}
	}
	return numeral.String(), nil
}

// FromRoman returns the number of a Roman numeral in its usual (shortest) form;
// lower case is accepted. Anything else, such as "IIII" or "IC", is an error.
func FromRoman(numeral string) (int, error) {
	text := strings.ToUpper(numeral)
	number, rest := 0, text
	for _, s := range romanSymbols {
		for strings.HasPrefix(rest, s.symbol) {
			number += s.value
			rest = rest[len(s.symbol):]
		}
	}
	if usual, err := ToRoman(number); err != nil || usual != text {
		return 0, fmt.Errorf("%q is not a Roman numeral", numeral)
	}
	return number, nil
}
