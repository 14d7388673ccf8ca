package stream

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// position is how far records were taken.
type position struct {
	next uint64            // the number behind the last one
	last [sha256.Size]byte // the hash of its line; zero: nobody knows
}

// written is a position as it is kept.
type written struct {
	Next *uint64 `json:"next"`
	Last string  `json:"last,omitempty"`
}

// mostPosition is how long a position is at most, in bytes.
const mostPosition = 1 << 10

var errPosition = errors.New("this is no position: {\"next\":17} is")

// text is how it is written down.
func (p position) text() []byte {
	of := written{Next: &p.next}
	if p.last != [sha256.Size]byte{} {
		of.Last = hex.EncodeToString(p.last[:])
	}
	text, err := json.Marshal(of)
	if err != nil {
		panic("BUG: a position is no JSON: " + err.Error())
	}
	return append(text, '\n')
}

// parsePosition reads one, in the one form that is written.
func parsePosition(text []byte) (p position, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var of written
	if err := d.Decode(&of); err != nil || of.Next == nil {
		return position{}, errPosition
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return position{}, errPosition
	}
	p.next = *of.Next
	if of.Last != "" {
		last, err := hex.DecodeString(of.Last)
		if err != nil || len(last) != len(p.last) {
			return position{}, errPosition
		}
		copy(p.last[:], last)
	}
	if !bytes.Equal(p.text(), text) {
		return position{}, errPosition
	}
	return p, nil
}

// begin finds where to begin: where it was, or at a start without a position where it is told to. A position that
// cannot be read has all be sent again that it may be behind by.
func (f *Follower) begin() {
	file, err := os.Open(f.opts.File)
	if errors.Is(err, fs.ErrNotExist) {
		f.next, f.taken.next = f.opts.Begin, f.opts.Begin
		f.state.Next = f.next
		return
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(file, mostPosition+1))
		err = errors.Join(err, file.Close())
	}
	if err == nil {
		f.taken, err = parsePosition(text)
	}
	if err != nil {
		f.taken = position{}
		f.opts.Report(fmt.Errorf("how far records were sent cannot be read, they are sent again: %s: %w", f.opts.File, err))
	} else {
		f.kept = f.taken
	}
	f.next, f.state.Next = f.taken.next, f.taken.next
}

// errOther says that what was sent is not of this log.
var errOther = errors.New(
	"the log is not the one whose records were sent: it was restored, or replaced; what it holds is sent again")

// hold holds the position against the log: of another one, that was accepted in its place, everything is new.
func (f *Follower) hold() {
	synced := f.opts.Synced()
	other := f.taken.next > synced
	if !other && f.taken.next > 0 && f.taken.last != [sha256.Size]byte{} {
		r := ledger.Read(f.opts.Dir, f.taken.next-1)
		if r.NextBelow(synced) {
			number, known := r.Number()
			other = known && number == f.taken.next-1 && sha256.Sum256(r.Record()) != f.taken.last
		}
		_ = r.Close() // it was read only
	}
	if other {
		f.opts.Report(errOther)
		f.taken, f.next, f.told = position{}, 0, 0
	}
}

// keep writes down how far it came, where that is due.
func (f *Follower) keep(now bool) {
	at := f.opts.Now()
	if since := at.Sub(f.saved); f.taken == f.kept || !now && since >= 0 && since < keepEvery {
		return
	}
	f.saved = at
	if err := f.opts.Files.Replace(f.opts.File, f.taken.text(), 0o600); err != nil {
		f.opts.Report(fmt.Errorf("how far records were sent cannot be kept: %w", err))
		return
	}
	f.kept = f.taken
}
