package cluster

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// names are what a cluster's log is called in NATS.
type names struct {
	stream string // of JetStream
	acts   string // subject of entries
	beats  string // subject of heartbeats, before the node's name
	all    string // every subject of the stream
	nodes  string // subject on which nodes answer, outside the stream
}

func namesOf(name, kind string) names {
	log := "tagwarden." + name + ".log." + kind
	return names{stream: "tagwarden-" + name + "_" + kind, acts: log + ".acts", beats: log + ".beats.", all: log + ".>",
		nodes: "tagwarden." + name + ".nodes." + kind}
}

// What a stream's metadata say.
const (
	metaFormat   = "tagwarden.format"
	metaCluster  = "tagwarden.cluster"
	metaKind     = "tagwarden.kind"
	metaID       = "tagwarden.id"
	metaIdentity = "tagwarden.identity"
	metaBase     = "tagwarden.base"
	metaFrom     = "tagwarden.from" // position in the stream before, behind which the log goes on
)

// The formats of streams. One that was begun anew has the second: who does not know that would look for the first act.
const (
	formatFirst = 1
	formatAnew  = 2
)

// JetStream's numbers of errors.
const (
	errCodeNoQuorum    jetstream.ErrorCode = 10008 // JetStream system temporarily unavailable
	errCodeLastSeq                         = jetstream.JSErrCodeStreamWrongLastSequence
	errCodeLastSeqBusy                     = jetstream.JSErrCodeStreamWrongLastSequenceConstant
)

// finding is a log as what finds its stream, or makes it.
type finding struct{ *Log }

// stream finds the stream, or makes it, and checks that it is the one that this node may apply.
func (l finding) stream(ctx context.Context) (jetstream.Stream, error) {
	s, err := natslink.Stream(ctx, l.js, l.names.stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if !l.nowhere() {
			return nil, fmt.Errorf("%w: there is no stream %s, and this node has applied acts of one: %s",
				ErrMissing, l.names.stream, missingAdvice)
		}
		if s, err = l.create(ctx); errors.Is(err, ErrMissing) { // or another node has made it meanwhile
			if there, errThere := l.js.Stream(ctx, l.names.stream); errThere == nil {
				s, err = there, nil
			}
		}
	}
	if err != nil {
		return nil, cannot("look up the stream "+l.names.stream, err)
	}
	info := s.CachedInfo()
	if err := fits(info.Config, Place{Name: l.o.Name, Kind: l.o.Kind, Identity: l.o.Identity, At: l.o.At}); err != nil {
		return nil, err
	}
	if s, err = natslink.Fit(ctx, l.js, s, jetstream.StreamConfig{Subjects: []string{l.names.all}}); err != nil {
		return nil, err
	}
	if err = l.begin(info); errors.Is(err, ErrBehind) {
		err = l.proven(ctx, err)
	}
	return s, err
}

// proven returns an error that says that the stream ends too early if that is so of what the quorum has. A server that
// was cut off, and does not know it yet, tells of a stream that ends where it was cut off.
func (l finding) proven(ctx context.Context, behind error) error {
	l.mu.Lock()
	at := l.o.At
	if l.known {
		at = l.head.at
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, natslink.AskLasts)
	defer cancel()
	nowhere := beat{by: writing{run: l.run}, sum: genesis(at.Stream)} // it says nothing of how far this node has come
	ack, err := l.js.PublishMsg(ctx, l.beatMessage(nowhere), jetstream.WithExpectStream(l.names.stream),
		jetstream.WithRetryAttempts(0))
	switch {
	case err != nil:
		return cannot("know how far the stream "+l.names.stream+" goes", err)
	case ack.Sequence > at.Entry:
		return cannot("know how far the stream "+l.names.stream+" goes", errNotCurrent)
	}
	return behind
}

var errNotCurrent = errors.New("the server that answered is behind the others")

// nowhere says whether this node has come nowhere yet.
func (l finding) nowhere() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.o.At.IsZero() && !l.known
}

// fits checks that a stream is that of a node's cluster, of a kind of acts that are made with such keys.
func fits(c jetstream.StreamConfig, of Place) error {
	m := c.Metadata
	version, err := strconv.Atoi(m[metaFormat])
	switch {
	case err != nil || !isStreamID(m[metaID]):
		return fmt.Errorf("%w: the stream %s lacks its marks: remove it if nothing needs it, or give this cluster another "+
			"name",
			ErrNotOurs, c.Name)
	case version > formatAnew:
		return fmt.Errorf("%w: the stream %s has format %d, and this version knows %d: upgrade this node",
			ErrNewer, c.Name, version, formatAnew)
	case m[metaCluster] != of.Name || m[metaKind] != of.Kind:
		return fmt.Errorf("%w: the stream %s was made for %s of %s, and this node is of %s of %s: "+
			"give cluster.name as the other nodes have it", ErrOtherCluster, c.Name, m[metaKind],
			m[metaCluster], of.Kind, of.Name)
	case m[metaIdentity] != of.Identity && of.At.Seq > 0:
		return fmt.Errorf("%w: theirs are %s, this node's %s, with which it has done %s: what was asked for under other "+
			"keys cannot be brought together. Where this node is of another cluster, give that one's name (cluster.name). "+
			"Where the stream was made by a node that began anew with another root secret, stop that one, remove the stream "+
			"(`nats stream rm %s`), and begin it anew from here (`tagwarden cluster restore --yes`)", ErrOtherIdentity,
			m[metaIdentity], of.Identity,
			plural.Of(of.At.Seq, "act"), c.Name)
	case m[metaIdentity] != of.Identity:
		return fmt.Errorf("%w: theirs are %s, this node's %s: bring the other nodes' keys to this one (cluster join)",
			ErrOtherIdentity, m[metaIdentity], of.Identity)
	}
	return nil
}

// begin checks that a stream goes on where this node is.
func (l finding) begin(info *jetstream.StreamInfo) error {
	origin, err := originOf(info.Config)
	if err != nil {
		return err
	}
	at, anew, err := l.beginAt(info, origin)
	if err == nil && anew {
		l.o.Note(Event{What: BegunAnew, Server: l.server(),
			Err: fmt.Errorf("the stream %s, of the id %s, goes on behind act %d", info.Config.Name, origin.Stream, at.Seq)})
	}
	return err
}

func (l finding) beginAt(info *jetstream.StreamInfo, origin Position) (at Position, anew bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at = l.o.At; l.known {
		at = l.head.at
	}
	other := l.known && l.head.at.Stream != origin.Stream
	if other && at.Seq == 0 && l.o.At.IsZero() {
		at = Position{} // it saw a log in which there was nothing
	}
	if anew = !at.IsZero() && at.Stream != origin.Stream; anew || !at.IsZero() && at.Seq < origin.Seq {
		if err := follows(origin, at, l.names.stream); err != nil {
			return at, false, err
		}
	}
	if anew {
		at = Position{Stream: origin.Stream, Seq: at.Seq, Sum: at.Sum, Time: at.Time}
	}
	switch base := info.Config.Metadata[metaBase]; {
	case at.IsZero() && base != l.o.Base:
		return at, false, fmt.Errorf(
			"%w: with %q, and this node holds %q: start this node from a copy of another one's store "+
				"(`tagwarden cluster join`; with --again where it served already)", ErrOtherBase, base, l.o.Base)
	case info.State.LastSeq < at.Entry:
		return at, false, fmt.Errorf("%w: it ends at sequence %d, and this node has applied %d: %s",
			ErrBehind, info.State.LastSeq, at.Entry, restoreAdvice)
	}
	switch {
	case !l.known || other:
		l.known, l.origin, l.head = true, origin, from(at, origin)
		l.appender.moved(l.head.at)
	case info.State.LastSeq < l.head.read: // heartbeats that went with a server: their numbers are given again
		l.head.read, l.head.subject = l.head.at.Entry, l.head.at.Entry
	}
	l.last = info.State.LastSeq
	return at, anew, nil
}

// create makes the stream, where nothing says that the cluster had one.
func (l finding) create(ctx context.Context) (jetstream.Stream, error) {
	if node, stream := asking(l).elsewhere(ctx); stream != "" {
		return nil, fmt.Errorf("%w: there is no stream %s, and the node %s has come some way in %s: %s",
			ErrMissing, l.names.stream, node, stream, missingAdvice)
	}
	err := l.o.First(ctx, func(kind string) (bool, error) {
		_, err := l.js.Stream(ctx, namesOf(l.o.Name, kind).stream)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		if errors.Is(err, ErrMissing) {
			err = fmt.Errorf("%w (the stream %s): %s", err, l.names.stream, missingAdvice)
		}
		return nil, err
	}
	s, err := l.make(ctx, Position{}, l.o.Base)
	switch {
	case errors.Is(err, jetstream.ErrStreamNameAlreadyInUse): // another node was first
		return l.js.Stream(ctx, l.names.stream)
	case err == nil:
		l.o.Note(Event{What: Created, Server: l.server()})
	}
	return s, err
}

// make makes the stream of a log that goes on behind a place.
func (l finding) make(ctx context.Context, behind Position, base string) (jetstream.Stream, error) {
	var id [16]byte
	if _, err := io.ReadFull(l.o.Rand, id[:]); err != nil {
		return nil, err
	}
	config := jetstream.StreamConfig{
		Name:        l.names.stream,
		Description: "tagwarden: " + l.o.Kind + " of the cluster " + l.o.Name,
		Subjects:    []string{l.names.all},
		Retention:   jetstream.LimitsPolicy, MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxConsumers: -1,
		Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage,
		DenyDelete: true, DenyPurge: true, AllowMsgTTL: true,
		Metadata: map[string]string{metaFormat: strconv.Itoa(formatFirst), metaCluster: l.o.Name, metaKind: l.o.Kind,
			metaID: hex.EncodeToString(id[:]), metaIdentity: l.o.Identity, metaBase: base},
	}
	if behind.Seq > 0 {
		config.Metadata[metaFormat], config.Metadata[metaFrom] = strconv.Itoa(formatAnew), behind.String()
	}
	return natslink.Make(ctx, l.js, config)
}
