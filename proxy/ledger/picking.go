package ledger

import (
	"time"

	"github.com/tidwall/gjson"
)

// picking finds what goes of a segment, record by record.
type picking struct {
	going
	of     *Erasing
	fact   []pick   // records of one fact, which has several
	why    int      // for which they go; -1: they stay
	absent []uint64 // records whose lines are not there
}

// record looks at a record; line is nil where its line is not there.
func (p *picking) record(number uint64, line []byte) {
	if line == nil {
		p.flush()
		p.absent = append(p.absent, number)
		return
	}
	if string(kindOf(line)) != KindEvent {
		p.flush()
		if p.of.Others != nil {
			p.of.Others(line)
		}
		return
	}
	part := gjson.GetBytes(line, "part").Int()
	why := p.of.Picks(line)
	if part <= 1 {
		p.flush()
		p.why = -1
	}
	if part == 0 && why < 0 {
		return
	}
	p.fact = append(p.fact, pick{number, pickedIn(line)})
	if len(p.fact) > 1 { // what names the event's way stands in the first one
		p.fact[len(p.fact)-1].of = p.fact[0].of
	}
	p.why = max(p.why, why)
}

// flush ends a fact.
func (p *picking) flush() {
	if len(p.fact) > 0 && p.why >= 0 {
		p.by[p.why] = append(p.by[p.why], p.fact...)
	}
	p.fact, p.why = p.fact[:0], -1
}

// pickedIn is what a record says of its event.
func pickedIn(line []byte) Picked {
	said := gjson.GetManyBytes(line, "hit", "event", "time", "queued", "decision")
	at, _ := time.Parse(time.RFC3339Nano, said[2].Str)
	return Picked{said[0].Uint(), int(said[1].Int()), at, said[3].Bool(), said[4].Str == "permit"}
}
