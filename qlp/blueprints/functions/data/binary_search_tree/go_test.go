package functions

import (
	"reflect"
	"testing"
	"testing/quick"
)

func TestBinarySearchTreeRandomUseAgreesWithSet(t *testing.T) {
	property := func(steps []uint8) bool {
		tree, model := BinarySearchTree[int]{}, [13]bool{}
		for _, step := range steps {
			key := int(step/2) % 13
			if step%2 == 0 {
				if tree.Insert(key) == model[key] {
					return false
				}
				model[key] = true
			} else {
				if tree.Remove(key) != model[key] {
					return false
				}
				model[key] = false
			}
			keys := []int{}
			for k, present := range model {
				if tree.Contains(k) != present {
					return false
				}
				if present {
					keys = append(keys, k)
				}
			}
			if tree.Len() != len(keys) || !reflect.DeepEqual(tree.Keys(), keys) {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
