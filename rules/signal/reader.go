package signal

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// Note tells where a signal was found and what it contributed; says is in words, never the raw value.
type Note func(source Kind, where string, state State, says string)

// Reader reads the signals that one site lists. It is immutable.
type Reader struct {
	gpc, dnt bool
	iab      listedStrings
	sources  []reader
	names    []string     // of the categories, by number
	modes    []Categories // by storage type of consent mode, listed or not
	mapped   bool         // the site says which
	perEvent bool
	uspr     bool     // iubenda is listed: its record of choices in US states is read, too
	receipts int      // place of that source among sources, counted from 1; 0: it is not listed
	number   int      // of the reader among those that share a memo
	chosen   *payload // how the ids of an SDK's consent object are read, listed or not
}

// reader is one source that speaks of categories. Exactly one of its parts is set, a date aside; none for receipts.
type reader struct {
	kind     Kind
	own      *own
	modes    []Categories // consent mode: by storage type
	platform *platform
	payload  *payload
	date     *ownDate // of own, where the site says where it is
}

// NewReader makes a reader. Number gives each consent category its number in the policy.
func NewReader(sources []Source, number map[string]int) (*Reader, error) {
	r := &Reader{names: make([]string, len(number))}
	for name, n := range number {
		r.names[n] = name
	}
	var err error
	if r.modes, err = newModes(nil, number); err != nil {
		return nil, err
	}
	if r.chosen, err = newPayload(new(Source), number); err != nil {
		return nil, err
	}
	for i := range sources {
		if err := r.add(&sources[i], number); err != nil {
			return nil, err
		}
	}
	if len(r.sources) > MaxSources {
		return nil, fmt.Errorf("signals: at most %d sources can be listed", MaxSources)
	}
	return r, nil
}

func (r *Reader) add(s *Source, number map[string]int) (err error) {
	next := reader{kind: s.Kind}
	switch s.Kind {
	case GPC:
		r.gpc = true
		return nil
	case DNT:
		r.dnt = true
		return nil
	case TransparencyConsent:
		r.iab.tcf, r.iab.tcfCookie = true, s.Settings.Cookie
		return nil
	case PrivacyPlatform:
		r.iab.gpp, r.iab.gppCookie = true, s.Settings.Cookie
		return nil
	case USPrivacy:
		r.iab.usp = true
		return nil
	case AdditionalConsent:
		r.iab.ac, r.iab.acCookie = true, s.Settings.Cookie
		return nil
	case Platform(cmp.GoogleFC):
		r.iab.funding = true
		return nil
	case ConsentMode:
		next.modes, err = newModes(s.Categories, number)
		r.modes, r.mapped, r.perEvent = next.modes, s.Categories != nil, true
	case Own:
		next.own, err = newOwn(s, number)
		r.perEvent = r.perEvent || err == nil && next.own.body != nil
		if err == nil {
			next.date, err = newOwnDate(s)
		}
	case Receipts:
		r.receipts = len(r.sources) + 1
	case Payload:
		next.payload, err = newPayload(s, number)
		r.chosen, r.perEvent = next.payload, true
	default:
		c, ok := s.Kind.CMP()
		if !ok {
			return fmt.Errorf("signals: source %q cannot be read", s.Kind)
		}
		next.platform, err = newPlatform(s, c, number)
		r.uspr = r.uspr || c == cmp.Iubenda
	}
	r.sources = append(r.sources, next)
	return err
}

// Numbered gives the reader a number that no other has with whom it shares a memo ([Ask]).
func (r *Reader) Numbered(number int) { r.number = number }

// PerEvent tells whether events of the hit may say different things.
func (r *Reader) PerEvent(h *hit.Hit) bool { return r.perEvent || r.iab.any() && len(h.Claims) > 0 }

// InHead tells whether headers and cookies alone show all that is read: no source stands in a hit's query or body.
func (r *Reader) InHead() bool {
	if r.receipts > 0 { // they stand by identifiers, which may be in the body
		return false
	}
	for i := range r.sources {
		from := &r.sources[i]
		if from.modes != nil || from.payload != nil || from.own != nil && (from.own.query != "" || from.own.body != nil) {
			return false
		}
	}
	return !r.iab.any()
}

// Hit reads into s what belongs to the whole hit: headers, cookies, query.
func (r *Reader) Hit(h *hit.Hit, s *Signals, ask *Ask, note Note) {
	ask.jar.gather(&h.Request)
	*s = Signals{N: uint8(len(r.sources))}
	if r.gpc {
		s.GPC = flag(h, note, GPC, headerGPC)
	}
	if r.dnt {
		s.DNT = flag(h, note, DNT, "DNT", "X-Do-Not-Track")
	}
	for i := range r.sources {
		from := &r.sources[i]
		said := &s.Sources[i]
		said.Kind = from.kind
		switch {
		case from.own != nil && from.own.body == nil:
			said.merge(r.own(i, h, ask))
			from.date.heed(h, ask, said)
			r.tell(note, said, from.own.where)
		case from.platform != nil:
			reading := r.platform(i, ask)
			statement := reading.statement()
			said.merge(reading.said)
			if r.gpc && statement.GPC == cmp.Yes { // a platform's copy of the browser's signal
				s.GPC = Valid
			}
			said.dated(&statement, ask.Now)
			r.tell(note, said, from.platform.where)
		case from.payload != nil:
			shared, sold := from.payload.read(h, hit.Shared)
			said.merge(shared)
			said.merge(from.payload.withdrawn(h))
			s.Payload.merge(sold)
		case from.modes != nil:
			ask.mode = modeReading{}
			ask.mode.claims(h, hit.Shared)
		}
	}
	if r.iab.any() || r.uspr {
		f := finding{r, s, ask, note}
		f.hit(h)
		f.absent()
	}
	if r.gpc && s.GPP.GPC {
		s.GPC = Valid
	}
}

// Event adds to s, which is what the whole hit says, what belongs to one event, and to
// the hit as far as its fields are shared.
func (r *Reader) Event(h *hit.Hit, event int32, s *Signals, ask *Ask, note Note) {
	for i := range r.sources {
		from := &r.sources[i]
		switch {
		case from.modes != nil:
			mode := ask.mode
			mode.claims(h, event)
			s.Sources[i] = mode.said(from.modes)
			r.tell(note, &s.Sources[i], "gcs, gcd, npa")
		case from.own != nil && from.own.body != nil:
			s.Sources[i].merge(from.own.event(h, event))
			from.date.heed(h, ask, &s.Sources[i])
			r.tell(note, &s.Sources[i], from.own.where)
		case from.payload != nil:
			said, sold := from.payload.read(h, event)
			s.Sources[i].merge(said)
			s.Payload.merge(sold)
			r.tell(note, &s.Sources[i], "event")
		}
	}
	if r.iab.any() {
		f := finding{r, s, ask, note}
		f.event(h, event)
	}
}

// SaysOne tells whether a field's value is exactly "1" (W3C GPC, section 3.2), or a list of values of which one is: so
// whoever merges the fields of one name writes them (RFC 9110, section 5.3).
func SaysOne(value []byte) bool {
	for more := true; more; {
		var one []byte
		if one, value, more = bytes.Cut(value, []byte{','}); string(bytes.TrimSpace(one)) == "1" {
			return true
		}
	}
	return false
}

// saysNothing tells whether a field's value is empty or 0, or a list of such: that is no signal.
func saysNothing(value []byte) bool {
	for more := true; more; {
		var one []byte
		one, value, more = bytes.Cut(value, []byte{','})
		if text := string(bytes.TrimSpace(one)); text != "" && text != "0" {
			return false
		}
	}
	return true
}

// OptOutHeader reads one more field of a header by which a browser opts out; before is what those before it say:
// [Valid] where one says 1, [Malformed] where none does and one cannot be read: it may be an opt-out.
func OptOutHeader(before State, value []byte) State {
	switch {
	case before == Valid, SaysOne(value):
		return Valid
	case saysNothing(value):
		return before
	default:
		return Malformed
	}
}

// headerSays reads the fields of a name in a request.
func headerSays(r *hit.Request, name string) State {
	state := Absent
	for value := range r.Header(name) {
		state = OptOutHeader(state, value)
	}
	return state
}

// SendsGPC tells whether the browser itself sends Global Privacy Control with a request. What a platform noted of it
// earlier is not that.
func SendsGPC(r *hit.Request) bool { return headerSays(r, headerGPC) == Valid }

const headerGPC = "Sec-GPC"

// flag reads a header that either says 1 or nothing; the same is done for DNT. Of two, the protective one holds: a 1
// before what cannot be read, and that before nothing.
func flag(h *hit.Hit, note Note, kind Kind, names ...string) State {
	state, where := Absent, names[0]
	for _, name := range names {
		switch found := headerSays(&h.Request, name); {
		case found == Absent, state == Valid:
		default:
			state, where = found, name
		}
	}
	if note != nil {
		note(kind, "header "+where, state, flagSays[state])
	}
	return state
}

// flagSays is what a header that says 1 or nothing says, by how it was found.
var flagSays = [...]string{Absent: "nothing", Valid: "opt-out", Malformed: "cannot be read: taken for an opt-out"}

func (r *Reader) tell(note Note, said *SourceReading, where string) {
	if note == nil {
		return
	}
	var words []string
	list := func(what string, c Categories) {
		for n := range c.All {
			words = append(words, what+" "+r.names[n])
		}
	}
	list("grants", said.Granted)
	list("refuses", said.Declined)
	list("withholds", said.Refused&^said.Declined)
	list("unclear on", said.Doubt)
	list("objects to", said.Objected)
	if said.Service != NotRefused {
		words = append(words, said.Service.String())
	}
	if len(words) == 0 {
		words = []string{"nothing"}
	}
	note(said.Kind, where, said.State, strings.Join(words, ", "))
}
