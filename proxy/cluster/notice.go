package cluster

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// A node whose server dies is told by its connection. Where the server dies that delivers to it, and is another one,
// nobody tells it, and two missing heartbeats of the delivery take more than a second. So whoever appended an entry
// says to all how far the stream goes, and a node to which nothing was delivered by then has it delivered anew.

// lateAfter is how long a node waits for what another one has.
const (
	lateAfter    = 150 * time.Millisecond
	tooLateAfter = time.Second // while it has delivery begun, and lacks so much that it has to be
	mostFetched  = 256         // messages
)

var noticePrefix = []byte(magic + "N\x01")

// announce says to all nodes that the stream goes to a sequence.
func (l receiving) announce(seq uint64) {
	// heartbeats tell it too
	_ = l.nc.Publish(l.names.nodes, binary.BigEndian.AppendUint64(bytes.Clone(noticePrefix), seq))
}

// noticed takes such a word; false: it is none.
func (l receiving) noticed(what []byte) bool {
	rest, is := bytes.CutPrefix(what, noticePrefix)
	if !is || len(rest) != 8 {
		return false
	}
	l.watch(binary.BigEndian.Uint64(rest))
	return true
}

// watch has the stream delivered anew if it goes to a sequence, and nothing of that comes in a while.
func (l receiving) watch(seq uint64) {
	at := l.hasRead()
	if at >= seq || !l.link.watched.CompareAndSwap(false, true) {
		return
	}
	time.AfterFunc(late(l.pulse.active.Load(), seq-at), func() {
		l.link.watched.Store(false)
		if l.hasRead() == at { // one that has much to read goes on with it
			l.link.broken()
		}
	})
}

// late is how long a node waits that lacks so many messages. While its delivery is begun, it may be so with the very
// server that died: what is little is fetched instead, and much has to be delivered.
func late(delivering bool, lacks uint64) time.Duration {
	switch {
	case delivering:
		return lateAfter
	case lacks <= mostFetched:
		return 2 * lateAfter
	default:
		return tooLateAfter
	}
}

// fetch reads what little a node lacks message by message, from the stream's leader, before it has it delivered: for
// that the servers' own leader has to be there too, who may have died with the one that delivered.
func (l receiving) fetch(ctx context.Context, s jetstream.Stream) error {
	last := s.CachedInfo().State.LastSeq
	for at := l.hasRead(); at < last && last-at <= mostFetched; {
		asking, cancel := context.WithTimeout(ctx, natslink.AskAgainAfter)
		m, err := s.GetMsg(asking, at+1, jetstream.WithGetMsgSubject(l.names.all))
		cancel()
		if err != nil || m.Sequence <= at {
			return nil // it is delivered
		}
		at = m.Sequence
		r, note, err := l.take(message{subject: m.Subject, data: m.Data, seq: at, at: m.Time, pending: last - min(at, last)})
		if note.What != "" {
			l.o.Note(note)
		}
		if err != nil {
			return err
		}
		if err := l.hand(r); err != nil {
			return err
		}
	}
	return nil
}

func (l receiving) hasRead() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head.read
}
