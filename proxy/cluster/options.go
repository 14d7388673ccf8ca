package cluster

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"
)

// Options are what a [Log] needs. Zero values take the defaults given.
type Options struct {
	// of the cluster, as every node has it: "eu1"; lower case letters, digits, hyphens, at most 32
	Name string
	// of this node, as no other has it; at most 64 bytes of letters, digits, hyphens, underscores and dots
	Node     string
	URLs     []string           // of the NATS servers: "nats://10.0.0.1:4222"
	Creds    string             // a file with credentials; "": none
	TLS      func() *tls.Config // of each connection; nil: as the URLs say (tls:// verifies by the system's authorities)
	Kind     string             // of the acts, as every node has it: "objections"; like Name
	Identity string             // public name of the keys that acts are made with, as every node has it; at most 128 bytes

	// First is asked before the stream is made, where no other node says that there was one: the error
	// is what else says so ([ErrMissing]), or why it is not known yet. there tells whether the cluster
	// has a stream of another kind. Nothing.
	First func(ctx context.Context, there func(kind string) (bool, error)) error
	// Missing has Open return a log that is missing where this node has come nowhere in it, too ([Restore]).
	Missing bool

	// Base names what a node at the log's beginning holds, in at most 128 bytes: a digest, say. The same on each of them.
	Base string
	// At is how far this node has come; zero: nowhere, it reads all acts. Where Entry is 0 it reads all acts too, and is
	// handed those after Seq.
	At Position
	// Stale is after how long without proof that nothing is missing the node is stale; 5 s; at least 500 ms. Where the
	// server that leads the stream dies without a word, the others choose another one after 4 to 9 s: all nodes are stale
	// meanwhile unless this is longer.
	Stale time.Duration
	Wait  time.Duration // how long Open waits for the cluster; 2 s

	// Apply is handed acts in their order, each once, and where the node has come with them, which it keeps with them, in
	// one transaction. While it returns an error it is handed the same acts again, and nothing after them. It is called
	// by one goroutine.
	Apply func(acts []Act, to Position) error
	// Answer is what this node tells others that ask for [Log.Nodes], at most 16 KiB; nothing.
	Answer func() []byte
	// Hear is told what a node says to all ([Log.Say]), by one goroutine, which it must not block. Nobody.
	Hear func([]byte)
	// Note is told what happens to the connection and to the log, for the operators' log. It must not block. Nobody.
	Note func(Event)

	Now  func() time.Time // the clock, with a monotonic reading; time.Now
	Rand io.Reader        // crypto/rand.Reader
}

// Happening is a kind of [Event].
type Happening string

// What can happen to a log.
const (
	Connected    Happening = "connected"    // to a server
	Disconnected Happening = "disconnected" // it tries for ever to connect again
	Created      Happening = "created"      // this node made the stream
	BegunAnew    Happening = "begun_anew"   // the log goes on in another stream, where this node has come to
	Reading      Happening = "reading"      // acts are delivered, from now or again
	Interrupted  Happening = "interrupted"  // acts are not delivered; it tries again
	Refused      Happening = "refused"      // the log may not be applied; Err says why and what to do
	// everything was applied for the first time, or again after the node was stale
	CaughtUp     Happening = "caught_up"
	WentStale    Happening = "went_stale"    // acts may be missing; Err says why, where something is refused
	ApplyFailed  Happening = "apply_failed"  // Apply returned an error; it tries again
	AppendFailed Happening = "append_failed" // the cluster did not take an entry; it tries again
	// the server's answers do not show the node to be current: it tries another one
	Moving      Happening = "moving"
	OthersApart Happening = "others_apart" // a node has come some way in another log; Err says what to do
	Skipped     Happening = "skipped"      // a message that no node wrote
	SameName    Happening = "same_name"    // another process writes under this node's name
	Trouble     Happening = "trouble"      // what the connection reports beside all this
)

// Event is something that happened, for the operators' log.
type Event struct {
	What   Happening
	Server string // that the node is connected to, where it is about one
	Err    error  // nil: it is good news
}

var (
	namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	nodePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

// leastStale is the least [Options].Stale: heartbeats have to come and go several times in it.
const leastStale = 500 * time.Millisecond

// complete checks options and fills in the defaults.
func (o *Options) complete() error {
	o.Stale = orDefault(o.Stale, 5*time.Second)
	o.Wait = orDefault(o.Wait, 2*time.Second)
	if o.Answer == nil {
		o.Answer = func() []byte { return nil }
	}
	if o.First == nil {
		o.First = func(context.Context, func(string) (bool, error)) error { return nil }
	}
	if o.Hear == nil {
		o.Hear = func([]byte) {}
	}
	if o.Note == nil {
		o.Note = func(Event) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	switch {
	case !namePattern.MatchString(o.Name):
		return fmt.Errorf("the cluster's name %q is not one: lower case letters, digits and hyphens, at most 32", o.Name)
	case !namePattern.MatchString(o.Kind):
		return fmt.Errorf("the kind of acts %q is not one: lower case letters, digits and hyphens, at most 32", o.Kind)
	case !nodePattern.MatchString(o.Node):
		return fmt.Errorf("the node's name %q is not one: letters, digits, hyphens, underscores and dots, at most 64", o.Node)
	case len(o.URLs) == 0:
		return errors.New("no URL of a NATS server: nats://HOST:4222 would be one")
	case o.Identity == "" || len(o.Identity) > 128:
		return errors.New("the keys' public name is missing, or longer than 128 bytes")
	case len(o.Base) > 128:
		return errors.New("what nodes hold at the beginning of the log is named in more than 128 bytes")
	case o.Stale < leastStale:
		return fmt.Errorf("stale after %v: at least %v", o.Stale, leastStale)
	case o.Apply == nil:
		return errors.New("nobody applies acts")
	case !o.At.IsZero() && !isStreamID(o.At.Stream):
		return errPosition
	}
	return nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// IsNode says whether a text is a node's name.
func IsNode(name string) bool { return nodePattern.MatchString(name) }
