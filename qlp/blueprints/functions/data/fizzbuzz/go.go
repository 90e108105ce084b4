package functions

import "strconv"

// FizzBuzz returns the lines for 1..n: Fizz for multiples of 3, Buzz for
// multiples of 5 and FizzBuzz for both.
func FizzBuzz(n int) []string {
	lines := []string{}
	for number := 1; number <= n; number++ {
		word := ""
		if number%3 == 0 {
			word += "Fizz"
		}
		if number%5 == 0 {
			word += "Buzz"
		}
		if word == "" {
			word = strconv.Itoa(number)
		}
		lines = append(lines, word)
	}
	return lines
}
