package functions

import (
	"errors"
	"reflect"
	"testing"
	"testing/quick"
)

func TestDijkstraKnownGraph(t *testing.T) {
	graph := map[string]map[string]float64{
		"a": {"b": 1, "c": 4}, "b": {"c": 2, "d": 6}, "c": {"d": 3}, "e": {"a": 1},
	}
	want := map[string]float64{"a": 0, "b": 1, "c": 3, "d": 6}
	if got, err := Dijkstra(graph, "a"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestDijkstraAgreesWithBellmanFord(t *testing.T) {
	property := func(edges [12][3]uint8, start uint8) bool {
		graph, source := map[int]map[int]float64{}, int(start%7)
		for _, edge := range edges {
			from := int(edge[0] % 7)
			if graph[from] == nil {
				graph[from] = map[int]float64{}
			}
			graph[from][int(edge[1]%7)] = float64(edge[2] % 10)
		}
		distances := map[int]float64{source: 0}
		for round := 0; round < 7; round++ {
			for from, targets := range graph {
				base, reached := distances[from]
				for to, weight := range targets {
					if known, ok := distances[to]; reached && (!ok || base+weight < known) {
						distances[to] = base + weight
					}
				}
			}
		}
		got, err := Dijkstra(graph, source)
		return err == nil && reflect.DeepEqual(got, distances)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestDijkstraRefusesNegativeWeights(t *testing.T) {
	if _, err := Dijkstra(map[string]map[string]float64{"a": {"b": -1}}, "a"); !errors.Is(err, ErrNegativeWeight) {
		t.Errorf("got error %v", err)
	}
}
