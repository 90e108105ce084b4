package functions

import (
	"testing"
	"testing/quick"
)

func TestStackRandomUseAgreesWithSlice(t *testing.T) {
	property := func(operations []int8) bool {
		stack, model := Stack[int8]{}, []int8{}
		for _, operation := range operations {
			if operation >= 0 {
				stack.Push(operation)
				model = append(model, operation)
			} else {
				top, peeked := stack.Peek()
				item, ok := stack.Pop()
				if ok != (len(model) > 0) || ok != peeked || top != item {
					return false
				}
				if ok {
					if item != model[len(model)-1] {
						return false
					}
					model = model[:len(model)-1]
				}
			}
			if stack.Len() != len(model) {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
