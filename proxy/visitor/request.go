package visitor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// longestRequest bounds the JSON of the endpoint, in bytes.
const longestRequest = 8 << 10

// Bounds of what is in it: the lists, and an identifier in bytes.
const (
	maxScopes    = 256
	maxPageIDs   = 16
	longestID    = 512
	shortestID   = 8
	longestTexts = 256
)

// request is what a site's own front end asks for.
type request struct {
	object, takeBack []string // names of scopes
	ids              []objection.ID
	campaign, lang   string
}

// badRequest is what is wrong with a request, and where (a JSON pointer). It holds nothing of what it
// said but names of members that are ours.
type badRequest struct {
	at, what  string
	guessable bool // it names an identifier that a front end may not give
}

// Error says what is wrong, and where.
func (b *badRequest) Error() string { return b.at + ": " + b.what }

// parseRequest reads JSON as parseObject does. All errors are *badRequest.
func parseRequest(text []byte) (*request, error) {
	r := new(request)
	err := parseObject(text, longestRequest, func(p *parser, name string) error {
		at := "/" + name
		var err error
		switch name {
		case "purposes", "vendors", "all":
			r.object, err = p.scopes(r.object, at, name)
		case "take_back":
			err = p.object(at, func(name string) error {
				var err error
				switch name {
				case "purposes", "vendors", "all":
					r.takeBack, err = p.scopes(r.takeBack, at+"/"+name, name)
				default:
					err = &badRequest{at: at, what: "a member is unknown: purposes, vendors and all are right"}
				}
				return err
			})
		case "ids":
			r.ids, err = p.ids(at)
		case "campaign":
			r.campaign, err = p.text(at)
		case "lang":
			r.lang, err = p.text(at)
		default:
			err = &badRequest{what: "a member is unknown: purposes, vendors, all, take_back, ids, campaign and lang are right"}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r.object, r.takeBack = sorted(r.object), sorted(r.takeBack)
	if len(r.object)+len(r.takeBack) == 0 {
		return nil, &badRequest{what: "nothing is asked for: purposes, vendors, all or take_back say what"}
	}
	return r, nil
}

// parser reads JSON piece by piece: encoding/json takes doubles, and names in another case.
type parser struct{ *json.Decoder }

// parseObject reads JSON of at most so many bytes strictly: an object of which member reads the value of each member,
// of which none comes twice, and nothing behind it. All errors but those of member are *badRequest.
func parseObject(text []byte, most int, member func(p *parser, name string) error) error {
	if len(text) > most {
		return &badRequest{what: fmt.Sprintf("more than %d bytes", most)}
	}
	if !utf8.Valid(text) {
		return &badRequest{what: "no UTF-8"}
	}
	p := &parser{json.NewDecoder(bytes.NewReader(text))}
	if err := p.object("", func(name string) error { return member(p, name) }); err != nil {
		return err
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return &badRequest{what: "something follows the object"}
	}
	return nil
}

// object reads an object; member reads the value of each member, of which none comes twice.
func (p *parser) object(at string, member func(name string) error) error {
	if t, err := p.Token(); err != nil || t != json.Delim('{') {
		return &badRequest{at: at, what: "no JSON object"}
	}
	seen := map[string]bool{}
	for p.More() {
		t, err := p.Token()
		name, ok := t.(string)
		switch {
		case err != nil || !ok:
			return &badRequest{at: at, what: "no JSON"}
		case seen[name]:
			return &badRequest{at: at, what: "a member is given twice"}
		}
		seen[name] = true
		if err := member(name); err != nil {
			return err
		}
	}
	if _, err := p.Token(); err != nil {
		return &badRequest{at: at, what: "no JSON"}
	}
	return nil
}

// scopes reads what the member of that name says, and appends the scopes' names.
func (p *parser) scopes(to []string, at, name string) ([]string, error) {
	t, err := p.Token()
	if err != nil {
		return nil, &badRequest{at: at, what: "no JSON"}
	}
	if name == all {
		everything, ok := t.(bool)
		if !ok {
			return nil, &badRequest{at: at, what: "true or false is right"}
		}
		if everything {
			to = append(to, all)
		}
		return to, nil
	}
	list := &badRequest{at: at, what: "a list of ids is right"}
	if t != json.Delim('[') {
		return nil, list
	}
	for p.More() {
		t, err := p.Token()
		id, ok := t.(string)
		switch {
		case err != nil || !ok || !named(id) || strings.Contains(id, ":") || id == all:
			return nil, list
		case len(to) == maxScopes:
			return nil, &badRequest{at: at, what: fmt.Sprintf("more than %d", maxScopes)}
		case name == "vendors":
			id = vendorScope + id
		}
		to = append(to, id)
	}
	if _, err := p.Token(); err != nil {
		return nil, list
	}
	return to, nil
}

func (p *parser) text(at string) (string, error) { return p.textOf(at, longestTexts) }

func (p *parser) textOf(at string, most int) (string, error) {
	t, err := p.Token()
	text, ok := t.(string)
	if err != nil || !ok || len(text) > most {
		return "", &badRequest{at: at, what: fmt.Sprintf("a text of at most %d bytes is right", most)}
	}
	return text, nil
}

// ids reads identifiers that an SDK of the page made at random. What can be guessed is
// refused: who knows it is not who it is about.
func (p *parser) ids(at string) (ids []objection.ID, err error) {
	err = p.object(at, func(name string) error {
		class, vendor, apart := strings.Cut(name, ":")
		if !random(name) {
			if known := guessable(class); known != "" {
				return &badRequest{at: at + "/" + known, what: known, guessable: true}
			}
			return &badRequest{at: at, what: "client_id, device_id and advertising_id are right, with a colon and a catalog " +
				"id behind them or without"}
		}
		if apart && !idLike(vendor) {
			return &badRequest{at: at + "/" + class, what: "a catalog id is to follow the colon"}
		}
		at := at + "/" + name
		t, err := p.Token()
		value, ok := t.(string)
		switch {
		case err != nil || !ok || len(value) > longestID:
			return &badRequest{at: at, what: fmt.Sprintf("a text of at most %d bytes is right", longestID)}
		case strings.ContainsRune(value, utf8.RuneError): // what a half of a surrogate pair is read as
			return &badRequest{at: at, what: "it holds a character that is none"}
		case !unguessable(value):
			return &badRequest{at: at, what: fmt.Sprintf("it is too short or too plain to be made at random: %d letters or "+
				"digits, not all the same, are right", shortestID)}
		case objection.Unmatchable(name, value) != nil:
			return &badRequest{at: at, what: objection.Unmatchable(name, value).Error()}
		case len(ids) == maxPageIDs:
			return &badRequest{at: at, what: fmt.Sprintf("more than %d", maxPageIDs)}
		}
		ids = append(ids, objection.ID{Name: name, Value: value})
		return nil
	})
	return ids, err
}

// guessable returns the class of identifiers that people can be called by, "" where the name is of none.
func guessable(class string) string {
	for _, known := range []string{"email", "phone", "user_id", "external_id", "email_sha256",
		"email_md5", "phone_sha256"} {
		if class == known {
			return known
		}
	}
	return ""
}

// unguessable tells whether a value may have been made at random.
func unguessable(value string) bool {
	count, first, mixed := 0, rune(0), false
	for _, c := range value {
		if c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z' && c < 0x80 {
			continue
		}
		if count++; count == 1 {
			first = c
		}
		mixed = mixed || c != first
	}
	return count >= shortestID && mixed
}

func idLike(id string) bool { return named(id) && !strings.Contains(id, ":") }
