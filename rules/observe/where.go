package observe

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/replay"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// Where is where a hit was sent, without anything of a visitor: no query, and of the path no id, key or address.
type Where struct {
	Host string `json:"host"` // as recorded, in lower case and without a port
	// what the vendor of the catalog calls it where one fits, else with ":id" for what may be an id
	Path string `json:"path"`
	Fits string `json:"fits,omitempty"` // the vendor of the catalog that takes such hits; "" where none does
}

// Where says where a recorded hit was sent, and which vendor of the catalog takes such hits: one that can read it, else
// one that has its path.
func (s *Scanner) Where(r *replay.Request) (w Where, err error) {
	q, fault := readRequest(r)
	if fault != "" {
		return w, fmt.Errorf("%s:%d: %s", r.File, r.Line, fault)
	}
	w.Host = scrubbedHost(q.host)
	w.Path = s.pathWithoutIDs(q.url.EscapedPath())
	id, x := "", (*rules.Explanation)(nil)
	if r.Method != "OPTIONS" {
		id, x = s.recognise(q, r.Text)
	}
	for _, of := range s.policy.Recipients() {
		for i := range of.Catalog.Endpoints {
			at := &of.Catalog.Endpoints[i]
			if x != nil && (of.ID != id || at.ID != x.Endpoint) {
				continue
			}
			if x != nil || at.Path.Fits([]byte(q.url.Path)) != catalog.NoFit {
				w.Path, w.Fits = at.Path.Text, of.ID
				return w, nil
			}
		}
	}
	return w, nil
}

// scrubbedHost is a host's name, without a port.
func scrubbedHost(host string) string {
	u := url.URL{Host: strings.ToLower(host)}
	clean, _ := scrub.Append(nil, []byte(u.Hostname()), scrub.Of(scrub.Email, scrub.Token, scrub.Hash))
	return string(clean)
}

// pathWithoutIDs is a path with ":id" in the place of what may be an id.
func (s *Scanner) pathWithoutIDs(path string) string {
	const origin = "https://host.invalid"
	value := minimise.Value{Class: hit.URL, Bytes: []byte(origin + path)}
	made, outcome := s.addresses.Append(nil, value, &minimise.Env{})
	switch outcome {
	case minimise.Kept:
		made = value.Bytes
	case minimise.Dropped:
		return "/..."
	default:
	}
	return strings.TrimPrefix(string(made), origin)
}
