package functions

import (
	"strings"
	"testing"
	"testing/quick"
)

func TestBalancedBracketsKnownTexts(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "abc": true, "{[()]}": true, "f(a[0], {x})": true,
		"(": false, ")": false, "(]": false, "([)]": false, "())(": false,
	} {
		if got := BalancedBrackets(text); got != want {
			t.Errorf("BalancedBrackets(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestBalancedBracketsAgreesWithErasingPairs(t *testing.T) {
	erase := strings.NewReplacer("()", "", "[]", "", "{}", "")
	property := func(choices [6]uint8) bool {
		text := ""
		for _, choice := range choices {
			text += string("()[]{}"[choice%6])
		}
		rest := text
		for range text {
			rest = erase.Replace(rest)
		}
		return BalancedBrackets(text) == (rest == "")
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}
