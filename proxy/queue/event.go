package queue

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

// Name names an event for as long as it is remembered: the number of its hit, and its index in there. Names of
// later hits are greater.
type Name struct {
	Hit   uint64
	Event uint32
}

// Compare orders names as they came.
func (n Name) Compare(m Name) int {
	switch {
	case n.Hit < m.Hit || n.Hit == m.Hit && n.Event < m.Event:
		return -1
	case n == m:
		return 0
	}
	return 1
}

// Header is a line of a request's head.
type Header struct{ Name, Value []byte }

// Event is what waits: all that is needed to judge it again and to send it, and nothing that may not leave.
type Event struct {
	Name   Name
	Vendor string
	Role   []byte        // which of the vendor's hosts it goes to
	Time   time.Time     // when it was accepted; kept to the millisecond
	TTL    time.Duration // how long it may wait; kept to the millisecond

	Order    uint64 // events of one vendor with the same order are handed out one after the other; 0: as they come
	Subjects [][16]byte
	Facts    []byte // what it is judged again by
	Record   []byte // what the log says of it, to be written again should the log have lost it

	Key                 []byte // idempotency key; empty: a second attempt might count twice
	Method, Path, Query []byte
	Headers             []Header
	Body                []byte

	// Taken says that it was taken from elsewhere, where it is kept until it has ended
	// here, or is parked: a start ends it.
	Taken bool
	// Attempted says of one that is added that it may have arrived before.
	Attempted bool
	// Judged names what the event was judged by when it was added, in the words of whoever added it: memory alone keeps
	// it, for whoever it is handed out to. 0: nobody knows, as after a start.
	Judged uint64

	reason string    // why it is parked
	parked time.Time // and since when
	buf    []byte    // what the slices are of, where it was read: as long as what was ever read since it was reset
	nonce  [12]byte
}

// The longest event, encoded, and how many things it may list.
const (
	MaxEvent = 8 << 20
	mostList = 1 << 12
)

// Errors of encoding and decoding.
var (
	// ErrTooLarge says that an event is longer than [MaxEvent], or lists more than any event does.
	ErrTooLarge = errors.New("the event is too large to wait")
	errEncoding = errors.New("the bytes are no event")
)

// mostRoom is how large the room is in which an event was read, and the next one may be.
const mostRoom = 64 << 10

// Reset forgets the event. Its bytes are overwritten; the room for them stays.
func (e *Event) Reset() {
	room := e.buf
	if clear(room); cap(room) > mostRoom {
		room = nil
	}
	clear(e.Headers)
	*e = Event{buf: room[:0], Subjects: e.Subjects[:0], Headers: e.Headers[:0]}
}

// size is about how long an event is, encoded and sealed. It is no less than that.
func (e *Event) size() int64 {
	n := overhead + 128 + len(e.Vendor) + len(e.Role) + 16*len(e.Subjects) + len(e.Facts) + len(e.Record) + len(e.Key) +
		len(e.Method) + len(e.Path) + len(e.Query) + len(e.Body) + len(e.reason)
	for _, h := range e.Headers {
		n += len(h.Name) + len(h.Value) + 8
	}
	return int64(n)
}

// fits tells whether it can be kept.
func (e *Event) fits() bool {
	return e.size() <= MaxEvent && len(e.Subjects) <= mostList && len(e.Headers) <= mostList
}

// appendEvent encodes an event, its name aside. What a start needs comes first. Numbers are as short as they can
// be, so that an event has one encoding.
func appendEvent(b []byte, e *Event) []byte {
	b = appendBytes(b, e.Vendor)
	b = binary.AppendUvarint(b, milli(e.Time))
	b = binary.AppendUvarint(b, uint64(min(max(e.TTL.Milliseconds(), 0), mostMilli)))
	b = binary.LittleEndian.AppendUint64(b, e.Order)
	b = append(b, flags(e.Taken))
	b = appendBytes(b, e.reason)
	if e.reason != "" {
		b = binary.AppendUvarint(b, milli(e.parked))
	}
	b = appendBytes(b, e.Role)
	b = binary.AppendUvarint(b, uint64(len(e.Subjects)))
	for i := range e.Subjects {
		b = append(b, e.Subjects[i][:]...)
	}
	b = appendBytes(b, e.Facts)
	b = appendBytes(b, e.Record)
	b = appendBytes(b, e.Key)
	b = appendBytes(b, e.Method)
	b = appendBytes(b, e.Path)
	b = appendBytes(b, e.Query)
	b = binary.AppendUvarint(b, uint64(len(e.Headers)))
	for _, h := range e.Headers {
		b = appendBytes(appendBytes(b, h.Name), h.Value)
	}
	return append(b, e.Body...)
}

// AppendCarried encodes an event with its name, for whoever carries it elsewhere.
func AppendCarried(b []byte, e *Event) []byte {
	b = binary.AppendUvarint(binary.AppendUvarint(b, e.Name.Hit), uint64(e.Name.Event))
	return appendEvent(b, e)
}

// Carried reads an event that [AppendCarried] wrote. Slices are of b.
func Carried(b []byte, e *Event) error {
	d := decoder{b: b}
	hit, index := d.number(1<<64-1), d.number(1<<32-1)
	if d.bad || hit == 0 {
		return errEncoding
	}
	e.Name = Name{Hit: hit, Event: uint32(index)}
	return decodeEvent(e, d.b)
}

// flags are what is so of an event: 1, it was taken from elsewhere.
func flags(taken bool) byte {
	if taken {
		return 1
	}
	return 0
}

func milli(t time.Time) uint64 { return uint64(min(max(t.UnixMilli(), 0), lastMilli)) }

func appendBytes[S string | []byte](b []byte, s S) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decoder reads an encoded event. After bytes that are none everything is zero.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) number(most uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > most || n > 1 && d.b[n-1] == 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) bytes() []byte { return d.take(int(d.number(MaxEvent))) }

// The latest time and the longest span that an event has, in milliseconds.
const (
	lastMilli = 1<<48 - 1
	mostMilli = 1 << 40
)

// head is what a start needs of an event.
type head struct {
	vendor []byte
	time   int64 // milliseconds
	ttl    int64 // milliseconds
	order  uint64
	taken  bool
	reason []byte
	parked int64 // milliseconds
}

func (d *decoder) head() (h head) {
	h.vendor = d.bytes()
	h.time = int64(d.number(lastMilli))
	h.ttl = int64(d.number(mostMilli))
	if b := d.take(8); b != nil {
		h.order = binary.LittleEndian.Uint64(b)
	}
	h.taken = d.number(1) == 1
	if h.reason = d.bytes(); len(h.reason) > 0 {
		h.parked = int64(d.number(lastMilli))
	}
	return h
}

// decodeHead reads what a start needs of an event.
func decodeHead(b []byte) (head, error) {
	d := decoder{b: b}
	h := d.head()
	if d.bad {
		return head{}, errEncoding
	}
	return h, nil
}

// decodeEvent reads an event, all but its name. Slices are of b.
func decodeEvent(e *Event, b []byte) error {
	d := decoder{b: b}
	h := d.head()
	if e.Vendor != string(h.vendor) {
		e.Vendor = string(h.vendor)
	}
	e.Time, e.TTL = time.UnixMilli(h.time), time.Duration(h.ttl)*time.Millisecond
	e.Order, e.Taken = h.order, h.taken
	if e.reason, e.parked = string(h.reason), (time.Time{}); e.reason != "" {
		e.parked = time.UnixMilli(h.parked)
	}
	e.Role = d.bytes()
	e.Subjects = e.Subjects[:0]
	for range d.number(mostList) {
		if b := d.take(16); b != nil {
			e.Subjects = append(e.Subjects, [16]byte(b))
		}
	}
	e.Facts, e.Record, e.Key = d.bytes(), d.bytes(), d.bytes()
	e.Method, e.Path, e.Query = d.bytes(), d.bytes(), d.bytes()
	e.Headers = e.Headers[:0]
	for range d.number(mostList) {
		e.Headers = append(e.Headers, Header{d.bytes(), d.bytes()})
	}
	e.Body = slices.Clip(d.b)
	if d.bad {
		return errEncoding
	}
	return nil
}

// Reason is why an event that was read is parked; "" where it is not. Since is since when.
func (e *Event) Reason() (reason string, since time.Time) { return e.reason, e.parked }
