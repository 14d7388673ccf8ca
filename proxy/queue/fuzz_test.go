package queue

import (
	"bytes"
	"testing"
)

// FuzzEvent: what is read as an event is written as the same bytes, and nothing else is read.
func FuzzEvent(f *testing.F) {
	e := event(7)
	f.Add(appendEvent(nil, &e))
	e.reason, e.parked = "refused", e.Time
	f.Add(appendEvent(nil, &e))
	f.Add(appendEvent(nil, &Event{}))
	f.Add([]byte{})
	f.Add(withReserved(1))
	f.Add([]byte{0x80, 0x00})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Event
		err := decodeEvent(&e, b)
		h, headErr := decodeHead(b)
		if err != nil {
			return
		}
		if headErr != nil || string(h.vendor) != e.Vendor || h.order != e.Order {
			t.Errorf("the head says %+v: %v", h, headErr)
		}
		if again := appendEvent(nil, &e); !bytes.Equal(again, b) {
			t.Errorf("%x is read, and written as %x", b, again)
		}
	})
}

// FuzzFrame: no bytes are taken for a frame that were not sealed as one.
func FuzzFrame(f *testing.F) {
	aead, err := newAEAD(new([32]byte))
	if err != nil {
		f.Fatal(err)
	}
	e := event(7)
	h := frameHead{3, 4, 5, e.Name, false}
	doubted := frameHead{3, 6, 5, e.Name, true}
	frame := new(sealer).seal(nil, aead, &h, &e)[framing:]
	other := new(sealer).seal(nil, aead, &doubted, &e)[framing:]
	f.Add(other)
	f.Add(frame)
	f.Add(frame[:headLength])
	f.Add(append(bytes.Clone(frame), frame...))
	f.Fuzz(func(t *testing.T, b []byte) {
		headsIn(b, true)
		there, sealed, ok := readFrame(b)
		if !ok {
			return
		}
		var nonce [12]byte
		text := bytes.Clone(b)
		_, err := open(aead, &nonce, &there, text, text[headLength:len(text)-headLength])
		if err == nil && !bytes.Equal(b, frame) && !bytes.Equal(b, other) {
			t.Errorf("%x was opened, of %d sealed bytes", b, len(sealed))
		}
	})
}

// FuzzNotes: what is read as notes is whole.
func FuzzNotes(f *testing.F) {
	q := opened(f, options(f.TempDir(), &diary{}, newClock()))
	add(f, q, event(3), event(6))
	it, _ := q.Next("ga4", Due)
	_ = q.End(nil, it)
	q.mu.Lock()
	b := appendNotes(17, q.waiting, q.parked)
	q.mu.Unlock()
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Add([]byte(notesMark))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := decodeNotes(b)
		if err == nil && len(b) > 0 && string(b[:4]) != notesMark || err != nil && n.record != 0 {
			t.Errorf("%x: %+v, %v", b, n, err)
		}
	})
}

// withReserved is an event whose flags are others.
func withReserved(b byte) []byte {
	e := event(7)
	text := appendEvent(nil, &e)
	h := decoder{b: text}
	h.bytes()
	h.number(lastMilli)
	h.number(mostMilli)
	text[len(text)-len(h.b)+8] = b
	return text
}

// TestFlagsAreKnown: it was taken from elsewhere or not; nobody has written anything else, and what has it is not read.
func TestFlagsAreKnown(t *testing.T) {
	for b := range 256 {
		err := decodeEvent(new(Event), withReserved(byte(b)))
		if _, headErr := decodeHead(withReserved(byte(b))); (err == nil) != (b <= 1) || (headErr == nil) != (b <= 1) {
			t.Errorf("%d: %v, %v", b, err, headErr)
		}
	}
}
