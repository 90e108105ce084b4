package functions

import "strings"

// CaesarEncode shifts each of the letters a-z and A-Z by shift places along the
// alphabet; everything else stays. A toy: it protects nothing.
func CaesarEncode(text string, shift int) string {
	places := rune((shift%26 + 26) % 26)
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return (r-'a'+places)%26 + 'a'
		case 'A' <= r && r <= 'Z':
			return (r-'A'+places)%26 + 'A'
		default:
			return r
		}
	}, text)
}

// CaesarDecode undoes CaesarEncode with the same shift.
func CaesarDecode(text string, shift int) string {
	return CaesarEncode(text, -shift)
}
