package api

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/problem"
)

// deepest is how many levels of nesting a body may have: what is asked for needs five.
const deepest = 8

// mostFaults is how many faults are told at once.
const mostFaults = 100

// place is where in a body something stands.
type place struct {
	above *place
	name  string
	index int // where name is ""
}

func (p *place) member(name string) *place { return &place{above: p, name: name} }
func (p *place) element(i int) *place      { return &place{above: p, index: i} }

// pointer writes a place as a JSON pointer (RFC 6901).
func (p *place) pointer() string {
	if p == nil {
		return ""
	}
	step := strconv.Itoa(p.index)
	if p.name != "" {
		step = strings.NewReplacer("~", "~0", "/", "~1").Replace(p.name)
	}
	return p.above.pointer() + "/" + step
}

// faults is what was found wrong in a body.
type faults struct{ all []problem.Fault }

func (f *faults) at(p *place, format string, args ...any) {
	f.add(problem.Fault{Pointer: p.pointer(), Detail: fmt.Sprintf(format, args...)})
}

func (f *faults) add(more ...problem.Fault) {
	f.all = append(f.all, more[:min(len(more), mostFaults-len(f.all))]...)
}

// problem is the faults as an answer; nil where there are none.
func (f *faults) problem() error {
	if len(f.all) == 0 {
		return nil
	}
	p := problem.New(http.StatusUnprocessableEntity, "invalid", "nothing was done")
	p.Faults = f.all
	return p
}

// readBody reads a call's body, which has to be JSON.
func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, problem.New(http.StatusUnsupportedMediaType, "media-type",
			"the body has to be JSON: Content-Type: application/json")
	}
	tooLarge := problem.New(http.StatusRequestEntityTooLarge, "too-large",
		fmt.Sprintf("the body is larger than %d bytes: send it in several calls", most))
	if r.ContentLength > most {
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		if int64(len(body)) >= most {
			return nil, tooLarge
		}
		return nil, problem.New(http.StatusBadRequest, "unreadable", "the body could not be read to its end")
	}
	return body, nil
}

// readJSON reads a call's body as JSON, within bounds.
func readJSON(w http.ResponseWriter, r *http.Request) (gjson.Result, error) {
	body, err := readBody(w, r, mostBody)
	if err != nil {
		return gjson.Result{}, err
	}
	return parse(body)
}

// parse reads a body as JSON, within bounds.
func parse(body []byte) (gjson.Result, error) {
	unreadable := func(detail string) (gjson.Result, error) {
		return gjson.Result{}, problem.New(http.StatusBadRequest, "unreadable", detail)
	}
	switch {
	case !utf8.Valid(body):
		return unreadable("the body is not UTF-8")
	case depth(body) > deepest:
		return unreadable(fmt.Sprintf("the body is nested deeper than %d levels", deepest))
	case !gjson.ValidBytes(body):
		return unreadable("the body is no JSON")
	}
	return gjson.ParseBytes(body), nil
}

// depth is how deep brackets are nested in a text, strings aside.
func depth(text []byte) int {
	at, most, inside := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			at++
			most = max(most, at)
		case c == '}' || c == ']':
			at--
		}
	}
	return most
}

// members calls with each member of an object. A name that stands twice is a fault; each returns
// false for a name that it does not know.
func members(v gjson.Result, at *place, f *faults, known string,
	each func(name string, v gjson.Result, at *place) bool) {
	if !v.IsObject() {
		f.at(at, "an object is wanted here")
		return
	}
	var few [16]string
	seen := few[:0]
	v.ForEach(func(key, value gjson.Result) bool {
		name := key.String()
		if slices.Contains(seen, name) {
			f.at(at, "a member stands twice%s", shown(name))
			return true
		}
		if len(seen) > mostIDs {
			f.at(at, "there are too many members")
			return false
		}
		seen = append(seen, name)
		if !each(name, value, at.member(name)) {
			f.at(at, "a member is not known%s; known here: %s", shown(name), known)
		}
		return true
	})
}

// shown names a member, unless its name could be somebody's identifier.
func shown(name string) string {
	if len(name) > 32 || strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && (r < 'a' || r > 'z')
	}) {
		return ""
	}
	return ": " + name
}

// readText reads a string that is not empty and has no control characters.
func readText(v gjson.Result, at *place, f *faults, most int) string {
	switch {
	case v.Type != gjson.String:
		f.at(at, "a string is wanted here")
	case strings.TrimSpace(v.Str) == "":
		f.at(at, "the string is empty: leave the member out")
	case len(v.Str) > most:
		f.at(at, "the string is longer than %d bytes", most)
	case strings.ContainsFunc(v.Str, func(r rune) bool { return r < ' ' || r == 0x7f }):
		f.at(at, "the string holds control characters")
	case strings.ContainsRune(v.Str, utf8.RuneError): // what a half of a surrogate pair is read as
		f.at(at, "the string holds a character that is none: half of a surrogate pair, or one that was lost on the way here")
	default:
		return v.Str
	}
	return ""
}

// truth reads true or false.
func truth(v gjson.Result, at *place, f *faults) bool {
	if v.Type != gjson.True && v.Type != gjson.False {
		f.at(at, "true or false is wanted here")
	}
	return v.Type == gjson.True
}

// number reads a whole number that is not negative.
func number(v gjson.Result, at *place, f *faults) uint64 {
	n, err := strconv.ParseUint(v.Raw, 10, 53)
	if err != nil || v.Type != gjson.Number {
		f.at(at, "a whole number is wanted here")
	}
	return n
}

// list calls with each element of an array.
func list(v gjson.Result, at *place, f *faults, least, most int, each func(v gjson.Result, at *place)) {
	if !v.IsArray() {
		f.at(at, "an array is wanted here")
		return
	}
	n := 0
	v.ForEach(func(_, value gjson.Result) bool {
		if n >= most {
			f.at(at, "there are more than %d elements", most)
			return false
		}
		each(value, at.element(n))
		n++
		return true
	})
	if n < least {
		f.at(at, "the array is empty")
	}
}
