// Package rarity counts from how many networks a value came, day by day, in bounded memory, so that what hardly
// anybody shares can be told from what many do. It promises that neither a value nor an address is stored, only
// keyed hashes under a key of the day; and that whatever goes wrong (a full table, a lost file, a restart)
// makes values rarer, never more common.
package rarity

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// What a network is: who sends hits cannot have many of them for nothing. Whatever the sender writes into a hit, the
// user agent included, does not make another one.
const (
	bitsV4 = 24
	bitsV6 = 32
)

// Bounds of a day's memory: 11 MB while it is counted, where there is something to count, and
// about 2 MB for each day kept, at most.
const (
	valueSlots   = 1 << 17 // of which three in four are used: 98,304 values
	pairSlots    = 1 << 20 // 786,432 pairs of a value and a network
	networkSlots = 1 << 16 // 49,152 networks
	perNetwork   = 8192    // values that one network may have counted on one day
)

// longest is the length of values that are counted, in bytes. Longer ones are rare.
const longest = 480

// backlog is how many values may wait to be counted. More are not counted.
const backlog = 4096

// Options say where counts are kept. Zero values take the defaults given.
type Options struct {
	File string           // "": nowhere
	Now  func() time.Time // the clock
	Rand io.Reader        // of the days' keys
	Disk durable.Disk     // nil: the file system
}

// ErrFile says that the counts of earlier days could not be read: everything is rare again.
var ErrFile = errors.New("cannot read the counts of values: the file is damaged")

// Counter counts. Its methods may be called from many goroutines at once. Common only reads and Count
// only hands over; one goroutine counts.
type Counter struct {
	opts   Options
	view   atomic.Pointer[view]
	k      atomic.Int32 // up to how many networks counting matters
	lost   atomic.Uint64
	seen   chan sighting
	asked  chan func()
	done   chan struct{}
	ended  chan struct{}
	ending sync.Once

	changed bool // since the file was written; of the counting goroutine, as pairs and networks are
	key     [16]byte
	pairs   set
	nets    tally
}

// view is what look-ups see. It is replaced, not changed, but for today's counts, which grow.
type view struct {
	day   int64 // days since 1970-01-01, UTC
	key   [16]byte
	today *counts    // nil: nothing was counted yet
	past  []*pastDay // newest first; the first may be of today, from before a restart
}

// pastDay is the counts of a day that is not counted any more.
type pastDay struct {
	day  int64
	key  [16]byte
	byID map[uint64]uint16
}

// sighting is a value that came from a network.
type sighting struct {
	day     int64
	value   [16]byte
	network [5]byte
}

// Open reads the counts of earlier days and begins to count. Where they cannot be read the error is [ErrFile], or wraps
// it, and there is a [Counter] all the same, that begins with nothing.
func Open(o Options) (*Counter, error) {
	c := &Counter{
		opts: o, seen: make(chan sighting, backlog), asked: make(chan func()), done: make(chan struct{}),
		ended: make(chan struct{}),
	}
	days, faulty := readFile(o.File)
	v := &view{day: dayOf(o.Now()), past: days}
	if len(days) > 0 && days[0].day >= v.day {
		v.day, v.key = days[0].day, days[0].key // the same day goes on, under its key
	} else if _, err := io.ReadFull(o.Rand, v.key[:]); err != nil {
		return nil, fmt.Errorf("cannot make the key of a day: %w", err)
	}
	c.begin(v)
	go c.run()
	return c, faulty
}

// begin makes a view the present one. Past days that no rule can ask for go.
func (c *Counter) begin(v *view) {
	v.past = slices.DeleteFunc(v.past, func(p *pastDay) bool { return p.day <= v.day-minimise.MaxDays })
	c.pairs, c.nets = set{}, tally{}
	c.key = v.key
	c.view.Store(v)
}

// ready makes room for a day's counts, once there is something to count.
func (c *Counter) ready() *view {
	v := c.view.Load()
	if v.today == nil {
		v = &view{v.day, v.key, newCounts(valueSlots), v.past}
		c.pairs, c.nets = newSet(pairSlots), newTally(networkSlots)
		c.view.Store(v)
	}
	return v
}

// Common tells whether on one of the last days, today included, a value came from at least k networks. Days are not
// added up: one person who comes every day stays one.
func (c *Counter) Common(class hit.Class, value []byte, k, days int) bool {
	id, ok := digest(class, value)
	if !ok || k < 1 {
		return false
	}
	v := c.view.Load()
	if v.today.of(under(&v.key, &id)) >= k {
		return true
	}
	for _, p := range v.past {
		if p.day <= v.day-int64(days) {
			break
		}
		if int(p.byID[under(&p.key, &id)]) >= k {
			return true
		}
	}
	return false
}

// Count notes that a value came from an address. It waits for nobody: where counting
// cannot keep up the value is not counted.
func (c *Counter) Count(now time.Time, class hit.Class, value []byte, from netip.Addr) {
	s := sighting{day: dayOf(now)}
	var ok bool
	if s.value, ok = digest(class, value); !ok || !s.of(from) {
		return
	}
	if v := c.view.Load(); v.day >= s.day && v.today.of(under(&v.key, &s.value)) >= int(c.k.Load()) {
		return // nobody asks for more
	}
	select {
	case c.seen <- s:
	default:
		c.lost.Add(1)
	}
}

// UpTo says up to how many networks counting matters: the largest number that a rule asks for.
func (c *Counter) UpTo(k int) { c.k.Store(int32(min(k, minimise.MaxK))) }

// Lost is how many values were not counted, since it was last asked, because too many came at once.
func (c *Counter) Lost() uint64 { return c.lost.Swap(0) }

// of notes the network of an address; false where there is no address.
func (s *sighting) of(from netip.Addr) bool {
	network := hit.NetworkOf(from, bitsV4, bitsV6).Addr()
	switch {
	case network.Is4():
		a := network.As4()
		s.network[0] = 4
		copy(s.network[1:], a[:])
	case network.Is6():
		a := network.As16()
		copy(s.network[1:], a[:4])
	}
	return network.IsValid()
}

// run counts what is handed over, and does what it is asked, until the end.
func (c *Counter) run() {
	defer close(c.ended)
	for {
		select {
		case s := <-c.seen:
			c.count(&s)
		case do := <-c.asked:
			c.drain()
			do()
		case <-c.done:
			c.drain()
			return
		}
	}
}

func (c *Counter) drain() {
	for {
		select {
		case s := <-c.seen:
			c.count(&s)
		default:
			return
		}
	}
}

// count adds a network to a value, once a day. What does not fit any more is not counted: what was there first stays.
func (c *Counter) count(s *sighting) {
	c.turn(s.day)
	v := c.ready()
	id := under(&c.key, &s.value)
	if v.today.of(id) >= int(c.k.Load()) {
		return
	}
	var buf [37]byte
	part := append(append(append(buf[:0], c.key[:]...), s.network[:]...), s.value[:]...)
	sum := sha256.Sum256(part)
	if c.pairs.has(first(&sum)) {
		return
	}
	network := sha256.Sum256(part[:len(c.key)+len(s.network)])
	if !c.nets.more(first(&network), perNetwork) || !v.today.room(id) || !c.pairs.add(first(&sum)) {
		return
	}
	v.today.add(id)
	c.changed = true
}

// turn begins another day where it has come. A clock that was set back does not.
func (c *Counter) turn(day int64) {
	v := c.view.Load()
	if day <= v.day {
		return
	}
	next := &view{day: day, past: c.kept()}
	if _, err := io.ReadFull(c.opts.Rand, next.key[:]); err != nil {
		return // without a key of its own another day is not begun
	}
	c.begin(next)
	c.changed = true
}

// kept are all days as they are to be kept: of today what two networks share, whether it
// was counted before a restart or after.
func (c *Counter) kept() []*pastDay {
	v := c.view.Load()
	today := &pastDay{v.day, v.key, v.today.shared()}
	days := v.past
	if len(days) > 0 && days[0].day == v.day && days[0].key == v.key {
		for id, n := range days[0].byID {
			today.byID[id] = max(today.byID[id], n)
		}
		days = days[1:]
	}
	return append([]*pastDay{today}, days...)
}

// Turn begins another day where it has come. Until it was called, or something
// counted, look-ups are as of the day before.
func (c *Counter) Turn(now time.Time) {
	_ = c.onCounter(func() error { c.turn(dayOf(now)); return nil })
}

// Write writes the file where something changed.
func (c *Counter) Write() error { return c.onCounter(c.write) }

// onCounter lets the counting goroutine do something, after what it was handed until now.
func (c *Counter) onCounter(what func() error) error {
	result := make(chan error, 1)
	select {
	case c.asked <- func() { result <- what() }:
		return <-result
	case <-c.done:
		return nil
	}
}

// Close writes the file. Nothing is counted afterwards.
func (c *Counter) Close() error {
	c.ending.Do(func() { close(c.done) })
	<-c.ended
	return c.write()
}

func (c *Counter) write() error {
	if c.opts.File == "" || !c.changed {
		return nil
	}
	if err := (durable.Files{Disk: c.opts.Disk}).Replace(c.opts.File, encodeDays(c.kept()), 0o600); err != nil {
		return fmt.Errorf("cannot write the counts of values: %w", err)
	}
	c.changed = false
	return nil
}

func readFile(path string) ([]*pastDay, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return parseDays(text)
}

func dayOf(t time.Time) int64 {
	day := t.Unix() / (24 * 60 * 60)
	if t.Unix() < 0 {
		day = 0
	}
	return day
}

// digest is a value with its class as a fixed number of bytes; false for one that is too long to be common.
func digest(class hit.Class, value []byte) (id [16]byte, ok bool) {
	if len(value) > longest {
		return id, false
	}
	var buf [longest + 1]byte
	sum := sha256.Sum256(append(append(buf[:0], byte(class)), value...))
	return [16]byte(sum[:16]), true
}

// under is a value under the key of a day: never 0.
func under(key, value *[16]byte) uint64 {
	var buf [32]byte
	copy(buf[:], key[:])
	copy(buf[16:], value[:])
	sum := sha256.Sum256(buf[:])
	return first(&sum)
}

func first(sum *[32]byte) uint64 { return max(binary.LittleEndian.Uint64(sum[:]), 1) }
