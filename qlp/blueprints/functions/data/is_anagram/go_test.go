package functions

import (
	"math/rand"
	"strings"
	"testing"
	"testing/quick"
)

func TestIsAnagramKnownPairs(t *testing.T) {
	for _, c := range []struct {
		first, second string
		want          bool
	}{
		{"Listen", "Silent", true}, {"Dormitory", "dirty room!", true}, {"", "...", true},
		{"aab", "abb", false}, {"ab", "abc", false}, {"abc", "ab", false}, {"12", "13", false},
	} {
		if got := IsAnagram(c.first, c.second); got != c.want {
			t.Errorf("IsAnagram(%q, %q) = %v, want %v", c.first, c.second, got, c.want)
		}
	}
}

func TestIsAnagramOfEveryShuffle(t *testing.T) {
	property := func(seed int64, size uint8) bool {
		random := rand.New(rand.NewSource(seed))
		letters := []byte(strings.Repeat("abcdef", 1+int(size%4)))
		word := string(letters[:len(letters)-int(size%6)])
		shuffled := []byte(word)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		other := strings.ToUpper(string(shuffled))
		return IsAnagram(word, other+"!") && !IsAnagram(word, other+"x")
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
