package functions

import (
	"strconv"
	"testing"
	"testing/quick"
)

func TestIsPalindromeKnownTexts(t *testing.T) {
	cases := map[string]bool{
		"": true, "a": true, "Racecar": true, "A man, a plan, a canal: Panama!": true, "12 21": true,
		"ab": false, "Racecars": false, "12 31": false, "été": true, "abca": false,
	}
	for text, want := range cases {
		if got := IsPalindrome(text); got != want {
			t.Errorf("IsPalindrome(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestIsPalindromeOfMirroredNumbers(t *testing.T) {
	property := func(n uint32) bool {
		half := strconv.FormatUint(uint64(n), 10)
		mirrored := ""
		for _, digit := range half {
			mirrored = string(digit) + mirrored
		}
		return IsPalindrome(half+" - "+mirrored) && !IsPalindrome("x"+half+mirrored+"y")
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
