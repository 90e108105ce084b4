package functions

import "strings"

// Rot13 shifts the letters a-z and A-Z by 13 places; applied twice it gives the
// text back.
func Rot13(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'm', 'A' <= r && r <= 'M':
			return r + 13
		case 'n' <= r && r <= 'z', 'N' <= r && r <= 'Z':
			return r - 13
		default:
			return r
		}
	}, text)
}
