package functions

import (
	"math/rand"
	"reflect"
	"testing"
	"testing/quick"
)

func TestFlattenKnownValue(t *testing.T) {
	nested := []any{1, []any{2, []any{3, []any{}}}, "ab"}
	if got := Flatten(nested); !reflect.DeepEqual(got, []any{1, 2, 3, "ab"}) {
		t.Errorf("got %v", got)
	}
}

func TestFlattenUndoesRandomNesting(t *testing.T) {
	var nest func(random *rand.Rand, items []any) []any
	nest = func(random *rand.Rand, items []any) []any {
		if len(items) < 2 {
			return items
		}
		cut := random.Intn(len(items) + 1)
		left, right := items[:cut], items[cut:]
		switch random.Intn(3) {
		case 0:
			return append([]any{nest(random, append([]any{}, left...))}, right...)
		case 1:
			return []any{[]any{}, []any{left, right}}
		default:
			return append(append([]any{}, left...), nest(random, append([]any{}, right...)))
		}
	}
	property := func(values []int, seed int64) bool {
		items := []any{}
		for _, v := range values {
			items = append(items, v)
		}
		nested := nest(rand.New(rand.NewSource(seed)), append([]any{}, items...))
		return reflect.DeepEqual(Flatten(nested), items)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
