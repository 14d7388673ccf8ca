package objection

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// An act on the log of an order is
//
//	format, 1 byte
//	kind, 1 byte
//	of a batch: idempotency key, its digest, how many changes, each as an entry of the change log that has no number;
//	    1 and file and line of an import's progress, or 0; tallies
//	of follows: how many, each the lead, those seen, the site, the time
//	of keeps: how many, each the subject, 1 for a browser's, the site, the time
//	of an expiry: nothing
//	of a probe: whom it is reported to
//
// A time that nobody said is left out (zero): it is when the log took the act.
const actFormat = 1

// The kinds of acts. The numbers are on the log: they stay.
const (
	actBatch = 1 + iota
	actFollows
	actKeeps
	actExpire
	actProbe
)

// mostAct is how long an act may be: what travels in one message of the log.
const mostAct = 256 << 10

// ErrLong says that a batch is too long to be shared at once.
var ErrLong = fmt.Errorf("it is more than %d KiB at once for the nodes of a cluster: send it in parts", mostAct>>10)

// shared tells whether a request is an act that all stores of an order do. What a store keeps to tell others of, and
// what became of that, is its own.
func (r *request) shared() bool {
	return r.batch != nil || r.follows != nil || r.keeps != nil || r.expire || r.probe != ""
}

// actBytes are a request's bytes. The error is [ErrLong].
func (r *request) actBytes() (b []byte, err error) {
	switch {
	case r.batch != nil:
		b = r.batch.appendAct(append(b, actFormat, actBatch))
	case r.follows != nil:
		b = binary.AppendUvarint(append(b, actFormat, actFollows), uint64(len(r.follows)))
		for i := range r.follows {
			f := &r.follows[i]
			b = appendSubjects(f.Lead.append(b), f.Seen)
			b = appendTime(appendText(b, f.Site), f.Time)
		}
	case r.keeps != nil:
		b = binary.AppendUvarint(append(b, actFormat, actKeeps), uint64(len(r.keeps)))
		for i := range r.keeps {
			k := &r.keeps[i]
			b = appendFlag(k.Subject.append(b), k.Browser)
			b = appendTime(appendText(b, k.Site), k.Time)
		}
	case r.probe != "":
		b = appendText(append(b, actFormat, actProbe), r.probe)
	default:
		b = append(b, actFormat, actExpire)
	}
	if len(b) > mostAct {
		return nil, ErrLong
	}
	return b, nil
}

func (b *Batch) appendAct(to []byte) []byte {
	to = append(appendText(to, b.Key), b.Digest[:]...)
	to = binary.AppendUvarint(to, uint64(len(b.Changes)))
	for i := range b.Changes {
		entry := Recorded{Change: b.Changes[i]}
		if !entry.Change.dated {
			entry.Change.Time = time.Time{}
		}
		bytes := entry.append(nil)
		to = append(binary.AppendUvarint(to, uint64(len(bytes))), bytes...)
	}
	if to = appendFlag(to, b.Progress != nil); b.Progress != nil {
		to = binary.AppendUvarint(appendText(to, b.Progress.File), b.Progress.Line)
	}
	to = binary.AppendUvarint(to, uint64(len(b.Tallies)))
	for i := range b.Tallies {
		t := &b.Tallies[i]
		to = appendTexts(appendFlag(to, t.Withdrawn), t.Scopes)
		to = appendText(appendText(appendText(to, t.Source), t.Site), t.Campaign)
		to = binary.AppendUvarint(to, t.Times)
	}
	return to
}

func appendFlag(b []byte, set bool) []byte {
	if set {
		return append(b, 1)
	}
	return append(b, 0)
}

// errAct says that an act cannot be read. It was not a store that wrote it.
var errAct = errors.New("an act of the log cannot be read")

// parseAct reads an act's bytes, checks what it says as it was checked when somebody asked for it, and makes a request
// of it. Where what it says is wrong for a store of today, the request holds why: it will be answered with that, and
// nothing else is done. An error is [ErrNewer], or that the bytes are nobody's.
func parseAct(of *Ordered) (*request, error) {
	b := of.Body
	switch {
	case len(b) > 0 && b[0] > actFormat, len(b) > 1 && b[0] == actFormat && b[1] > actProbe:
		return nil, ErrNewer
	case len(b) < 2 || b[0] != actFormat || len(b) > mostAct:
		return nil, errAct
	}
	d := decoder{rest: b[2:]}
	r := &request{done: make(chan struct{})}
	switch b[1] {
	case actBatch:
		r.batch = d.batch()
		if r.batch != nil && r.batch.Key == "" { // what comes twice is done once
			r.batch.Key = "act " + hex.EncodeToString(of.ID[:])
		}
	case actFollows:
		r.follows = make([]Follow, d.count(3*16+4))
		for i := range r.follows {
			r.follows[i] = Follow{Lead: d.subject(), Seen: d.subjects(), Site: d.text(), Time: d.said()}
		}
	case actKeeps:
		r.keeps = make([]Keep, d.count(3*16+4))
		for i := range r.keeps {
			r.keeps[i] = Keep{Subject: d.subject(), Browser: d.flag(), Site: d.text(), Time: d.said()}
		}
	case actExpire:
		r.expire = true
	case actProbe:
		if r.probe = d.text(); r.probe == "" || len(r.probe) > mostProbe {
			d.fail()
		}
	default:
		d.fail()
	}
	if d.bad || len(d.rest) > 0 {
		return nil, errAct
	}
	r.check(of.At.UTC())
	return r, nil
}

// check puts what a request asks for into the form in which it is done at a time, or notes why it is not done.
func (r *request) check(at time.Time) {
	switch {
	case r.batch != nil:
		r.wrong = normalise(r.batch, at)
	case r.follows != nil:
		r.follows, r.wrong = rightFollows(r.follows, at)
	case r.keeps != nil:
		r.keeps, r.wrong = rightKeeps(r.keeps, at)
	}
}

// batch takes a batch off; nil where it cannot be read.
func (d *decoder) batch() *Batch {
	b := &Batch{Key: d.text()}
	copy(b.Digest[:], d.bytes(32))
	b.Changes = make([]Change, d.count(3))
	for i := range b.Changes {
		entry, err := parseEntry(d.bytes(d.uvarint()))
		done := entry.Seq != 0 || !entry.Time.IsZero() || entry.InForce != nil || entry.Each != nil || entry.Gone != nil
		if err != nil || done {
			d.fail()
			return nil
		}
		if b.Changes[i] = entry.Change; entry.Change.Decide != nil {
			b.Changes[i].Decide.Subjects, b.Changes[i].Decide.Made = nil, time.Time{}
		}
		if said := &b.Changes[i].Time; said.IsZero() {
			*said = time.Time{}
		}
	}
	if d.flag() {
		b.Progress = &Progress{File: d.text(), Line: d.uvarint()}
	}
	b.Tallies = make([]Tally, d.count(6))
	for i := range b.Tallies {
		b.Tallies[i] = Tally{
			Withdrawn: d.flag(), Scopes: d.texts(), Source: d.text(), Site: d.text(), Campaign: d.text(), Times: d.uvarint(),
		}
	}
	return b
}

// said takes a time off that somebody may have said; zero where nobody did.
func (d *decoder) said() time.Time {
	t := d.time()
	if t.IsZero() {
		return time.Time{}
	}
	return t
}

// flag takes off what is 1 or 0.
func (d *decoder) flag() bool {
	b := d.form()
	d.bad = d.bad || b > 1
	return b == 1
}
