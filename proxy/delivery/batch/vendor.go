package batch

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Vendor is what a catalog entry says of several events in one request, made ready. It is immutable, and may be used
// from many goroutines at once.
type Vendor struct {
	endpoints []endpoint
	merges    bool
}

// endpoint is one address of the vendor.
type endpoint struct {
	path    catalog.Pattern
	host    string
	methods []string
	merge   *catalog.Merge // nil: what goes there travels alone
	into    int            // index of the first address of the endpoint that takes several
	many    *catalog.Merge // how they stand there
	places  []catalog.MergePlace
	asked   int      // how many levels below the event its members are asked for
	held    []string // parameters of the query that are events, too
	asQuery bool     // the whole query is of the event
	head    []byte   // what stands before the list, where events came in none: {"batch":[
	first   string   // the path from which several go to another
	other   []byte   // that one; nil where they go to the event's own
	kind    []byte   // content type of several; nil: that of each
	relay   []int    // statuses of refusals whose bodies are wanted
}

// New makes a vendor ready.
func New(v *catalog.Vendor) *Vendor {
	out := &Vendor{}
	for i := range v.Endpoints {
		out.endpoints = append(out.endpoints, newEndpoint(v, i))
		out.merges = out.merges || out.endpoints[i].merge != nil
	}
	return out
}

func newEndpoint(v *catalog.Vendor, i int) endpoint {
	e := &v.Endpoints[i]
	out := endpoint{path: e.Path, host: e.Host, methods: e.Methods, merge: e.Merge, into: i, many: e.Merge}
	if e.Merge == nil {
		return out
	}
	first := func(id string) int {
		return slices.IndexFunc(v.Endpoints, func(o catalog.Endpoint) bool { return o.ID == id })
	}
	out.into = first(e.ID)
	if e.Merge.Into != "" {
		out.first = v.Endpoints[out.into].Path.Text
		out.into = first(e.Merge.Into)
		out.other, out.many = []byte(v.Endpoints[out.into].Path.Text), v.Endpoints[out.into].Merge
	}
	out.query(v.File, e.ID)
	out.asked = levelsAsked(e.Merge)
	out.places = slices.Clone(e.Merge.From)
	slices.SortStableFunc(out.places, func(a, b catalog.MergePlace) int { return int(a.Kind) - int(b.Kind) })
	if list := out.many.From[0]; list.Kind == catalog.InMember {
		out.head = []byte(`{"` + list.Name + `":[`)
	} else {
		out.head = []byte("[")
	}
	out.relay = out.many.Answer.Read
	if a := &out.many.Answer; len(a.None) > 0 {
		out.relay = slices.Concat(a.Read, a.Doubt)
	}
	if out.many.Type != "" {
		out.kind = []byte(out.many.Type)
	}
	return out
}

// levelsAsked is how many levels below an event it matters what stands there.
func levelsAsked(m *catalog.Merge) int {
	most := min(len(m.Shared), 1)
	for _, paths := range [3][][]string{m.Same, m.Alone, m.OneBrowser} {
		for _, path := range paths {
			most = max(most, len(path))
		}
	}
	for i := range m.Is {
		most = max(most, len(m.Is[i].Path))
	}
	return most
}

// levels is how far down it matters what stands in a text of JSON that an event is in: an object, or a list.
func (e *endpoint) levels(object bool) int {
	switch {
	case !object:
		return e.asked + 1
	case e.places[0].Kind == catalog.InMember:
		return e.asked + 2
	default:
		return e.asked
	}
}

// query notes what of the query is an event's.
func (e *endpoint) query(file *catalog.File, id string) {
	for i := range file.Endpoints {
		f := &file.Endpoints[i]
		if f.ID != id {
			continue
		}
		e.asQuery = f.Query == "event" || slices.Contains(f.Events, "query")
		for _, place := range f.Events {
			if name, found := strings.CutPrefix(place, "query."); found {
				name, _, _ = strings.Cut(name, ".")
				e.held = append(e.held, name)
			}
		}
	}
}

// Merges tells whether any events of the vendor travel together.
func (v *Vendor) Merges() bool { return v.merges }

// find finds the address that a request goes to.
func (v *Vendor) find(e *delivery.Event) *endpoint {
	for i := range v.endpoints {
		p := &v.endpoints[i]
		if p.host == e.Host && p.path.Fits(e.Path) == catalog.Exact && slices.Contains(p.methods, e.Method) {
			return p
		}
	}
	return nil
}

// target is the path that several are sent to, for an event that is sent to another: the event's own where the
// endpoint that takes several is there, too.
func (v *Vendor) target(e *endpoint, path []byte) (to []byte, ok bool) {
	if e.other == nil {
		return path, true
	}
	for i := range v.endpoints {
		p := &v.endpoints[i]
		if p.merge == e.many && p.path.Fits(path) == catalog.Exact {
			return path, true
		}
	}
	return e.other, string(path) == e.first // a path of the site's own leads to no endpoint but its own
}

const post = "POST"

// header finds a header of a request; many tells that there are several of the name.
func header(e *delivery.Event, name string) (value []byte, many bool) {
	found := false
	for i := range e.Headers {
		if !ascii.EqualFold(e.Headers[i].Name, name) {
			continue
		}
		if found {
			return value, true
		}
		value, found = e.Headers[i].Value, true
	}
	return value, false
}
