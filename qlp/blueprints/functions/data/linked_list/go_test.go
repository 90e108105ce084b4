package functions

import (
	"reflect"
	"testing"
	"testing/quick"
)

func TestLinkedListRandomUseAgreesWithSlice(t *testing.T) {
	property := func(steps []uint8) bool {
		list, model := LinkedList[int]{}, []int{}
		for _, step := range steps {
			value := int(step/4) % 5
			switch step % 4 {
			case 0:
				list.Prepend(value)
				model = append([]int{value}, model...)
			case 1:
				list.Append(value)
				model = append(model, value)
			case 2:
				place := -1
				for i := len(model) - 1; i >= 0; i-- {
					if model[i] == value {
						place = i
					}
				}
				if list.Remove(value) != (place >= 0) {
					return false
				}
				if place >= 0 {
					model = append(model[:place], model[place+1:]...)
				}
			default:
				list.Reverse()
				for i, j := 0, len(model)-1; i < j; i, j = i+1, j-1 {
					model[i], model[j] = model[j], model[i]
				}
			}
			if list.Len() != len(model) || !reflect.DeepEqual(list.Values(), model) {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
