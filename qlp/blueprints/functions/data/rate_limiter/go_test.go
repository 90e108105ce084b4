package functions

import (
	"errors"
	"testing"
	"testing/quick"
	"time"
)

func TestRateLimiterAgreesWithCountingInEighths(t *testing.T) {
	// Multiples of 1/8 second and small rates are exact in floating point.
	property := func(waits []uint8, r, b uint8) bool {
		rate, burst := int(r%4)+1, int(b%5)+1
		now := time.Unix(0, 0)
		limiter, err := NewRateLimiter(float64(rate), burst, func() time.Time { return now })
		if err != nil {
			return false
		}
		eighths := burst * 8
		for _, wait := range waits {
			now = now.Add(time.Duration(wait%17) * time.Second / 8)
			if eighths += int(wait%17) * rate; eighths > burst*8 {
				eighths = burst * 8
			}
			if limiter.Allow() != (eighths >= 8) {
				return false
			}
			if eighths >= 8 {
				eighths -= 8
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestRateLimiterRealClockAndBadLimits(t *testing.T) {
	limiter, err := NewRateLimiter(0.001, 1, nil)
	if err != nil || !limiter.Allow() || limiter.Allow() {
		t.Errorf("one call was to be allowed (error %v)", err)
	}
	for _, c := range []struct {
		rate  float64
		burst int
	}{{0, 1}, {-1, 1}, {1, 0}} {
		if _, err := NewRateLimiter(c.rate, c.burst, nil); !errors.Is(err, ErrRateLimit) {
			t.Errorf("NewRateLimiter(%v, %d) gave error %v", c.rate, c.burst, err)
		}
	}
}
