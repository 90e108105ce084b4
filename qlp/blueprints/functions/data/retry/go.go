package functions

import "time"

// RetryOptions says how Retry behaves; zero fields have the defaults named there.
type RetryOptions struct {
	Attempts int                 // calls at most; default 3
	Delay    time.Duration       // first pause, doubled each time; default 100 ms
	Sleep    func(time.Duration) // default time.Sleep; tests inject their own
}

// Retry calls action until it succeeds, at most options.Attempts times, with
// pauses of delay, 2*delay, 4*delay, ... It returns the last error.
func Retry[T any](action func() (T, error), options RetryOptions) (T, error) {
	attempts, delay, sleep := options.Attempts, options.Delay, options.Sleep
	if attempts < 1 {
		attempts = 3
	}
	if delay <= 0 {
		delay = 100 * time.Millisecond
	}
	if sleep == nil {
		sleep = time.Sleep
	}
	for ; attempts > 1; attempts-- {
		if value, err := action(); err == nil {
			return value, nil
		}
		sleep(delay)
		delay *= 2
	}
	return action()
}
