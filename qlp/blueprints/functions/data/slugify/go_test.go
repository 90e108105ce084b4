package functions

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/quick"
)

func TestSlugifyKnownValues(t *testing.T) {
	for text, want := range map[string]string{
		"  Hello, World! ":      "hello-world",
		"CAFÉ del Mar: 20 años": "cafe-del-mar-20-anos",
		"!!!":                   "",
	} {
		if got := Slugify(text); got != want {
			t.Errorf("Slugify(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestSlugifyIsAlwaysSlugAndStaysOne(t *testing.T) {
	pattern := regexp.MustCompile(`^(?:[a-z0-9]+(?:-[a-z0-9]+)*)?$`)
	property := func(text string) bool {
		slug := Slugify(text)
		return pattern.MatchString(slug) && Slugify(slug) == slug
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestSlugifyKeepsEveryWord(t *testing.T) {
	property := func(numbers [4]uint16) bool {
		words := []string{}
		for _, n := range numbers {
			words = append(words, "X"+strconv.FormatUint(uint64(n), 36))
		}
		want := strings.ToLower(strings.Join(words, "-"))
		return Slugify(strings.Join(words, " / ")) == want && Slugify("__"+strings.Join(words, "_")) == want
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
