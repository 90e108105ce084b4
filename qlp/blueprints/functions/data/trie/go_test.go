package functions

import (
	"reflect"
	"sort"
	"strconv"
	"strings"
	"testing"
	"testing/quick"
)

func TestTrieAgreesWithListOfWords(t *testing.T) {
	property := func(numbers []uint8, start uint8) bool {
		trie, words := Trie{}, map[string]bool{}
		for _, n := range numbers {
			word := strconv.FormatUint(uint64(n), 3)
			trie.Insert(word)
			words[word] = true
		}
		prefix := strconv.FormatUint(uint64(start%30), 3)
		found := []string{}
		for word := range words {
			if strings.HasPrefix(word, prefix) {
				found = append(found, word)
			}
		}
		sort.Strings(found)
		return reflect.DeepEqual(trie.Words(prefix), found) &&
			trie.StartsWith(prefix) == (len(found) > 0) && trie.Contains(prefix) == words[prefix]
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestTriePrefixesAreNoWords(t *testing.T) {
	trie := Trie{}
	if trie.StartsWith("") {
		t.Error("an empty trie has a word")
	}
	trie.Insert("card")
	for word, want := range map[string]bool{"card": true, "car": false, "cards": false, "": false} {
		if got := trie.Contains(word); got != want {
			t.Errorf("Contains(%q) = %v, want %v", word, got, want)
		}
	}
	if !trie.StartsWith("car") || trie.StartsWith("cat") {
		t.Error("StartsWith is wrong")
	}
}
