package signal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// own reads a site's own record of a choice.
type own struct {
	cookie, header, query string
	body                  []string // members, outermost first
	json                  []string
	pairs, name           string // two bytes, and the choice's name
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
	for _, p := range []struct{ kind, name string }{{"cookie", s.Cookie}, {"header", s.Header}, {"query", s.Query},
		{"body", s.Body}} {
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
	if o.json, err = members(s.JSON); err != nil {
		return nil, err
	}
	o.pairs, o.name = s.Pairs, s.Name
	return o, o.pairsFault()
}

// pairsFault tells what is wrong with how the site's pairs are told apart.
func (o *own) pairsFault() error {
	switch {
	case o.pairs == "" && o.name == "":
		return nil
	case !Separators(o.pairs):
		return fmt.Errorf("signals.own: %q does not tell pairs apart: two different marks do, as in \"!=\"", o.pairs)
	case o.name == "" || strings.ContainsAny(o.name, o.pairs):
		return errors.New("signals.own: the choice has no name among the pairs, or one with their marks in it")
	case o.json != nil:
		return errors.New("signals.own: a value is either JSON or pairs")
	}
	return nil
}

// Separators tells whether a text can tell pairs apart: two different marks of ASCII, neither
// of which a cookie has for its own ends.
func Separators(text string) bool {
	return len(text) == 2 && text[0] != text[1] && !strings.ContainsFunc(text, func(c rune) bool {
		return c <= ' ' || c > '~' || c < utf8.RuneSelf && ascii.IsAlnum(byte(c)) || strings.ContainsRune(`%;"\`, c)
	})
}

// members reads a path of plain member names, "consent.analytics". The rest of gjson's path language is not for
// choices: a query or a modifier could make a yes out of something else.
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
			if o.pairs != "" {
				said.merge(o.among(value, &ask.jar))
				continue
			}
			said.merge(o.inCookie(value, ask))
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

// inCookie reads the choice in a cookie's value, however a server or a script coded it. An empty value is no choice.
func (o *own) inCookie(value []byte, ask *Ask) SourceReading {
	if o.json == nil || len(value) == 0 {
		return o.value(unquoted(ask.jar.plain(value)))
	}
	found, ok := ask.Scratch.JSON(value)
	if !ok {
		return o.unclear()
	}
	said := SourceReading{}
	o.find(found, o.json, &said)
	return said
}

// unquoted is a value without the quotes around it that a cookie's may have (RFC 6265, section 4.1.1).
func unquoted(value []byte) []byte {
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		return value[1 : n-1]
	}
	return value
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
	if o.pairs != "" {
		return o.among(text, nil)
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

// among merges every pair that has the choice's name: of two, the stricter holds. A name without a value is unclear,
// and where the name does not occur nothing is said. Escapes are a cookie's, for which there is a jar: they are taken
// off what is between the marks, so that what is escaped inside a value makes no pair, unless all of it is escaped.
func (o *own) among(text []byte, j *jar) SourceReading {
	if len(text) > read.MaxCookie {
		return o.unclear()
	}
	if j != nil && bytes.IndexByte(text, o.pairs[1]) < 0 {
		text, j = j.plain(text), nil
	}
	said := SourceReading{}
	for more := true; more; {
		var one []byte
		one, text, more = bytes.Cut(text, read.Bytes(o.pairs[:1]))
		name, word, found := bytes.Cut(one, read.Bytes(o.pairs[1:]))
		if j != nil {
			name = j.plain(name)
		}
		switch {
		case string(name) != o.name:
		case !found:
			said.merge(o.unclear())
		default:
			if j != nil {
				word = j.plain(word)
			}
			said.merge(o.word(read.String(word)))
		}
	}
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
