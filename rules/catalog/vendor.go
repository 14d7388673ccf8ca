package catalog

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/names"
)

// Vendor is a [File] made ready to read hits with. It is immutable.
type Vendor struct {
	File      *File
	Fields    []FieldInfo
	Endpoints []Endpoint
	Cookies   []CookieInfo

	Seals bool // a field is a checksum or signature over others

	states    []state
	standings []standing // by state
	names     *names.Table
	extra     []string // fields that it was compiled with beside the file's
	closed    fieldSet // of which nothing travels under any activity (see Vendor.Close)

	headers   []HeaderInfo
	variables Variables
	rows      []row // of what it is told of choices
	mayBe     func() []MayBe
}

// Endpoint is one address of the vendor, ready to read hits with.
type Endpoint struct {
	ID         string
	Methods    []string
	Path       Pattern
	Host       string
	Kind       Kind
	Body       []codec.Stack
	Types      []string
	Carry      Carry // how the visitor's address may be handed on; the zero Carry: not at all
	CarryField int32 // the field that Carry.Field names, or hit.None
	Success    AnswerFile
	Denied     AnswerFile
	Instead    []Instead
	Relay      []int      // statuses at which the vendor's body is handed on
	Indices    [][]string // where that body counts events, as segments of paths: a name, "*" for any, "[]" for an element
	Taken      string     // where the vendor's answer says how many events it took
	Locations  int        // how many event locations there are
	Limits     Limits     // what a hit may hold, in place of the general limits
	Batches    bool       // events come in lists
	Merge      *Merge     // how events of several hits travel in one request; nil: each alone

	Headers  []HeaderInfo
	Asks     bool    // an event that has none of them is none of the vendor's
	Required []int32 // fields, of events and around them, without which the vendor refuses an event here
	Apart    []int32 // those of them that it asks for here and not everywhere, nor at its first endpoint

	State []Statement // what the vendor is told of choices, in the order of the file's rows

	First, Around, End int32 // its fields, but for the vendor's headers; those from Around on stand around its events

	Repeats Idempotency // how the vendor knows an event that comes again
	Ordered bool        // it cares for the order in which one person's events arrive

	query, body, fields int32 // states
	queryIsEvent        int16 // priority of the location "query", or hit.None
	queryShares         bool
	rules               []nameRule
}

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Compile makes a vendor ready. Extra are names of fields that a policy speaks of and the file may not know; names is
// the table of what names say (see [Names]). The error names the place in the file, "fields.cid: ...", and what
// would be right.
func Compile(f *File, extra []string, table *names.Table) (*Vendor, error) {
	if !idPattern.MatchString(f.ID) {
		return nil, fmt.Errorf("id: %q is no id: lower-case letters, digits and underscores make one", f.ID)
	}
	if err := f.TCF.check(f.IAB); err != nil {
		return nil, err
	}
	if err := checkStores(f.Stores); err != nil {
		return nil, err
	}
	v := &Vendor{File: f, names: table, extra: slices.Clone(extra)}
	b := &builder{names: table}
	b.state() // the state in which nothing is known
	if f.Family != "" && !idPattern.MatchString(f.Family) {
		return nil, fmt.Errorf("family: %q is no id of a catalog entry", f.Family)
	}
	var err error
	if v.headers, err = newHeaders(b, f.Headers); err != nil {
		return nil, err
	}
	if v.variables, err = newVariables(f.Variables); err != nil {
		return nil, err
	}
	if v.rows, err = newRows(f.State); err != nil {
		return nil, err
	}
	for i := range f.Cookies {
		info, err := newCookieInfo(&f.Cookies[i])
		if err != nil {
			return nil, err
		}
		v.Cookies = append(v.Cookies, info)
	}
	if len(f.Endpoints) == 0 {
		return nil, errors.New("endpoints: a vendor needs at least one")
	}
	for i := range f.Endpoints {
		e, err := v.endpoint(b, &f.Endpoints[i], extra)
		if err != nil {
			return nil, fmt.Errorf("endpoints.%s: %w", f.Endpoints[i].ID, err)
		}
		v.Endpoints = append(v.Endpoints, e)
		for _, path := range f.Endpoints[i].Paths {
			if e.Path, err = ParsePattern(path, v.variables); err != nil {
				return nil, fmt.Errorf("endpoints.%s: paths: %w", e.ID, err)
			}
			v.Endpoints = append(v.Endpoints, e)
		}
	}
	v.states, v.Fields = slices.Clone(b.states), slices.Clone(b.fields) // without the room to grow
	for i := range v.states {
		s := &v.states[i]
		s.members, s.keys = newLookup(s.exact), newLookup(s.flat)
		s.exact, s.flat = nil, nil
	}
	for i := range v.Fields {
		f := &v.Fields[i]
		f.opens = len(f.Open) > 0 || f.Names || placed[f.Class]
		v.Seals = v.Seals || f.Seals
	}
	v.standings = newStandings(v.states, v.Fields)
	for _, check := range []func() error{v.hosts, v.regions, v.areas, v.unread, v.stated, v.merges, v.repeated} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	v.mayBe = sync.OnceValue(v.findMayBe)
	return v, nil
}

// Of tells whether v is what [Compile] makes of the same with a table of names: those all say the same.
func (v *Vendor) Of(f *File, extra []string) bool {
	return v.File == f && v.names != nil && slices.Equal(v.extra, extra)
}

// Copy returns a vendor with a table of names of its own, whose fields are closed (see [Vendor.Close]) without closing
// those of v. All else is one for both.
func (v *Vendor) Copy(table *names.Table) *Vendor {
	other := *v
	other.closed, other.names = slices.Clone(v.closed), table
	other.mayBe = sync.OnceValue(other.findMayBe)
	return &other
}

func merged(base, over map[string]Field) map[string]Field {
	if len(over) == 0 {
		return base
	}
	all := make(map[string]Field, len(base)+len(over))
	maps.Copy(all, base)
	maps.Copy(all, over)
	return all
}

// endpoint makes an endpoint ready, and notes its fields.
func (v *Vendor) endpoint(b *builder, f *EndpointFile, extra []string) (Endpoint, error) {
	e, err := v.interchange(f)
	if err != nil {
		return e, err
	}
	first := len(b.fields)
	rules := f.Event
	if len(rules) == 0 {
		rules = v.File.Event
	}
	for _, step := range []func() error{
		func() error { return e.headers(b, v.headers, f.Headers) },
		func() error { return e.tables(b, v.File, f, extra) },
		func() error { return e.carried(b) },
		func() error { return e.repeats(b, v.File.Idempotency) },
		func() error { return e.statements(b, v.rows) },
		func() error { return e.required(b, v.File, f, first) },
		func() error { return e.locations(b, f) },
		func() error { return e.unread(f) },
		func() error { return e.names(b, rules) },
	} {
		if err := step(); err != nil {
			return e, err
		}
	}
	e.First, e.End = int32(first), int32(len(b.fields))
	b.bySchema()
	seen := make([]bool, len(b.states))
	seen[0] = true
	for _, root := range []int32{e.fields, e.query, e.body} {
		b.inherit(root, 0, seen)
	}
	return e, nil
}

// interchange reads what an endpoint takes and answers, all but its fields.
func (v *Vendor) interchange(f *EndpointFile) (Endpoint, error) {
	e := Endpoint{
		ID: f.ID, Methods: f.Methods, Host: f.Host, Types: f.Types, Success: f.Answer, Denied: f.Answer, Taken: f.Taken,
		Locations: len(f.Events), Limits: f.Limits, queryIsEvent: hit.None, CarryField: hit.None, Ordered: v.File.Ordered,
	}
	if f.Denied != nil {
		e.Denied = *f.Denied
	}
	if e.Host == "" {
		e.Host = "api"
	}
	var err error
	if e.Kind, err = parseKind(f.Kind); err != nil {
		return e, err
	}
	if e.Path, err = ParsePattern(f.Path, v.variables); err != nil {
		return e, fmt.Errorf("path: %w", err)
	}
	if len(f.Methods) == 0 {
		return e, errors.New("methods: at least one is needed")
	}
	if e.Body, err = parseStacks(f.Body); err != nil {
		return e, fmt.Errorf("body: %w", err)
	}
	if err := f.Limits.check(); err != nil {
		return e, err
	}
	e.Batches = batches(f, e.Body)
	if e.Success.Status == 0 || e.Denied.Status == 0 {
		return e, errors.New("answer: a status is needed, such as 204")
	}
	if err := e.answers(f); err != nil {
		return e, err
	}
	if e.Carry, err = carry(v.File.Carry, f.Carry); err != nil {
		return e, err
	}
	return e, e.merge(f)
}

// carried finds the field that the visitor's address is handed on in, where there is one.
func (e *Endpoint) carried(b *builder) error {
	if e.Carry.Field == "" {
		return nil
	}
	if e.CarryField = b.find(e.fields, e.Carry.Field); e.CarryField == hit.None {
		return fmt.Errorf("carry: %q is not among fields", e.Carry.Field)
	}
	return nil
}

// carry is how the address is handed on. It is the only value that a connection tells and a hit may not.
func carry(maps ...map[string]Carry) (Carry, error) {
	var chosen Carry
	for _, m := range maps {
		for class, c := range m {
			if class != hit.IP.String() {
				return chosen, fmt.Errorf("carry: %q cannot be carried: ip can", class)
			}
			chosen = c
		}
	}
	return chosen, nil
}

// tables makes the names known that stand in events, in the query and in the body around the events.
func (e *Endpoint) tables(b *builder, file *File, f *EndpointFile, extra []string) error {
	e.fields, e.query, e.body = b.state(), b.state(), b.state()
	fields := merged(file.Fields, f.Fields)
	if err := b.table(e.fields, fields, "fields"); err != nil {
		return err
	}
	for _, name := range extra {
		if err := b.extra(e.fields, name); err != nil {
			return err
		}
	}
	e.Around = int32(len(b.fields))
	inQuery, inBody := map[string]Field{}, map[string]Field{}
	for name, field := range merged(file.Request, f.Request) {
		if after, found := strings.CutPrefix(name, "?"); found {
			inQuery[after] = field
		} else {
			inBody[name] = field
		}
	}
	switch f.Query {
	case "event":
		e.queryShares = true
	case "":
	default:
		return fmt.Errorf("query: %q is nothing: \"event\" or nothing is right", f.Query)
	}
	if err := b.table(e.query, inQuery, "request"); err != nil {
		return err
	}
	return b.table(e.body, inBody, "request")
}

// find returns the field that stands under a name below root, going into what is opened on the way, or hit.None.
func (b *builder) find(root int32, name string) int32 {
	if to, ok := b.states[root].flat[name]; ok {
		return b.states[to].field
	}
	segments, err := split(name)
	if err != nil {
		return hit.None
	}
	at := root
	for _, s := range segments {
		if inner := b.states[at].inner; inner != 0 {
			at = inner
		}
		next, ok := b.states[at].exact[s], true
		switch s {
		case "[]":
			next = b.states[at].elem
		case "*":
			next = b.states[at].star
		default:
			for i := range b.states[at].likes {
				if like := &b.states[at].likes[i]; like.prefix+"*"+like.suffix == s {
					next, ok = like.to, true
				}
			}
		}
		if !ok || next == 0 {
			return hit.None
		}
		at = next
	}
	return b.states[at].field
}

// locations marks where the events are.
func (e *Endpoint) locations(b *builder, f *EndpointFile) error {
	for priority, location := range f.Events {
		root, rest, found := strings.Cut(location, ".")
		at := e.body
		switch root {
		case "query":
			at = e.query
			if !found {
				e.queryIsEvent = int16(priority)
			}
		case "body":
		default:
			return fmt.Errorf("events: %q is no place: body, query, body.batch and the like are", location)
		}
		var members []string
		if found {
			var err error
			if members, err = split(rest); err != nil || slices.Contains(members, "*") || members[len(members)-1] == "[]" {
				return fmt.Errorf("events: %q is no place", location)
			}
		}
		for _, member := range members {
			if inner := b.states[at].inner; inner != 0 {
				at = inner
			}
			if member != "[]" {
				b.states[at].deeper = append(b.states[at].deeper, member)
			}
			at = b.child(at, member, false)
		}
		b.states[at].event = int16(priority)
		if inner := b.states[at].inner; inner != 0 {
			b.states[inner].event = int16(priority)
		}
	}
	return nil
}
