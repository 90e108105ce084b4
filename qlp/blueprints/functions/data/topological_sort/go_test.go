package functions

import (
	"errors"
	"reflect"
	"testing"
	"testing/quick"
)

func TestTopologicalSortKnownGraph(t *testing.T) {
	graph := map[string][]string{"shoes": {"socks", "trousers"}, "trousers": {"socks"}}
	got, err := TopologicalSort(graph)
	if want := []string{"socks", "trousers", "shoes"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestTopologicalSortPutsEverythingAfterItsNeeds(t *testing.T) {
	property := func(pairs [][2]uint8) bool {
		graph := map[int][]int{0: {}, 8: {}}
		for _, pair := range pairs {
			a, b := int(pair[0]%9), int(pair[1]%9)
			if a > b { // needs that point to smaller numbers have no cycle
				graph[a] = append(graph[a], b)
			}
		}
		order, err := TopologicalSort(graph)
		place := map[int]int{}
		for i, node := range order {
			place[node] = i
		}
		for node, needs := range graph {
			for _, need := range needs {
				if _, known := place[need]; !known || place[need] >= place[node] {
					return false
				}
			}
		}
		return err == nil && len(place) == len(order) && len(order) >= len(graph)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestTopologicalSortRefusesCycles(t *testing.T) {
	property := func(size uint8, pairs [][2]uint8) bool {
		length, graph := int(size%9)+1, map[int][]int{}
		for node := 0; node < length; node++ {
			graph[node] = []int{(node + 1) % length}
		}
		for _, pair := range pairs {
			graph[int(pair[0]%9)] = append(graph[int(pair[0]%9)], int(pair[1]%9))
		}
		_, err := TopologicalSort(graph)
		return errors.Is(err, ErrCycle)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
