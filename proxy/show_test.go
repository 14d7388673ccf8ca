package proxy

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/tap"
	"github.com/tagwarden/tagwarden/rules"
)

// TestShowingNobodyAllocatesNothing: as long as nobody watches, a hit pays a look at a pointer.
func TestShowingNobodyAllocatesNothing(t *testing.T) {
	h := &hitContext{server: &Server{taps: tap.New(tap.Options{Now: time.Now})}}
	if n := testing.AllocsPerRun(1000, func() { show(h, rules.Unjudged); show(h, rules.UnknownHost) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
