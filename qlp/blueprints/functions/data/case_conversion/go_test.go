package functions

import (
	"strings"
	"testing"
	"testing/quick"
)

func TestCaseConversionKnownValues(t *testing.T) {
	for _, c := range []struct{ name, snake, camel string }{
		{"", "", ""},
		{"parseHTTPBody", "parse_http_body", "parseHttpBody"},
		{"user name-ID", "user_name_id", "userNameId"},
		{"userID", "user_id", "userId"},
		{"Version2Beta", "version_2_beta", "version2Beta"},
	} {
		if got := ToSnakeCase(c.name); got != c.snake {
			t.Errorf("ToSnakeCase(%q) = %q, want %q", c.name, got, c.snake)
		}
		if got := ToCamelCase(c.name); got != c.camel {
			t.Errorf("ToCamelCase(%q) = %q, want %q", c.name, got, c.camel)
		}
	}
}

func TestCaseConversionWordsSurviveBothWays(t *testing.T) {
	property := func(lengths [4]uint8) bool {
		words := []string{}
		for _, n := range lengths {
			words = append(words, strings.Repeat(string('a'+rune(n%26)), 2+int(n%4)))
		}
		snake := strings.Join(words, "_")
		camel := ToCamelCase(snake)
		return ToSnakeCase(camel) == snake && strings.ToLower(camel) == strings.Join(words, "")
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestCaseConversionIsStable(t *testing.T) {
	property := func(name string) bool {
		snake := ToSnakeCase(name)
		return ToSnakeCase(snake) == snake && !strings.Contains(ToCamelCase(name), "_")
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
