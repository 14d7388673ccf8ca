package proxy_test

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// way is the way of one node to a NATS server, which can be cut.
type way struct {
	listener net.Listener
	to       string

	mu   sync.Mutex // guards what follows
	gone bool
	open []net.Conn
}

func newWay(t *testing.T, n *natsServer) *way {
	t.Helper()
	w := &way{listener: listen(t), to: net.JoinHostPort("127.0.0.1", strconv.Itoa(n.options.Port))}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			from, err := w.listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", w.to)
			if err != nil || !w.keep(from, to) {
				_ = from.Close()
				continue
			}
			for _, pair := range [2][2]net.Conn{{from, to}, {to, from}} {
				all.Go(func() {
					_, _ = io.Copy(pair[0], pair[1])
					_ = pair[0].Close()
				})
			}
		}
	})
	t.Cleanup(func() {
		_ = w.listener.Close()
		w.cut(true)
		all.Wait()
	})
	return w
}

// keep remembers connections; false: the way is cut, and they are closed.
func (w *way) keep(all ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open = append(w.open, all...); w.gone {
		w.close()
	}
	return !w.gone
}

func (w *way) close() {
	for _, c := range w.open {
		_ = c.Close()
	}
	w.open = nil
}

// cut cuts the way, or mends it.
func (w *way) cut(gone bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = gone
	w.close()
}

// TestNodesThatAreParted: one node is cut off, and the others go on. What is taken back on either side is taken back on
// both when they meet, what was made meanwhile opens on both, and the keys are the same again.
func TestNodesThatAreParted(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	only := newWay(t, n)
	_, port, err := net.SplitHostPort(only.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	by := &natsServer{options: server.Options{}}
	if by.options.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	a, b, c := start(t, nodeFolder(t, v.URL, n, "a", "")), start(t, nodeFolder(t, v.URL, n, "b", "")),
		start(t, nodeFolder(t, v.URL, by, "c", ""))
	nodes := []*running{a, b, c}
	for _, r := range nodes {
		r.ready(t)
	}
	crm, ops := a.bearer(t, "crm", "operator"), b.bearer(t, "ops", "operator")
	until(t, "all have the tokens", func() bool { return c.opens(t, crm) && c.opens(t, ops) && a.opens(t, ops) })

	only.cut(true)
	if w := a.operate("DELETE", "/tokens", `{"name":"crm"}`); w.Code != http.StatusOK {
		t.Errorf("among those that go on: %d %s", w.Code, w.Body)
	}
	if w := c.operate("DELETE", "/tokens", `{"name":"ops"}`); w.Code != http.StatusAccepted || c.opens(t, ops) {
		t.Errorf("by the one that is cut off: %d %s", w.Code, w.Body)
	}
	fresh := b.bearer(t, "fresh", "operator")
	if _, err := b.Rotate(everyKey); err != nil {
		t.Error(err)
	}
	if !c.opens(t, crm) || c.opens(t, fresh) || !a.opens(t, ops) || c.keyState(t).Rekeys() != 0 {
		t.Error("somebody knows what nobody told")
	}
	only.cut(false)
	for i, r := range nodes {
		until(t, "node "+strconv.Itoa(i)+" knows what was done on both sides", func() bool {
			return r.opens(t, fresh) && !r.opens(t, crm) && !r.opens(t, ops) && r.keyState(t) == a.keyState(t)
		})
	}
	if a.keyState(t).Rekeys() != 1 {
		t.Errorf("keys were replaced %d times", a.keyState(t).Rekeys())
	}
}
