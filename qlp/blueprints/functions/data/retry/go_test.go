package functions

import (
	"errors"
	"testing"
	"testing/quick"
	"time"
)

func TestRetryTriesAsOftenAsNeededAndAllowed(t *testing.T) {
	errNotYet := errors.New("not yet")
	property := func(f, a uint8) bool {
		failures, attempts, calls := int(f%9), int(a%8)+1, 0
		pauses := []time.Duration{}
		result, err := Retry(func() (int, error) {
			calls++
			if calls <= failures {
				return 0, errNotYet
			}
			return calls, nil
		}, RetryOptions{
			Attempts: attempts,
			Delay:    50 * time.Millisecond,
			Sleep:    func(pause time.Duration) { pauses = append(pauses, pause) },
		})
		want := 50 * time.Millisecond
		for _, pause := range pauses {
			if pause != want {
				return false
			}
			want *= 2
		}
		if len(pauses) != calls-1 {
			return false
		}
		if failures < attempts {
			return err == nil && result == failures+1 && calls == failures+1
		}
		return errors.Is(err, errNotYet) && calls == attempts
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestRetryDefaults(t *testing.T) {
	calls, pauses := 0, []time.Duration{}
	_, err := Retry(func() (bool, error) {
		calls++
		return false, errors.New("never")
	}, RetryOptions{Sleep: func(pause time.Duration) { pauses = append(pauses, pause) }})
	if err == nil || calls != 3 || len(pauses) != 2 || pauses[0] != 100*time.Millisecond {
		t.Errorf("%d calls, pauses %v, error %v", calls, pauses, err)
	}
	start := time.Now()
	_, err = Retry(func() (bool, error) { return false, errors.New("never") }, RetryOptions{Attempts: 2, Delay: 20 * time.Millisecond})
	if err == nil || time.Since(start) < 15*time.Millisecond {
		t.Error("the default pause is not real")
	}
}
