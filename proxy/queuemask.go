package proxy

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// knownNames are the names that a vendor's file has for fields. What else stands where a name does may be anything: it
// is shown as "*", and a value as its kind and length alone.
type knownNames struct {
	vendor *catalog.Vendor // nil: the policy has it no more, and nothing is known
	whole  map[string]bool // names, and their parts
	begins []string        // what stands before the "*" of such as a site goes on with
}

func newKnownNames(of *catalog.Vendor) *knownNames {
	k := &knownNames{vendor: of, whole: map[string]bool{}}
	if of == nil {
		return k
	}
	for i := range of.Fields {
		path := of.Fields[i].Path
		k.whole[path] = true
		for _, part := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
			k.whole[part] = true
		}
		if begin, _, open := strings.Cut(path, "*"); open && begin != "" {
			k.begins = append(k.begins, begin)
		}
	}
	delete(k.whole, "*")
	return k
}

// name is a name as it is shown.
func (k *knownNames) name(given string) string {
	if k.whole[given] {
		return given
	}
	for _, begin := range k.begins {
		if strings.HasPrefix(given, begin) {
			return begin + "*"
		}
	}
	return "*"
}

// path is a path as it is shown: that of its endpoint in the vendor's file, with the names of what may vary; else each
// part by its length.
func (k *knownNames) path(endpoint string, path []byte) string {
	if k.vendor != nil {
		for i := range k.vendor.Endpoints {
			e := &k.vendor.Endpoints[i]
			if e.ID == endpoint && e.Path.Fits(path) != catalog.NoFit {
				return e.Path.Text
			}
		}
	}
	var out strings.Builder
	for part := range strings.SplitSeq(strings.TrimPrefix(string(path), "/"), "/") {
		fmt.Fprintf(&out, "/{%d}", len(part))
	}
	return out.String()
}

// How much of an event is shown, and how deep.
const (
	mostShown    = 200
	deepestShown = 32
)

// form adds the pairs of a form, as they stand in a query or a line.
func (k *knownNames) form(all []api.QueueField, pairs []byte) []api.QueueField {
	for pair := range bytes.SplitSeq(pairs, []byte("&")) {
		if len(pair) == 0 || len(all) >= mostShown {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte("="))
		all = append(all, api.QueueField{Name: k.name(string(name)), Is: kindOfText(value)})
	}
	return all
}

// body shows a body by what it can be read as: JSON, lines of it, or lines of forms.
func (k *knownNames) body(body []byte) (all []api.QueueField) {
	whole := func(what string) []api.QueueField {
		return []api.QueueField{{Name: "", Is: what + ", " + plural.Of(len(body), "byte")}}
	}
	isJSON := func(b []byte) bool { return len(b) > 0 && (b[0] == '{' || b[0] == '[') && gjson.ValidBytes(b) }
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return nil
	case bytes.HasPrefix(body, []byte{0x1f, 0x8b}):
		return whole("compressed")
	case !utf8.Valid(body):
		return whole("no text")
	case isJSON(trimmed):
		return k.json(all, "", gjson.ParseBytes(trimmed), 0)
	}
	lines := bytes.Split(bytes.ReplaceAll(trimmed, []byte("\r\n"), []byte("\n")), []byte("\n"))
	for i, line := range lines {
		switch {
		case isJSON(line):
			all = k.json(all, fmt.Sprintf("/%d", i), gjson.ParseBytes(line), 0)
		case bytes.IndexByte(line, '=') > 0:
			all = k.form(all, line)
		default:
			return whole("text")
		}
	}
	return all
}

// json adds what stands in a value of JSON.
func (k *knownNames) json(all []api.QueueField, at string, v gjson.Result, depth int) []api.QueueField {
	if !v.IsObject() && !v.IsArray() || depth >= deepestShown {
		return append(all, api.QueueField{Name: at, Is: kindOfJSON(v)})
	}
	n := 0
	v.ForEach(func(key, value gjson.Result) bool {
		step := strconv.Itoa(n)
		if n++; v.IsObject() {
			step = k.name(key.Str)
		}
		all = k.json(all, at+"/"+step, value, depth+1)
		return len(all) < mostShown
	})
	if n == 0 {
		all = append(all, api.QueueField{Name: at, Is: "empty"})
	}
	return all
}

// kindOfJSON is what kind of value one is, and how long.
func kindOfJSON(v gjson.Result) string {
	switch v.Type {
	case gjson.String:
		if v.Str == "" {
			return "empty"
		}
		return "text, " + plural.Of(len(v.Str), "byte")
	case gjson.Number:
		return "number, " + plural.Of(len(v.Raw), "byte")
	case gjson.True, gjson.False:
		return "true or false"
	case gjson.Null:
		return "null"
	default:
		return "JSON, " + plural.Of(len(v.Raw), "byte")
	}
}

// kindOfText is what kind of text one is, and how long.
func kindOfText(value []byte) string {
	switch {
	case len(value) == 0:
		return "empty"
	case len(bytes.Trim(value, "0123456789.-")) == 0:
		return "number, " + plural.Of(len(value), "byte")
	default:
		return "text, " + plural.Of(len(value), "byte")
	}
}
