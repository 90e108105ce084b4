package functions

// Truncate returns text, or its start and an ellipsis of three dots, in at most
// length runes. Below a length of three there is no room for the dots and the
// text is just cut.
func Truncate(text string, length int) string {
	const ellipsis = "..."
	runes := []rune(text)
	switch {
	case length <= 0:
		return ""
	case len(runes) <= length:
		return text
	case length < len(ellipsis):
		return string(runes[:length])
	default:
		return string(runes[:length-len(ellipsis)]) + ellipsis
	}
}
