package functions

import (
	"errors"
	"sync"
	"time"
)

// ErrRateLimit is returned for a rate limiter that would never allow anything.
var ErrRateLimit = errors.New("rate and burst must be positive")

// RateLimiter is a token bucket: it allows rate calls a second on average, and up
// to burst at once. It is safe for concurrent use.
type RateLimiter struct {
	mutex       sync.Mutex
	rate, burst float64
	clock       func() time.Time
	tokens      float64
	updated     time.Time
}

// NewRateLimiter returns a limiter with a full bucket. A nil clock means time.Now;
// tests inject their own.
func NewRateLimiter(rate float64, burst int, clock func() time.Time) (*RateLimiter, error) {
	if !(rate > 0) || burst < 1 {
		return nil, ErrRateLimit
	}
	if clock == nil {
		clock = time.Now
	}
	full := float64(burst)
	return &RateLimiter{rate: rate, burst: full, clock: clock, tokens: full, updated: clock()}, nil
}

// Allow takes a token and returns true, or returns false when there is none.
func (l *RateLimiter) Allow() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.clock()
	l.tokens += now.Sub(l.updated).Seconds() * l.rate
	if l.tokens > l.burst {
		l.tokens = l.burst
	}
	l.updated = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}
