package functions

import "errors"

// ErrChunkSize is returned for a chunk size below 1.
var ErrChunkSize = errors.New("chunk size must be positive")

// Chunk returns consecutive parts of size items; the last one may be shorter.
// The parts share the memory of items.
func Chunk[T any](items []T, size int) ([][]T, error) {
	if size < 1 {
		return nil, ErrChunkSize
	}
	chunks := [][]T{}
	for len(items) > size {
		chunks = append(chunks, items[:size:size])
		items = items[size:]
	}
	if len(items) > 0 {
		chunks = append(chunks, items)
	}
	return chunks, nil
}
