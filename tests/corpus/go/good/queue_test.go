package queue

import (
	"errors"
	"reflect"
	"testing"
)

func TestPushKeepsTheOrder(t *testing.T) {
	var q Queue
	q.Push(Job{"low", 1})
	q.Push(Job{"high", 5})
	q.Push(Job{"high2", 5})
	if got := q.Names(); !reflect.DeepEqual(got, []string{"high", "high2", "low"}) {
		t.Fatalf("got %v", got)
	}
}

func TestPop(t *testing.T) {
	var q Queue
	if _, err := q.Pop(); !errors.Is(err, ErrEmpty) {
		t.Fatalf("got %v", err)
	}
	q.Push(Job{"a", 1})
	q.Push(Job{"b", 1})
	job, err := q.Pop()
	if err != nil || job.Name != "a" {
		t.Fatalf("got %v, %v", job, err)
	}
	if got := q.Names(); len(got) != 1 {
		t.Fatalf("left: %v", got)
	}
}

func TestParse(t *testing.T) {
	cases := map[string]Job{"sweep": {"sweep", 1}, " burn! ": {"burn", 10}}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			if got, ok := Parse(text); !ok || got != want {
				t.Fatalf("got %v, %v", got, ok)
			}
		})
	}
	for _, text := range []string{"", "  ", "!"} {
		if _, ok := Parse(text); ok {
			t.Fatalf("%q was taken", text)
		}
	}
}
