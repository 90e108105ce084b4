package functions

// Rotate returns the items moved right by places, with those that fall off put
// in front. Negative places rotate to the left; more places than items go around.
func Rotate[T any](items []T, places int) []T {
	rotated := make([]T, 0, len(items))
	if len(items) == 0 {
		return rotated
	}
	cut := -places % len(items)
	if cut < 0 {
		cut += len(items)
	}
	rotated = append(rotated, items[cut:]...)
	return append(rotated, items[:cut]...)
}
