package observe

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// unknown looks at a hit whose vendor nobody knows: at its path, the names and values of its query, and its body as far
// as it is JSON, lines of it, or a form.
func (s *sight) unknown(q *request) {
	body := q.body
	path, _ := scrub.Append(nil, []byte(q.url.EscapedPath()), scrub.All)
	s.value("path", hit.URL, q.url.EscapedPath())
	at := string(path)
	s.form(at+" ?", q.url.RawQuery)
	if q.header("Content-Encoding") == "gzip" || bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		body = inflated(body)
	}
	if len(body) == 0 {
		return
	}
	if s.json(at+" ", body) {
		return
	}
	text := string(body)
	if name, _, ok := strings.Cut(text, "="); ok && len(name) <= 64 && !strings.ContainsAny(name, " \n{<") {
		s.form(at+" ", text)
		return
	}
	s.value(at+" body", hit.Unknown, text)
}

// maxInflated bounds what a compressed body is inflated to.
const maxInflated = 16 << 20

func inflated(body []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	out, _ := io.ReadAll(io.LimitReader(r, maxInflated)) // what comes before a fault is looked at too
	return out
}

// form looks at the pairs of a query or form. A value that is JSON is taken apart.
func (s *sight) form(at, text string) {
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		field := at + unescaped(name)
		if pair == "" || s.json(field+".", []byte(unescaped(value))) {
			continue
		}
		s.value(field, hit.Unknown, unescaped(value))
	}
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// json looks at the leaves of an object or array, or of several in lines; false where the text is none.
func (s *sight) json(at string, text []byte) bool {
	text = bytes.TrimSpace(text)
	if len(text) < 2 || text[0] != '{' && text[0] != '[' {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var all []any
	for {
		var v any
		err := d.Decode(&v)
		if err == io.EOF {
			break
		}
		if err != nil {
			return false
		}
		all = append(all, v)
	}
	for _, v := range all {
		s.leaves(at, v)
	}
	return true
}

func (s *sight) leaves(at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			s.leaves(strings.TrimSuffix(at, ".")+joint(at)+name, v[name])
		}
	case []any:
		for _, inner := range v {
			s.leaves(strings.TrimSuffix(at, ".")+"[]", inner)
		}
	case string:
		if !s.json(at+".", []byte(v)) {
			s.value(at, hit.Unknown, v)
		}
	case json.Number:
		s.value(at, hit.Unknown, v.String())
	}
}

func joint(at string) string {
	if at == "" || strings.HasSuffix(at, " ") {
		return ""
	}
	return "."
}

// plumbing are headers that say nothing of a visitor but what every browser says.
var plumbing = []string{
	"Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Content-Encoding", "Content-Length",
	"Content-Type", "Dnt", "Host", "If-Modified-Since",
	"If-None-Match", "Origin", "Pragma", "Priority", "Te", "Upgrade-Insecure-Requests",
}

// headers looks at headers that carry data, and at each cookie.
func (s *sight) headers(h map[string][]string) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if slices.Contains(plumbing, name) || strings.HasPrefix(name, "Sec-") {
			continue
		}
		class := hit.Unknown
		switch name {
		case "Cookie":
			continue
		case "User-Agent":
			class = hit.UserAgent
		case "Referer":
			class = hit.Referrer
		}
		for _, value := range h[name] {
			s.value("header "+name, class, value)
		}
	}
	for _, line := range h["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			s.value("cookie "+name, hit.Unknown, value)
		}
	}
}
