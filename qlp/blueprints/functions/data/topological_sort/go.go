package functions

import "errors"

// ErrCycle is returned when dependencies form a cycle.
var ErrCycle = errors.New("the dependencies form a cycle")

// TopologicalSort returns all nodes so that each comes after everything it
// depends on (Kahn's algorithm). dependencies[a] lists what a needs first; nodes
// that only appear there are included.
func TopologicalSort[N comparable](dependencies map[N][]N) ([]N, error) {
	open := map[N]int{}
	neededBy := map[N][]N{}
	for node, needed := range dependencies {
		open[node] += len(needed)
		for _, other := range needed {
			open[other] += 0
			neededBy[other] = append(neededBy[other], node)
		}
	}
	order := make([]N, 0, len(open))
	for node, count := range open {
		if count == 0 {
			order = append(order, node)
		}
	}
	for next := 0; next < len(order); next++ {
		for _, node := range neededBy[order[next]] {
			open[node]--
			if open[node] == 0 {
				order = append(order, node)
			}
		}
	}
	if len(order) < len(open) {
		return nil, ErrCycle
	}
	return order, nil
}
