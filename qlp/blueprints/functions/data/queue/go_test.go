package functions

import (
	"testing"
	"testing/quick"
)

func TestQueueRandomUseAgreesWithSlice(t *testing.T) {
	property := func(operations []int8) bool {
		queue, model := Queue[int8]{}, []int8{}
		for _, operation := range operations {
			if operation >= 0 {
				queue.Enqueue(operation)
				model = append(model, operation)
			} else {
				first, peeked := queue.Peek()
				item, ok := queue.Dequeue()
				if ok != (len(model) > 0) || ok != peeked || first != item {
					return false
				}
				if ok {
					if item != model[0] {
						return false
					}
					model = model[1:]
				}
			}
			if queue.Len() != len(model) {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
