package proxy

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// borrowed is a context as fasthttp's is: it belongs to the next call when one is
// over, and only its channel may be kept.
type borrowed struct {
	context.Context

	done  chan struct{}
	asked atomic.Int32
}

func (b *borrowed) Done() <-chan struct{} { return b.done }

func (b *borrowed) Value(any) any {
	b.asked.Add(1)
	return nil
}

func (b *borrowed) Err() error {
	b.asked.Add(1)
	return nil
}

// TestCallsKeepNothingOfTheConnection: what a call waits with ends with it and with the server, and nothing is asked of
// the connection's own context, neither then nor later.
func TestCallsKeepNothingOfTheConnection(t *testing.T) {
	for _, ends := range []bool{false, true} {
		b := &borrowed{Context: t.Context(), done: make(chan struct{})}
		var waits context.Context
		serve := ofItsOwn(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			waits = r.Context()
			below, end := context.WithCancel(waits)
			defer end()
			if ends {
				close(b.done)
				<-below.Done()
			}
		}))
		serve.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil).WithContext(b))
		<-waits.Done()
		if !ends {
			close(b.done)
		}
		if n := b.asked.Load(); n != 0 {
			t.Errorf("the server ends first: %v; the connection's context was asked %d times", ends, n)
		}
	}
}
