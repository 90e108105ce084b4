package functions

import (
	"strconv"
	"testing"
	"testing/quick"
)

func TestLuhnKnownNumbers(t *testing.T) {
	cases := map[string]bool{
		"79927398713": true, "4539 1488 0343 6467": true, "4111-1111-1111-1111": true,
		"": false, "0": false, "79927398710": false, "411111111111111x": false, "1:": false, "0/": false,
	}
	for number, want := range cases {
		if got := Luhn(number); got != want {
			t.Errorf("Luhn(%q) = %v, want %v", number, got, want)
		}
	}
}

func TestLuhnNoticesEverySingleWrongDigit(t *testing.T) {
	property := func(payload uint64, place, shift uint8) bool {
		valid := ""
		for check := 0; check < 10; check++ {
			if number := strconv.FormatUint(payload, 10) + strconv.Itoa(check); Luhn(number) {
				if valid != "" {
					return false
				}
				valid = number
			}
		}
		if valid == "" {
			return false
		}
		wrong := []byte(valid)
		index := int(place) % len(wrong)
		wrong[index] = '0' + (wrong[index]-'0'+1+shift%9)%10
		return !Luhn(string(wrong))
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
