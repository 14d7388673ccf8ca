package signal

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// MaxCookie is the longest cookie value that is looked at, in bytes.
const MaxCookie = 4096

// Note tells where a signal was found and what it contributed; says is in words, never the raw value.
type Note func(source Kind, where string, state State, says string)

// Reader reads the signals that one site lists. It is immutable.
type Reader struct {
	gpc, dnt bool
	sources  []reader
	names    []string // of the categories, by number
	perEvent bool
}

type reader struct {
	kind  Kind
	own   *own
	modes []Categories // consent mode: by storage type
}

// NewReader makes a reader. Number gives each consent category its number in the policy.
func NewReader(sources []Source, number map[string]int) (*Reader, error) {
	r := &Reader{names: make([]string, len(number))}
	for name, n := range number {
		r.names[n] = name
	}
	for i := range sources {
		s := &sources[i]
		switch s.Kind {
		case GPC:
			r.gpc = true
		case DNT:
			r.dnt = true
		case ConsentMode:
			modes, err := newModes(s.Categories, number)
			if err != nil {
				return nil, err
			}
			r.sources = append(r.sources, reader{kind: ConsentMode, modes: modes})
			r.perEvent = true
		case Own:
			o, err := newOwn(s, number)
			if err != nil {
				return nil, err
			}
			r.sources = append(r.sources, reader{kind: Own, own: o})
			r.perEvent = r.perEvent || o.body != nil
		default:
			return nil, fmt.Errorf("signals: source %q cannot be read", s.Kind)
		}
	}
	if len(r.sources) > MaxSources {
		return nil, fmt.Errorf("signals: at most %d sources can be listed", MaxSources)
	}
	return r, nil
}

// PerEvent tells whether events of one hit may say different things.
func (r *Reader) PerEvent() bool { return r.perEvent }

// Hit reads what belongs to the whole hit: headers, cookies, query.
func (r *Reader) Hit(h *hit.Hit, note Note) Signals {
	s := Signals{N: uint8(len(r.sources))}
	if r.gpc {
		s.GPC = flag(h, note, GPC, "Sec-GPC")
	}
	if r.dnt {
		s.DNT = flag(h, note, DNT, "DNT", "X-Do-Not-Track")
	}
	for i := range r.sources {
		from := &r.sources[i]
		s.Sources[i].Kind = from.kind
		if from.own != nil && from.own.body == nil {
			s.Sources[i].merge(from.own.hit(h))
			r.tell(note, &s.Sources[i], from.own.where)
		}
	}
	return s
}

// Event reads what belongs to one event, and to the hit as far as its fields are shared, on top of what the whole hit says.
func (r *Reader) Event(h *hit.Hit, event int32, whole Signals, note Note) Signals {
	s := whole
	for i := range r.sources {
		from := &r.sources[i]
		switch {
		case from.modes != nil:
			s.Sources[i].merge(from.consentMode(h, event))
			r.tell(note, &s.Sources[i], "gcs, gcd")
		case from.own.body != nil:
			s.Sources[i].merge(from.own.event(h, event))
			r.tell(note, &s.Sources[i], from.own.where)
		}
	}
	return s
}

// flag reads a header that is either exactly "1" or says nothing (W3C GPC, section 3.2; the same is done for DNT). Of two, the
// protective one holds.
func flag(h *hit.Hit, note Note, kind Kind, names ...string) State {
	state, where := Absent, names[0]
	for _, name := range names {
		for value := range h.Request.Header(name) {
			if where = name; string(bytes.TrimSpace(value)) == "1" {
				state = Valid
			}
		}
	}
	if note != nil {
		says := "nothing"
		if state == Valid {
			says = "opt-out"
		}
		note(kind, "header "+where, state, says)
	}
	return state
}

func (r *Reader) tell(note Note, said *Said, where string) {
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
	list("refuses", said.Refused)
	list("unclear on", said.Doubt)
	if len(words) == 0 {
		words = []string{"nothing"}
	}
	note(said.Kind, where, said.State, strings.Join(words, ", "))
}

// cookies yields the values of every cookie of that name in every Cookie header, as on the wire (RFC 6265, section 4.2).
func cookies(h *hit.Hit, name string) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for header := range h.Request.Header("Cookie") {
			for len(header) > 0 {
				pair, rest, _ := bytes.Cut(header, []byte{';'})
				header = rest
				key, value, found := bytes.Cut(bytes.Trim(pair, " \t"), []byte{'='})
				if found && string(bytes.Trim(key, " \t")) == name && !yield(bytes.Trim(value, " \t")) {
					return
				}
			}
		}
	}
}
