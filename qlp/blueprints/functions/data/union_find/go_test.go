package functions

import (
	"testing"
	"testing/quick"
)

func TestUnionFindRandomUnionsAgreeWithLabels(t *testing.T) {
	property := func(pairs [][2]uint8) bool {
		sets, label := NewUnionFind(10), [10]int{}
		for i := range label {
			label[i] = i
		}
		for _, pair := range pairs {
			a, b := int(pair[0]%10), int(pair[1]%10)
			if sets.Union(a, b) != (label[a] != label[b]) {
				return false
			}
			from, to := label[b], label[a]
			for i := range label {
				if label[i] == from {
					label[i] = to
				}
			}
		}
		distinct := map[int]int{}
		for _, x := range label {
			distinct[x]++
		}
		for i := range label {
			if sets.SetSize(i) != distinct[label[i]] {
				return false
			}
			for j := range label {
				if sets.Connected(i, j) != (label[i] == label[j]) {
					return false
				}
			}
		}
		return sets.Count() == len(distinct)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
	if err := quick.Check(func(a, b [2]uint8) bool { return property([][2]uint8{a, b, a}) }, nil); err != nil {
		t.Error(err)
	}
}
