package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// unread refuses what an endpoint's own request names and no hit is ever read by: a name in the query, where the query
// is the event (its names are then those of fields, and what this one says, such as how to open it, never counts), and
// a name in the body, where a body is refused or is the event itself.
func (e *Endpoint) unread(f *EndpointFile) error {
	for _, name := range slices.Sorted(maps.Keys(f.Request)) {
		plain, inQuery := strings.CutPrefix(name, "?")
		switch {
		case inQuery && e.eventInQuery():
			return fmt.Errorf("request.%s: it is never read: the query is the event here, as %s says; name %q under fields, "+
				"or take the query off the events",
				name, queryIsEvent(f), plain)
		case !inQuery && len(e.Body) == 0:
			return fmt.Errorf("request.%s: it is never read: the endpoint takes no body; give it one (body: [json]), write "+
				"\"?%s\" for the query, or remove the line", name, name)
		case !inQuery && bodyIsEvent(f):
			return fmt.Errorf("request.%s: it is never read: the body is the event here; name it under fields", name)
		}
	}
	return nil
}

// eventInQuery tells whether the query's names are those of the event.
func (e *Endpoint) eventInQuery() bool { return e.queryShares || e.queryIsEvent != hit.None }

func queryIsEvent(f *EndpointFile) string {
	if f.Query == "event" {
		return "\"query: event\""
	}
	return "\"query\" among its events"
}

// bodyIsEvent tells whether the event is always the whole body.
func bodyIsEvent(f *EndpointFile) bool {
	whole := false
	for _, place := range f.Events {
		if strings.HasPrefix(place, "body.") {
			return false
		}
		whole = whole || place == "body"
	}
	return whole
}

// unread refuses names of the query that stand for all endpoints and are read at none.
func (v *Vendor) unread() error {
	for i := range v.Endpoints {
		if !v.Endpoints[i].eventInQuery() {
			return nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.File.Request)) {
		if strings.HasPrefix(name, "?") {
			return fmt.Errorf("request.%s: it is never read: at every endpoint the query is the event; name %q under fields",
				name, name[1:])
		}
	}
	return nil
}
