package functions

import (
	"strconv"
	"testing"
	"testing/quick"
)

func TestBaseConversionAgreesWithStrconv(t *testing.T) {
	property := func(number uint64, k uint8) bool {
		base := 2 + int(k)%35
		text, err := ToBase(number, base)
		if err != nil || text != strconv.FormatUint(number, base) {
			return false
		}
		back, err := FromBase(text, base)
		return err == nil && back == number
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestBaseConversionEdges(t *testing.T) {
	if got, err := ToBase(0, 2); got != "0" || err != nil {
		t.Errorf("ToBase(0, 2) = %q, %v", got, err)
	}
	if got, err := FromBase("Zz", 36); got != 1295 || err != nil {
		t.Errorf("FromBase(Zz, 36) = %d, %v", got, err)
	}
}

func TestBaseConversionRefusesBadInput(t *testing.T) {
	for _, c := range []struct {
		text string
		base int
	}{{"2", 2}, {"", 10}, {"-1", 10}, {"g", 16}, {"1", 1}, {"1", 37}, {"18446744073709551616", 10}, {"zzzzzzzzzzzzzz", 36}} {
		if got, err := FromBase(c.text, c.base); err == nil {
			t.Errorf("FromBase(%q, %d) = %d without an error", c.text, c.base, got)
		}
	}
	for _, base := range []int{-1, 0, 1, 37} {
		if _, err := ToBase(1, base); err == nil {
			t.Errorf("ToBase(1, %d) gave no error", base)
		}
	}
}
