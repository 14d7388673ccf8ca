package sharedqueue

import (
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// How long is waited.
const (
	leastRetry  = 100 * time.Millisecond // before all servers are tried again
	mostRetry   = 2 * time.Second
	askLasts    = 2 * time.Second        // one question to JetStream
	tryLasts    = time.Second            // one attempt to put a message
	retryPut    = 20 * time.Millisecond  // between two of them
	retryMark   = 50 * time.Millisecond  // likewise
	lookEvery   = time.Second            // how often the stream is looked at
	fetchLasts  = 5 * time.Second        // one question for messages
	beatEvery   = 500 * time.Millisecond // how often whoever was asked says that it is there
	payloadRest = 4 << 10                // of what a server takes, kept for headers
	quietAfter  = 500 * time.Millisecond // how long nothing is put after the quorum was not reached
)

// names are what a cluster's queue is called in NATS.
type names struct {
	stream, markStream string
	events, marks      string // subjects, before a vendor and an id
	told               string // likewise, before what nodes say to all
}

func namesOf(cluster string) names {
	root := "tagwarden." + cluster + ".queue."
	return names{
		stream: "tagwarden-" + cluster + "_queue", markStream: "tagwarden-" + cluster + "_queue-marks",
		events: root + "events.", marks: root + "marks.", told: root + "told.",
	}
}

// token is a vendor as a part of a subject, which has no dot; vendorOf is the vendor of one.
func token(vendor string) string   { return strings.ReplaceAll(vendor, ".", "%") }
func vendorOf(token string) string { return strings.ReplaceAll(token, "%", ".") }
func (of id) text() string         { return hex.EncodeToString(of[:]) }

// connect begins to connect, and goes on for ever.
func (q *Queue) connect() error {
	return natslink.Connect(natslink.Options{
		Client: "tagwarden " + q.o.Node + " queue", URLs: q.o.URLs, Creds: q.o.Creds, TLS: q.o.TLS,
		Subjects: []string{q.names.events + "*", q.names.marks + "*", q.names.told + ">"},
		Retry: func(n int) time.Duration {
			return min(leastRetry<<min(max(n-1, 0), 8), mostRetry)
		},
		Use:     func(nc *nats.Conn, js jetstream.JetStream) { q.nc, q.js = nc, js },
		Up:      q.lookSoon,
		Down:    func(err error) { q.noteUnlessClosed("disconnected", err) },
		Refused: func(err error) { q.noteUnlessClosed("it cannot be used", err) },
		Trouble: func(err error) { q.noteUnlessClosed("trouble", err) },
	})
}

func (q *Queue) noteUnlessClosed(what string, err error) {
	if q.ctx.Err() == nil {
		q.o.Note(what, err)
	}
}

// unheard tells whether an error says that nobody there took what was sent.
func unheard(err error) bool {
	return natslink.Unsent(err) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse) ||
		natslink.Code(err) != 0
}
