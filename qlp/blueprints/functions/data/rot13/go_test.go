package functions

import (
	"testing"
	"testing/quick"
)

func TestRot13KnownValues(t *testing.T) {
	for text, want := range map[string]string{
		"Hello, World!":              "Uryyb, Jbeyq!",
		"abcdefghijklmnopqrstuvwxyz": "nopqrstuvwxyzabcdefghijklm",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ": "NOPQRSTUVWXYZABCDEFGHIJKLM",
		"@[`{é1":                     "@[`{é1",
	} {
		if got := Rot13(text); got != want {
			t.Errorf("Rot13(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestRot13TwiceIsIdentity(t *testing.T) {
	property := func(text string) bool {
		return Rot13(Rot13(text)) == text
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
