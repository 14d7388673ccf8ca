package ledger

import (
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"
)

// Exchange is events of hits that are about to be sent together.
type Exchange struct {
	Vendor string
	Hits   []ExchangedHit
}

// ExchangedHit is the events of one hit among them, by their index in the hit.
type ExchangedHit struct {
	Hit    uint64
	Events []int
}

// Attempt records that events are about to be sent, and may not be sent twice. When it returns nil, that is on disk.
// Where wait is given, it is called before that is waited for: whoever brings much to disk at once does so there.
func (l *Ledger) Attempt(x *Exchange, wait func()) error {
	if err := l.refused(false); err != nil {
		return err
	}
	lines := l.lines.Get().(*Lines)
	defer l.GiveBack(lines)
	lines.b = lines.b[:0]
	lines.attempt(l.opts.Now(), x, part{salt: l.salts.next()})
	if len(lines.b) > longestLine {
		return l.put(synced, entry{KindAttempt, x})
	}
	ticket, err := l.writer.Add(lines.b, 1)
	if err != nil {
		return err
	}
	if wait != nil {
		wait()
	}
	return ticket.Synced()
}

// attempt writes the record, byte for byte as zap's encoder does.
func (l *line) attempt(at time.Time, x *Exchange, of part) {
	l.begin(at, KindAttempt)
	l.text("vendor", x.Vendor)
	l.exchanged(x.Hits)
	l.end(&of)
}

// exchanged writes a list for each hit: its number, and the indices of its events.
func (l *line) exchanged(hits []ExchangedHit) {
	l.key("of")
	l.b = append(l.b, '[')
	for i := range hits {
		if i > 0 {
			l.b = append(l.b, ',')
		}
		l.b = strconv.AppendUint(append(l.b, '['), hits[i].Hit, 10)
		for _, event := range hits[i].Events {
			l.b = strconv.AppendInt(append(l.b, ','), int64(event), 10)
		}
		l.b = append(l.b, ']')
	}
	l.b = append(l.b, ']')
}

// MarshalLogObject writes the members: of is a list for each hit, its number and the indices of its events.
func (x *Exchange) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "vendor", x.Vendor)
	return to.AddArray("of", exchangedHits(x.Hits))
}

func (x *Exchange) items() (n int) {
	for i := range x.Hits {
		n += len(x.Hits[i].Events)
	}
	return n
}

// halve makes two records of one that is too long for a line. Of one hit, the events.
func (x *Exchange) halve() (first, rest divisible) {
	a, b := *x, *x
	if n := len(x.Hits) / 2; n > 0 {
		a.Hits, b.Hits = x.Hits[:n], x.Hits[n:]
		return &a, &b
	}
	one := x.Hits[0]
	n := len(one.Events) / 2
	a.Hits = []ExchangedHit{{one.Hit, one.Events[:n]}}
	b.Hits = []ExchangedHit{{one.Hit, one.Events[n:]}}
	return &a, &b
}

type exchangedHits []ExchangedHit

// MarshalLogArray writes them.
func (all exchangedHits) MarshalLogArray(to zapcore.ArrayEncoder) error {
	for i := range all {
		if err := to.AppendArray((*exchangedHit)(&all[i])); err != nil {
			return err
		}
	}
	return nil
}

type exchangedHit ExchangedHit

// MarshalLogArray writes the number of the hit, and the indices of its events.
func (h *exchangedHit) MarshalLogArray(to zapcore.ArrayEncoder) error {
	to.AppendUint64(h.Hit)
	for _, event := range h.Events {
		to.AppendInt(event)
	}
	return nil
}
