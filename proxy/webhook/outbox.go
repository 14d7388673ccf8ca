package webhook

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

// Waiting is a message that waits to be sent.
type Waiting struct {
	ID    uint64 // goes up
	To    string // name of the receiver; "": it is damaged where it is kept
	Body  []byte // sealed
	Since time.Time
}

// Store keeps messages until they are acknowledged. It is safe for concurrent use.
type Store interface {
	// Next returns messages with a greater ID than that, ascending.
	Next(after uint64, limit int) ([]Waiting, error)
	// Body returns what a message says, sealed; nil: it is not there any more.
	Body(id uint64) ([]byte, error)
	// Ack forgets messages, durably. One that is not there is acknowledged.
	Ack(ids []uint64) error
}

// OutboxOptions are what an [Outbox] needs. Zero values take the defaults given.
type OutboxOptions struct {
	Store     Store
	Key       [32]byte           // that messages are sealed with
	Receivers func() []*Receiver // in force now
	Client    *http.Client       // one of NewClient
	// of receivers that may be on a private address; likewise
	Private *http.Client
	// what all messages together may take: a million, 1 GiB
	Most  Room
	Short func() bool                                           // little is free on the disk; never
	Now   func() time.Time                                      // the clock; time.Now
	Rand  func() float64                                        // a number from [0, 1); rand.Float64
	Fault func(err error)                                       // the store does not do what it should
	After func(d time.Duration) (<-chan time.Time, func() bool) // on the clock

	// OnDelivered is told that a message about an event was taken, so long after it began to wait.
	OnDelivered func(to, event string, taken time.Duration)
	// OnFailed is told that an attempt came to nothing; why is a word of a closed list. The event is "" where nobody
	// knows it.
	OnFailed func(to, event, why string, err error)
}

// Room is how much messages take, or may take.
type Room struct {
	Messages int
	Bytes    int64 // of their bodies
}

// patience is how long a message is tried.
const patience = rules.ToldWithin

const (
	readAtOnce  = 500 // messages that are read at once
	ackedAtOnce = 32  // messages that are acknowledged with one write
)

// Outbox sends what waits: to each receiver several messages at once, those about one person one after another,
// whatever becomes of other people's and of other receivers'.
type Outbox struct {
	opts  OutboxOptions
	seed  maphash.Seed  // of the hashes by which people are told apart in memory
	again chan struct{} // there may be something new, or receivers may be others

	certificates certificates

	mu    sync.Mutex
	lines map[string]*line // by receiver

	read uint64 // ID of the last message that was read; of Deliver alone
}

// NewOutbox makes an outbox, which sends nothing before Deliver.
func NewOutbox(o OutboxOptions) *Outbox {
	if o.Client == nil {
		o.Client = NewClient(false)
	}
	if o.Private == nil {
		o.Private = NewClient(true)
	}
	if o.Most == (Room{}) {
		o.Most = Room{Messages: 1_000_000, Bytes: 1 << 30}
	}
	if o.Short == nil {
		o.Short = func() bool { return false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.After == nil {
		o.After = func(d time.Duration) (<-chan time.Time, func() bool) {
			t := time.NewTimer(d)
			return t.C, t.Stop
		}
	}
	if o.OnDelivered == nil {
		o.OnDelivered = func(string, string, time.Duration) {}
	}
	if o.OnFailed == nil {
		o.OnFailed = func(string, string, string, error) {}
	}
	if o.Fault == nil {
		o.Fault = func(error) {}
	}
	return &Outbox{opts: o, seed: maphash.MakeSeed(), lines: map[string]*line{}, again: make(chan struct{}, 1)}
}

// Kick says that there is something new to send, or that receivers are others. It does not wait.
func (o *Outbox) Kick() { kicked(o.again) }

func kicked(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Deliver sends until the context ends, and returns when nothing is under way any more.
func (o *Outbox) Deliver(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	for ctx.Err() == nil {
		o.meet(ctx, &workers)
		next := time.Hour
		if err := o.load(ctx); err != nil {
			o.opts.Fault(err)
			next = time.Minute
		}
		for _, l := range o.all() {
			o.expire(l)
			if ids := l.unserved(o.opts.Now()); len(ids) > 0 && !o.ack(l, ids) {
				next = time.Minute
			}
		}
		o.wait(ctx, o.again, next)
	}
}

// wait waits for a kick, or for a time, or for the context's end.
func (o *Outbox) wait(ctx context.Context, kick <-chan struct{}, d time.Duration) {
	due, stop := o.opts.After(d)
	defer stop()
	select {
	case <-ctx.Done():
	case <-kick:
	case <-due:
	}
}

// meet begins to send to receivers that are new, and ends it where there is one no more: its messages wait, perhaps it
// comes back.
func (o *Outbox) meet(ctx context.Context, workers *sync.WaitGroup) {
	now := map[string]*Receiver{}
	for _, r := range o.opts.Receivers() {
		now[r.Name()] = r
		o.line(r.Name())
	}
	for _, l := range o.all() {
		within, begin := l.meet(ctx, now[l.name])
		if begin {
			workers.Go(func() { o.work(within, l) })
		}
	}
}

// line finds a receiver's messages, and makes a place for them where there is none.
func (o *Outbox) line(name string) *line {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lines[name]
	if l == nil {
		l = &line{name: name, kick: make(chan struct{}, 1), index: index{last: map[uint64]*message{}}}
		o.lines[name] = l
	}
	return l
}

// all are the lines of all receivers.
func (o *Outbox) all() []*line {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([]*line, 0, len(o.lines))
	for _, l := range o.lines {
		all = append(all, l)
	}
	return all
}

// load reads the messages that came since the last time, and puts them where they belong.
func (o *Outbox) load(ctx context.Context) error {
	for ctx.Err() == nil {
		before := o.taken()
		fresh, err := o.opts.Store.Next(o.read, readAtOnce)
		if err != nil {
			return err
		}
		for i := range fresh {
			o.add(&fresh[i])
			o.read = fresh[i].ID
		}
		o.makeRoom(before)
		if len(fresh) < readAtOnce {
			return nil
		}
	}
	return nil
}

// add puts a message behind those that wait for its receiver. What cannot be opened is given up.
func (o *Outbox) add(w *Waiting) {
	l := o.line(w.To)
	act, err := o.open(w.To, w.Body)
	if err != nil {
		l.giveUp(w.ID, o.opts.Now())
		o.opts.OnFailed(w.To, "", WhyUnreadable, err)
		return
	}
	m := &message{id: w.ID, since: w.Since.UnixNano(), size: int64(len(w.Body))}
	for _, who := range act.people() {
		m.people = append(m.people, maphash.String(o.seed, who))
	}
	l.add(m)
}

// open reads a message.
func (o *Outbox) open(to string, body []byte) (*Act, error) {
	var act Act
	text, err := Unseal(&o.opts.Key, to, body)
	if err == nil && json.Unmarshal(text, &act) != nil {
		err = ErrUnsealed
	}
	if err != nil {
		return nil, err
	}
	return &act, nil
}

// few is what messages may take however little is free on the disk.
var few = Room{Messages: 10_000, Bytes: 8 << 20}

// taken is what all messages take.
func (o *Outbox) taken() (all Room) {
	for _, l := range o.all() {
		one := l.state().Room
		all.Messages += one.Messages
		all.Bytes += one.Bytes
	}
	return all
}

// makeRoom gives up messages where all together take more than they may: the oldest of the receiver that takes most. So
// each may take its share, and as much more as is not taken by others. Where little is free on the disk they may take
// no more than before: objections need the room, and none is refused because its receivers are down.
func (o *Outbox) makeRoom(before Room) {
	most := o.opts.Most
	if o.opts.Short() {
		most.Messages = min(most.Messages, max(before.Messages, few.Messages))
		most.Bytes = min(most.Bytes, max(before.Bytes, few.Bytes))
	}
	for all := o.taken(); all.Messages > most.Messages || all.Bytes > most.Bytes; all = o.taken() {
		var largest *line
		share := -1.0
		for _, l := range o.all() {
			if one := o.share(l.state().Room); one > share {
				largest, share = l, one
			}
		}
		if !largest.dropOldest(o.opts.Now()) {
			return // all of them are under way
		}
		o.opts.OnFailed(largest.name, "", WhyFull, nil)
	}
}

// share is how much of all the room something takes, of messages or of bytes.
func (o *Outbox) share(r Room) float64 {
	return max(float64(r.Messages)/float64(o.opts.Most.Messages), float64(r.Bytes)/float64(o.opts.Most.Bytes))
}

// expire gives up what waited too long.
func (o *Outbox) expire(l *line) {
	for range l.expire(o.opts.Now()) {
		o.opts.OnFailed(l.name, "", WhyTooOld, nil)
	}
}
