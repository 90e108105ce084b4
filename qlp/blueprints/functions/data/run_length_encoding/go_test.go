package functions

import (
	"reflect"
	"strconv"
	"testing"
	"testing/quick"
)

func TestRunLengthEncodeKnownValue(t *testing.T) {
	want := []Run{{'a', 3}, {'b', 1}, {'1', 2}}
	if got := RunLengthEncode("aaab11"); !reflect.DeepEqual(got, want) {
		t.Errorf("RunLengthEncode(aaab11) = %v, want %v", got, want)
	}
}

func TestRunLengthDecodeUndoesEncodeAndRunsAreMaximal(t *testing.T) {
	property := func(n uint64) bool {
		text := strconv.FormatUint(n, 2)
		runs := RunLengthEncode(text)
		for i := 1; i < len(runs); i++ {
			if runs[i].Character == runs[i-1].Character {
				return false
			}
		}
		return RunLengthDecode(runs) == text
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}
