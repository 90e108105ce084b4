package functions

import (
	"reflect"
	"testing"
	"testing/quick"
)

func TestBreadthFirstSearchKnownGraph(t *testing.T) {
	graph := map[string][]string{"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": {"e"}}
	if got := BreadthFirstSearch(graph, "a", "e"); !reflect.DeepEqual(got, []string{"a", "b", "d", "e"}) {
		t.Errorf("a to e: %v", got)
	}
	if got := BreadthFirstSearch(graph, "e", "a"); got != nil {
		t.Errorf("e to a: %v", got)
	}
	if got := BreadthFirstSearch(graph, "z", "z"); !reflect.DeepEqual(got, []string{"z"}) {
		t.Errorf("z to z: %v", got)
	}
}

func TestBreadthFirstSearchPathIsRealAndShortest(t *testing.T) {
	property := func(edges [12][2]uint8, from, to uint8) bool {
		graph, start, goal := map[int][]int{}, int(from%8), int(to%8)
		for _, edge := range edges {
			graph[int(edge[0]%8)] = append(graph[int(edge[0]%8)], int(edge[1]%8))
		}
		layer, fewest := map[int]bool{start: true}, -1
		for steps := 0; steps <= 8 && fewest < 0; steps++ {
			if layer[goal] {
				fewest = steps
			}
			next := map[int]bool{}
			for node := range layer {
				next[node] = true
				for _, neighbour := range graph[node] {
					next[neighbour] = true
				}
			}
			layer = next
		}
		path := BreadthFirstSearch(graph, start, goal)
		for i := 1; i < len(path); i++ {
			found := false
			for _, neighbour := range graph[path[i-1]] {
				found = found || neighbour == path[i]
			}
			if !found {
				return false
			}
		}
		return len(path) == fewest+1 && (fewest < 0 || path[0] == start && path[fewest] == goal)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
