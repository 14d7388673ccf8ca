package sharedqueue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// What a stream's metadata say.
const (
	metaFormat   = "tagwarden.format"
	metaCluster  = "tagwarden.cluster"
	metaIdentity = "tagwarden.identity"
)

// remembered is how long servers know the id of a message that was put: for attempts at it that are made again.
const remembered = 2 * time.Minute

// longestMark is how long a mark stays whose message was never acknowledged: longer than anything may wait.
const longestMark = 45 * 24 * time.Hour

func (q *Queue) eventsConfig() jetstream.StreamConfig {
	return q.config(jetstream.StreamConfig{
		Name: q.names.stream, Description: "tagwarden: what waits for vendors, sealed",
		Subjects:  []string{q.names.events + "*"},
		Retention: jetstream.WorkQueuePolicy, MaxBytes: q.o.Size, MaxMsgsPerSubject: -1, Duplicates: remembered,
	})
}

func (q *Queue) marksConfig() jetstream.StreamConfig {
	return q.config(jetstream.StreamConfig{
		Name: q.names.markStream, Description: "tagwarden: how far somebody has come with what waits",
		Subjects: []string{q.names.marks + "*", q.names.told + ">"}, Retention: jetstream.LimitsPolicy, MaxBytes: -1,
		MaxMsgsPerSubject: 1,
		MaxAge:            longestMark,
	})
}

func (q *Queue) config(c jetstream.StreamConfig) jetstream.StreamConfig {
	c.MaxMsgs, c.MaxConsumers, c.Discard, c.Storage = -1, -1, jetstream.DiscardNew, jetstream.FileStorage
	if c.MaxMsgsPerSubject == 1 {
		c.Discard = jetstream.DiscardOld // a mark takes the place of the one before
	}
	c.Metadata = map[string]string{metaFormat: "1", metaCluster: q.o.Cluster, metaIdentity: q.o.Identity}
	return c
}

// find finds a stream, or makes it.
func (q *Queue) find(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := natslink.Stream(ctx, q.js, c.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if q.o.Find {
			return nil, ErrNone
		}
		if err := q.o.MayMake(); err != nil {
			return nil, fmt.Errorf("cannot make the stream %s: %w", c.Name, err)
		}
		s, err = natslink.Make(ctx, q.js, c)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another node was first
			s, err = q.js.Stream(ctx, c.Name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot look up the stream %s: %w", c.Name, err)
	}
	is := s.CachedInfo().Config
	switch {
	case is.Metadata[metaFormat] == "" || is.Metadata[metaCluster] != q.o.Cluster:
		return nil, fmt.Errorf("%w: %s was not made for the cluster %s: give this cluster another name",
			ErrOther, c.Name, q.o.Cluster)
	case is.Metadata[metaFormat] != "1":
		return nil, fmt.Errorf("%w: %s has form %s, and this version knows 1: upgrade this node", ErrOther, c.Name,
			is.Metadata[metaFormat])
	case is.Metadata[metaIdentity] != q.o.Identity:
		return nil, fmt.Errorf(
			"%w: %s was made by nodes with the keys %s, and this node's are %s: bring theirs to it (cluster join)",
			ErrOther, c.Name, is.Metadata[metaIdentity], q.o.Identity)
	}
	if q.o.Find {
		c.MaxBytes = -1 // whoever starts last that puts says how large it may get
	}
	return natslink.Fit(ctx, q.js, s, c)
}

// errChanged says that a stream lacks subjects which it had: a node of another version changed it while this one did.
var errChanged = errors.New("another node changed the stream's subjects: it is looked up again")

// stillFits looks whether a stream takes what is wanted still. Two nodes may have changed it at once.
func stillFits(q *Queue, is, want jetstream.StreamConfig) error {
	if len(natslink.Lacking(is, want)) == 0 {
		return nil
	}
	q.streams.Store(nil)
	return fmt.Errorf("%w (%s)", errChanged, is.Name)
}
