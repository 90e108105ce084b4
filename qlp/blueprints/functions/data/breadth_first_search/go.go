package functions

// BreadthFirstSearch returns a path with the fewest edges from start to goal,
// both included, or nil. graph[a] lists the nodes to which an edge leads from a.
func BreadthFirstSearch[N comparable](graph map[N][]N, start, goal N) []N {
	cameFrom := map[N]N{start: start}
	for waiting := []N{start}; len(waiting) > 0; waiting = waiting[1:] {
		for _, neighbour := range graph[waiting[0]] {
			if _, seen := cameFrom[neighbour]; !seen {
				cameFrom[neighbour] = waiting[0]
				waiting = append(waiting, neighbour)
			}
		}
	}
	if _, reached := cameFrom[goal]; !reached {
		return nil
	}
	path := []N{goal}
	for node := goal; node != start; {
		node = cameFrom[node]
		path = append([]N{node}, path...)
	}
	return path
}
