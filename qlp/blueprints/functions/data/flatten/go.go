package functions

// Flatten returns all items of arbitrarily nested []any slices in one flat
// slice, in order.
func Flatten(items []any) []any {
	flat := []any{}
	for _, item := range items {
		if nested, ok := item.([]any); ok {
			flat = append(flat, Flatten(nested)...)
		} else {
			flat = append(flat, item)
		}
	}
	return flat
}
