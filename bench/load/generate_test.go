package load

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestARunMayTakeLongerThanAHit: each hit has its patience, however long the run goes on, and whoever else sends
// beside; one hit that takes longer ends it.
func TestARunMayTakeLongerThanAHit(t *testing.T) {
	for _, c := range []struct {
		each time.Duration
		fine bool
	}{{patience / 3, true}, {2 * patience, false}} {
		synctest.Test(t, func(t *testing.T) {
			books, next := NewBooks(0, 40), new(atomic.Uint64)
			ended, servers := make(chan error), new(sync.WaitGroup)
			for range 2 {
				client, server := net.Pipe()
				servers.Go(func() {
					room := make([]byte, 1<<16)
					for {
						if _, err := server.Read(room); err != nil {
							return
						}
						<-time.After(c.each)
						if _, err := server.Write(noContent); err != nil {
							return
						}
					}
				})
				conn := runConnection{run: &Run{Books: books, Render: ga4.Append}, next: next}
				conn.take(client)
				if err := client.SetDeadline(time.Now().Add(patience)); err != nil { // as dialling does
					t.Fatal(err)
				}
				go func() { ended <- conn.send(t.Context()) }()
			}
			for range 2 {
				if err := <-ended; (err == nil) != c.fine || !c.fine && !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("hits that take %v each: %v", c.each, err)
				}
			}
			servers.Wait()
			if err := books.Balance(None); c.fine && err != nil {
				t.Error(err)
			}
		})
	}
}
