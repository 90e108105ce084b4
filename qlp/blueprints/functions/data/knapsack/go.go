package functions

import "errors"

// KnapsackItem is something that can be packed once.
type KnapsackItem struct {
	Weight, Value int
}

// ErrKnapsackNegative is returned for a negative weight, value or capacity.
var ErrKnapsackNegative = errors.New("capacity, weights and values must not be negative")

// Knapsack returns the largest total value of items that fit the capacity, each
// used at most once. Dynamic programming, O(items * capacity).
func Knapsack(items []KnapsackItem, capacity int) (int, error) {
	if capacity < 0 {
		return 0, ErrKnapsackNegative
	}
	best := make([]int, capacity+1)
	for _, item := range items {
		if item.Weight < 0 || item.Value < 0 {
			return 0, ErrKnapsackNegative
		}
		for room := capacity; room >= item.Weight; room-- {
			if value := best[room-item.Weight] + item.Value; value > best[room] {
				best[room] = value
			}
		}
	}
	return best[capacity], nil
}
