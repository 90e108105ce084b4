package functions

import (
	"errors"
	"testing"
	"testing/quick"
)

func TestKnapsackKnownValue(t *testing.T) {
	got, err := Knapsack([]KnapsackItem{{1, 1}, {3, 4}, {4, 5}, {5, 7}}, 7)
	if got != 9 || err != nil {
		t.Errorf("got %d, %v, want 9", got, err)
	}
	if got, err := Knapsack([]KnapsackItem{{0, 3}, {2, 0}}, 0); got != 3 || err != nil {
		t.Errorf("weightless: got %d, %v, want 3", got, err)
	}
}

func TestKnapsackAgreesWithTryingAllChoices(t *testing.T) {
	property := func(weights, values [6]uint8, k uint8) bool {
		items, capacity, want := []KnapsackItem{}, int(k%30), 0
		for i := range weights {
			items = append(items, KnapsackItem{int(weights[i] % 11), int(values[i])})
		}
		for choice := 0; choice < 1<<len(items); choice++ {
			weight, value := 0, 0
			for i, item := range items {
				if choice>>i&1 == 1 {
					weight += item.Weight
					value += item.Value
				}
			}
			if weight <= capacity && value > want {
				want = value
			}
		}
		got, err := Knapsack(items, capacity)
		return err == nil && got == want
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestKnapsackRefusesNegativeNumbers(t *testing.T) {
	for _, c := range []struct {
		item     KnapsackItem
		capacity int
	}{{KnapsackItem{1, 1}, -1}, {KnapsackItem{-1, 1}, 5}, {KnapsackItem{1, -1}, 5}} {
		if _, err := Knapsack([]KnapsackItem{c.item}, c.capacity); !errors.Is(err, ErrKnapsackNegative) {
			t.Errorf("%v gave error %v", c, err)
		}
	}
}
