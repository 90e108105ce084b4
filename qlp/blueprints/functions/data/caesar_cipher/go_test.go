package functions

import (
	"strings"
	"testing"
	"testing/quick"
)

func TestCaesarKnownValues(t *testing.T) {
	for _, c := range []struct {
		text  string
		shift int
		want  string
	}{{"Hello, Zoe!", 3, "Khoor, Crh!"}, {"abc", -1, "zab"}, {"az AZ", 26, "az AZ"}, {"[`{@é", 5, "[`{@é"}} {
		if got := CaesarEncode(c.text, c.shift); got != c.want {
			t.Errorf("CaesarEncode(%q, %d) = %q, want %q", c.text, c.shift, got, c.want)
		}
	}
}

func TestCaesarDecodeUndoesEncode(t *testing.T) {
	property := func(text string, shift int16) bool {
		return CaesarDecode(CaesarEncode(text, int(shift)), int(shift)) == text
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestCaesarMovesEachLetter(t *testing.T) {
	const lower = "abcdefghijklmnopqrstuvwxyz"
	property := func(index, shift uint8) bool {
		i := int(index) % 26
		want := string(strings.Repeat(lower, 12)[i+int(shift)])
		return CaesarEncode(lower[i:i+1], int(shift)) == want &&
			CaesarEncode(strings.ToUpper(lower[i:i+1]), int(shift)) == strings.ToUpper(want)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
