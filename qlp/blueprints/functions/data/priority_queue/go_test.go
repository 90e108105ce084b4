package functions

import (
	"sort"
	"testing"
	"testing/quick"
)

func TestPriorityQueueRandomUseAgreesWithSortedSlice(t *testing.T) {
	type entry struct{ priority, arrival int }
	property := func(operations []int8) bool {
		queue, model := PriorityQueue[int]{}, []entry{}
		for arrival, operation := range operations {
			if operation >= 0 {
				priority := int(operation % 6)
				queue.Push(arrival, float64(priority))
				model = append(model, entry{priority, arrival})
				sort.SliceStable(model, func(i, j int) bool { return model[i].priority < model[j].priority })
			} else {
				first, peeked := queue.Peek()
				item, ok := queue.Pop()
				if ok != (len(model) > 0) || ok != peeked || first != item {
					return false
				}
				if ok {
					if item != model[0].arrival {
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
