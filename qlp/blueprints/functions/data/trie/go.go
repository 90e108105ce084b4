package functions

import "sort"

// Trie is a prefix tree of words: look-up by word and by prefix takes time by its
// length. The zero value is an empty trie.
type Trie struct {
	root trieNode
}

type trieNode struct {
	children map[rune]*trieNode
	isWord   bool
}

// Insert adds a word; adding it again changes nothing.
func (t *Trie) Insert(word string) {
	node := &t.root
	for _, letter := range word {
		child := node.children[letter]
		if child == nil {
			child = &trieNode{}
			if node.children == nil {
				node.children = map[rune]*trieNode{}
			}
			node.children[letter] = child
		}
		node = child
	}
	node.isWord = true
}

// Contains reports whether the word was added.
func (t *Trie) Contains(word string) bool {
	node := t.find(word)
	return node != nil && node.isWord
}

// StartsWith reports whether a word starts with the prefix.
func (t *Trie) StartsWith(prefix string) bool {
	node := t.find(prefix)
	return node != nil && (node.isWord || len(node.children) > 0)
}

// Words returns the words that start with the prefix, in alphabetical order.
func (t *Trie) Words(prefix string) []string {
	words := []string{}
	if node := t.find(prefix); node != nil {
		node.collect(prefix, &words)
	}
	return words
}

func (t *Trie) find(prefix string) *trieNode {
	node := &t.root
	for _, letter := range prefix {
		if node = node.children[letter]; node == nil {
			return nil
		}
	}
	return node
}

func (n *trieNode) collect(word string, words *[]string) {
	if n.isWord {
		*words = append(*words, word)
	}
	letters := make([]rune, 0, len(n.children))
	for letter := range n.children {
		letters = append(letters, letter)
	}
	sort.Slice(letters, func(i, j int) bool { return letters[i] < letters[j] })
	for _, letter := range letters {
		n.children[letter].collect(word+string(letter), words)
	}
}
