package functions

import (
	"strconv"
	"strings"
	"testing"
	"testing/quick"
)

func TestFizzBuzzRepeatsItsCycle(t *testing.T) {
	cycle := strings.Fields("# # Fizz # Buzz Fizz # # Fizz Buzz # Fizz # # FizzBuzz")
	property := func(n uint8) bool {
		lines := FizzBuzz(int(n))
		for i, line := range lines {
			want := cycle[i%15]
			if want == "#" {
				want = strconv.Itoa(i + 1)
			}
			if line != want {
				return false
			}
		}
		return len(lines) == int(n)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestFizzBuzzIsEmptyBelowOne(t *testing.T) {
	if got := FizzBuzz(-4); len(got) != 0 {
		t.Errorf("FizzBuzz(-4) = %v, want nothing", got)
	}
}
