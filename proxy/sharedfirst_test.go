package proxy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// testSharedBehindTheLog: a queue that were there first would say of the log, which is not there yet, that it is gone.
func testSharedBehindTheLog(t *testing.T, servers *natstest.Servers) {
	nc, err := nats.Connect(servers.URLs()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	const other = "other"
	natstest.Until(t, "another stream takes what the log is to take", func() bool {
		_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: other,
			Subjects: []string{"tagwarden.behind.log.objections.>"}})
		return err == nil
	})
	file := sharedFolder(t, "http://127.0.0.1:1", servers.URLs(), "a")
	write(t, file, strings.Replace(read(t, file), "name: test", "name: behind", 1))
	core, logged := observer.New(zap.WarnLevel)
	r := start(t, file, func(o *proxy.Options) { o.Log = zap.New(core) })
	until(t, "the queue is not made", func() bool {
		for _, e := range logged.FilterMessage("the cluster's queue").All() {
			if text, _ := e.ContextMap()["error"].(string); strings.Contains(text, "the log of objections comes first") {
				return true
			}
		}
		return false
	})
	if _, err := js.Stream(t.Context(), "tagwarden-behind_queue"); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("the queue was made: %v", err)
	}
	if err := js.DeleteStream(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	r.ready(t)
	r.accepts(t, hitsOf(segmentHit, 0, 20)...)
	stops(t, r)
}
