package functions

import (
	"testing"
	"testing/quick"
	"time"
)

func TestIsLeapYearKnownValues(t *testing.T) {
	for year, want := range map[int]bool{1900: false, 1999: false, 2000: true, 2024: true, 2100: false} {
		if got := IsLeapYear(year); got != want {
			t.Errorf("IsLeapYear(%d) = %v, want %v", year, got, want)
		}
	}
}

func TestIsLeapYearMeans29February(t *testing.T) {
	property := func(n uint16) bool {
		year := int(n) % 10000
		day := time.Date(year, time.February, 29, 0, 0, 0, 0, time.UTC)
		return IsLeapYear(year) == (day.Month() == time.February)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
