package proxy_test

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"
	"github.com/tagwarden/tagwarden/proxy"
)

// sharedFolder is the folder of a node whose events wait on the cluster.
func sharedFolder(t testing.TB, upstream string, n *natsServer, name, more string) string {
	t.Helper()
	file := nodeFolder(t, upstream, n, name, "")
	write(t, file, read(t, file)+"delivery: { mode: queued, retry: { first: 10ms, most: 50ms }, queue: { on: cluster, size: 16MiB"+more+" } }\n")
	return file
}

// TestSharedQueueIsTakenByAnyNode: what one node accepted is delivered by either; both ledgers are compliant alone.
func TestSharedQueueIsTakenByAnyNode(t *testing.T) {
	n, v := startNATS(t), startVendor(t)
	a := start(t, sharedFolder(t, v.URL, n, "a", ""), func(o *proxy.Options) { o.Log = zaptest.NewLogger(t) })
	b := start(t, sharedFolder(t, v.URL, n, "b", ""))
	for range 50 { st, body := a.get(t, "/readyz"); t.Log(st, body); time.Sleep(100*time.Millisecond) }
	a.ready(t)
	b.ready(t)
	for range 20 {
		if got := a.send(t, get(pageView, consent)); got.status != 204 {
			t.Fatal(got)
		}
	}
	until(t, "all arrive", func() bool { return len(v.got()) >= 20 })
	until(t, "outcomes", func() bool {
		return strings.Count(a.ledger(t)+b.ledger(t), `"outcome":"delivered"`) > 0
	})
	if err := a.stop(t); err != nil {
		t.Error(err)
	}
	if err := b.stop(t); err != nil {
		t.Error(err)
	}
	if len(v.got()) != 20 {
		t.Error(len(v.got()))
	}
	t.Log(a.ledger(t))
	t.Log(b.ledger(t))
}
