package cluster

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// TestLateWithinASecond: a node that lacks little asks for it soon enough to have it within a second, and one that
// lacks much is not kept from having it delivered.
func TestLateWithinASecond(t *testing.T) {
	for _, tt := range []struct {
		delivering bool
		lacks      uint64
		least      time.Duration
		most       time.Duration
	}{
		{true, 1, lateAfter, 500 * time.Millisecond},
		{true, 1 << 20, lateAfter, 500 * time.Millisecond},
		{false, 1, lateAfter, 500 * time.Millisecond},
		{false, mostFetched, lateAfter, 500 * time.Millisecond},
		{false, mostFetched + 1, natslink.AskLasts / 5, natslink.AskLasts},
	} {
		if got := late(tt.delivering, tt.lacks); got < tt.least || got > tt.most {
			t.Errorf("delivering %v, %d lacking: after %v", tt.delivering, tt.lacks, got)
		}
	}
}
