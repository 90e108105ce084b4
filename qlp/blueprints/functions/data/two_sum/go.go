package functions

// TwoSum returns places i < j with numbers[i] + numbers[j] == target, and whether
// there are any. It gives the pair with the smallest j, and for it the smallest i.
func TwoSum(numbers []int, target int) (i, j int, found bool) {
	places := map[int]int{}
	for j, number := range numbers {
		if i, ok := places[target-number]; ok {
			return i, j, true
		}
		if _, ok := places[number]; !ok {
			places[number] = j
		}
	}
	return 0, 0, false
}
