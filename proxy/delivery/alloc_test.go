//go:build !race

package delivery_test

import (
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// TestDeliverDoesNotAllocate: an event over a connection that is open allocates nothing. (Under the race detector pools
// drop what they are given now and then.)
func TestDeliverDoesNotAllocate(t *testing.T) {
	c := client(t, "http://"+serve(t, thrifty).Addr(), nil)
	e := event()
	var answer fasthttp.Response
	work := func() {
		if got := c.Deliver(e, &answer); got.Kind != delivery.Delivered {
			t.Fatalf("%+v", got)
		}
	}
	work()
	if n := testing.AllocsPerRun(500, work); n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}
