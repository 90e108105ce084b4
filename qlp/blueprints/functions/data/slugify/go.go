package functions

import (
	"regexp"
	"strings"
)

var (
	slugifyWord = regexp.MustCompile(`[a-z0-9]+`)
	// The standard library cannot decompose Unicode, so the Latin-1 letters are listed.
	slugifyAccents = strings.NewReplacer(
		"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ç", "c",
		"è", "e", "é", "e", "ê", "e", "ë", "e", "ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n",
		"ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ù", "u", "ú", "u", "û", "u", "ü", "u",
		"ý", "y", "ÿ", "y",
	)
)

// Slugify returns the text as lower-case ASCII words joined by single hyphens.
// Accents of Latin-1 letters are dropped; other characters separate words.
func Slugify(text string) string {
	plain := slugifyAccents.Replace(strings.ToLower(text))
	return strings.Join(slugifyWord.FindAllString(plain, -1), "-")
}
