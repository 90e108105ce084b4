package functions

import (
	"testing"
	"testing/quick"
)

func TestRomanNumeralsKnownValues(t *testing.T) {
	for number, want := range map[int]string{1: "I", 4: "IV", 9: "IX", 14: "XIV", 1994: "MCMXCIV", 3999: "MMMCMXCIX"} {
		if got, err := ToRoman(number); got != want || err != nil {
			t.Errorf("ToRoman(%d) = %q, %v, want %q", number, got, err, want)
		}
	}
	if got, err := FromRoman("mcmxciv"); got != 1994 || err != nil {
		t.Errorf("FromRoman(mcmxciv) = %d, %v", got, err)
	}
}

func TestRomanNumeralsHaveTheirValueByTheSubtractionRule(t *testing.T) {
	values := map[byte]int{'I': 1, 'V': 5, 'X': 10, 'L': 50, 'C': 100, 'D': 500, 'M': 1000}
	property := func(k uint16) bool {
		number := int(k%3999) + 1
		numeral, err := ToRoman(number)
		sum := 0
		for i := range numeral {
			value := values[numeral[i]]
			if i+1 < len(numeral) && value < values[numeral[i+1]] {
				value = -value
			}
			sum += value
		}
		back, backErr := FromRoman(numeral)
		return err == nil && backErr == nil && sum == number && back == number
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestRomanNumeralsRefuseOtherInput(t *testing.T) {
	for _, text := range []string{"", "IIII", "VV", "IC", "MMMM", "XIX ", "ABC", "IVI"} {
		if got, err := FromRoman(text); err == nil {
			t.Errorf("FromRoman(%q) = %d without an error", text, got)
		}
	}
	for _, number := range []int{-1, 0, 4000} {
		if got, err := ToRoman(number); err == nil {
			t.Errorf("ToRoman(%d) = %q without an error", number, got)
		}
	}
}
