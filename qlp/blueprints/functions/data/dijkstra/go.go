package functions

import (
	"container/heap"
	"errors"
)

// ErrNegativeWeight is returned for a graph with a negative weight.
var ErrNegativeWeight = errors.New("weights must not be negative")

// Dijkstra returns the lengths of the shortest paths from source to each node
// that it reaches. graph[a][b] is the weight of the edge from a to b; nodes
// without edges may be left out.
func Dijkstra[N comparable](graph map[N]map[N]float64, source N) (map[N]float64, error) {
	distances := map[N]float64{}
	waiting := &dijkstraHeap[N]{{source, 0}}
	for waiting.Len() > 0 {
		next := heap.Pop(waiting).(dijkstraEntry[N])
		if _, settled := distances[next.node]; settled {
			continue
		}
		distances[next.node] = next.distance
		for neighbour, weight := range graph[next.node] {
			if weight < 0 {
				return nil, ErrNegativeWeight
			}
			heap.Push(waiting, dijkstraEntry[N]{neighbour, next.distance + weight})
		}
	}
	return distances, nil
}

type dijkstraEntry[N comparable] struct {
	node     N
	distance float64
}

// dijkstraHeap implements heap.Interface.
type dijkstraHeap[N comparable] []dijkstraEntry[N]

func (h dijkstraHeap[N]) Len() int           { return len(h) }
func (h dijkstraHeap[N]) Less(i, j int) bool { return h[i].distance < h[j].distance }
func (h dijkstraHeap[N]) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dijkstraHeap[N]) Push(entry any)    { *h = append(*h, entry.(dijkstraEntry[N])) }

func (h *dijkstraHeap[N]) Pop() any {
	last := len(*h) - 1
	entry := (*h)[last]
	*h = (*h)[:last]
	return entry
}
