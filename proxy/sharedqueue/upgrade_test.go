package sharedqueue

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// versionsBefore are the streams as versions before this one made them. What is added to a
// stream comes with the form before it here.
func versionsBefore(q *Queue) map[string][]jetstream.StreamConfig {
	withoutTold := q.marksConfig()
	withoutTold.Subjects = []string{q.names.marks + "*"} // nodes did not tell each other anything
	return map[string][]jetstream.StreamConfig{
		"marks without what nodes say to all": {q.eventsConfig(), withoutTold},
		"those of this version":               {q.eventsConfig(), q.marksConfig()},
	}
}

// testOtherVersions: a node that is upgraded first brings streams to what it needs, and takes nothing from them,
// neither what they hold nor what a newer node needs. Nodes one version apart go on beside each other.
func testOtherVersions(t *testing.T, s *natstest.Servers) {
	urls := s.URLs()
	for name, streams := range versionsBefore(
		&Queue{names: namesOf("older"), o: Options{Cluster: "older", Identity: "keys-1", Size: 4 << 20}}) {
		t.Run(name, func(t *testing.T) {
			named := func(o *Options) { o.Cluster = "older" }
			op := open(t, urls, "operator", func(o *Options) { o.Cluster = "unrelated" })
			for _, c := range streams {
				if _, err := natslink.Make(t.Context(), op.js, c); err != nil {
					t.Fatal(err)
				}
			}
			older := open(t, urls, "older", named) // as it marks messages: all versions do
			if err := older.Put(t.Context(), "ga4", items("m", 2)); err != nil {
				t.Fatal(err)
			}
			m := takeOne(t, older)
			if err := m.Begin(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			// What it had done is lost by nobody who comes, of whichever version.
			newer := open(t, urls, "newer", named)
			if there, _, err := marking(newer).readMark(t.Context(), m.id); err != nil || !there.begun.Has(1) {
				t.Errorf("the mark: %+v, %v", there, err)
			}
			if err := newer.Erase(t.Context(), "somebody", []byte("x")); err != nil {
				t.Errorf("what is told all: %v", err)
			}
			if err := m.Done(t.Context(), false); err != nil {
				t.Error(err)
			}

			// A node of before is started again beside it: it takes away nothing.
			for _, c := range streams {
				if _, err := older.find(t.Context(), c); err != nil {
					t.Error(err)
				}
			}
			beyond := newer.marksConfig() // and so does this one, of what a later version added
			beyond.Subjects = append(slices.Clone(beyond.Subjects), "tagwarden.older.queue.later.>")
			if _, err := newer.find(t.Context(), beyond); err != nil {
				t.Fatal(err)
			}
			open(t, urls, "again", named)
			marks, err := op.js.Stream(t.Context(), newer.names.markStream)
			if err != nil {
				t.Fatal(err)
			}
			if is := marks.CachedInfo().Config.Subjects; len(is) != 3 {
				t.Errorf("it takes %q", is)
			}

			// Two that change it at once may take from each other: who lacks something then notices.
			lost := marks.CachedInfo().Config
			lost.Subjects = lost.Subjects[:1]
			if _, err := op.js.UpdateStream(t.Context(), lost); err != nil {
				t.Fatal(err)
			}
			natstest.Until(t, "it has it again", func() bool {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				err := newer.Erase(ctx, "nobody", []byte("x"))
				if err != nil && !errors.Is(err, ErrNotPut) {
					t.Error(err)
				}
				return err == nil
			})
			for _, q := range []*Queue{older, newer} {
				if err := q.Close(); err != nil {
					t.Error(err)
				}
			}
			for _, c := range streams {
				if err := op.js.DeleteStream(t.Context(), c.Name); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
