package signal

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// own reads a site's own record of a choice.
type own struct {
	cookie, header, query string
	body                  []string // members, outermost first
	json                  []string
	category              Categories
	granted, refused      []string
	where                 string
}

func newOwn(s *Source, number map[string]int) (*own, error) {
	n, ok := number[s.Category]
	if !ok {
		return nil, fmt.Errorf("signals.own: no purpose is in category %q", s.Category)
	}
	o := &own{cookie: s.Cookie, header: s.Header, query: s.Query, category: 1 << n, granted: s.Granted, refused: s.Refused}
	places := 0
	for _, p := range []struct{ kind, name string }{{"cookie", s.Cookie}, {"header", s.Header}, {"query", s.Query}, {"body", s.Body}} {
		if p.name != "" {
			places++
			o.where = p.kind + " " + p.name
		}
	}
	if places != 1 {
		return nil, errors.New("signals.own: exactly one of cookie, header, query and body says where the choice is")
	}
	var err error
	if o.body, err = members(s.Body); err != nil {
		return nil, err
	}
	o.json, err = members(s.JSON)
	return o, err
}

// members reads a path of plain member names, "consent.analytics". The rest of gjson's path language is not for choices: a query or a
// modifier could make a yes out of something else.
func members(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	names := strings.Split(path, ".")
	for _, name := range names {
		if name == "" || strings.ContainsAny(name, "*?#@!{}[]()|\\\"") {
			return nil, fmt.Errorf("signals.own: %q is no path: names with dots between them are", path)
		}
	}
	return names, nil
}

// hit reads the choice from a cookie, a header or the query. All that is found must agree.
func (o *own) hit(h *hit.Hit, ask *Ask) SourceReading {
	said := SourceReading{}
	switch {
	case o.cookie != "":
		empty := false
		for i := range ask.jar.all {
			value := ask.jar.all[i].Value
			if string(ask.jar.all[i].Name) != o.cookie {
				continue
			}
			empty = empty || len(value) == 0
			said.merge(o.value(ask.jar.plain(value)))
		}
		if empty && said.State != Absent { // one says something, the other nothing: they disagree
			said.merge(o.unclear())
		}
	case o.header != "":
		for value := range h.Request.Header(o.header) {
			said.merge(o.value(value))
		}
	case h.QueryRoot != hit.None:
		for c := h.Nodes[h.QueryRoot].First; c != hit.None; c = h.Nodes[c].Next {
			if string(h.Bytes(h.KeySpan(c))) == o.query {
				said.merge(o.value(h.Text(c)))
			}
		}
	}
	return said
}

// event reads the choice from an event's JSON.
func (o *own) event(h *hit.Hit, event int32) SourceReading {
	said := SourceReading{}
	root := h.Events[event].Root
	if root != hit.None && h.Nodes[root].Opened {
		root = h.Nodes[root].First
	}
	o.below(h, root, o.body, &said)
	return said
}

func (o *own) below(h *hit.Hit, at int32, path []string, said *SourceReading) {
	if at == hit.None {
		return
	}
	for c := h.Nodes[at].First; c != hit.None; c = h.Nodes[c].Next {
		switch {
		case string(h.Bytes(h.KeySpan(c))) != path[0]:
		case len(path) > 1:
			o.below(h, c, path[1:], said)
		case h.Nodes[c].Kind.Holds():
			said.merge(o.unclear())
		default:
			said.merge(o.value(h.Text(c)))
		}
	}
}

func (o *own) unclear() SourceReading { return SourceReading{State: Malformed, Doubt: o.category} }

// value reads a choice as it was found. An empty value is no choice.
func (o *own) value(text []byte) SourceReading {
	if len(text) == 0 {
		return SourceReading{}
	}
	if len(text) > read.MaxCookie {
		return o.unclear()
	}
	view := read.String(text)
	if o.json == nil {
		return o.word(view)
	}
	if !read.JSON(text) {
		return o.unclear()
	}
	said := SourceReading{}
	o.find(gjson.Parse(view), o.json, &said)
	return said
}

// find merges every occurrence of the path: of two members of one name, the stricter holds.
func (o *own) find(value gjson.Result, path []string, said *SourceReading) {
	if !value.IsObject() {
		said.merge(o.unclear())
		return
	}
	value.ForEach(func(key, member gjson.Result) bool {
		switch {
		case key.Str != path[0]:
		case len(path) > 1:
			o.find(member, path[1:], said)
		case member.IsObject() || member.IsArray():
			said.merge(o.unclear())
		default:
			said.merge(o.word(member.String()))
		}
		return true
	})
}

func (o *own) word(text string) SourceReading {
	text = strings.TrimSpace(text)
	switch {
	case slices.Contains(o.refused, text):
		return SourceReading{State: Valid, Refused: o.category, Declined: o.category}
	case slices.Contains(o.granted, text):
		return SourceReading{State: Valid, Granted: o.category}
	default:
		return o.unclear()
	}
}
