package codec_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// A second reading of the same bytes by the standard library, to hold the product's against: what it refuses is
// refused, what it reads is read, and says the same. Each line is a key and a value, as deep as it stands.

// errRefused means that the standard library refuses a text.
var errRefused = errors.New("refused")

// second reads a text by a stack. unsure means that the two may differ: a form with escapes that are none.
func second(stack, text string) (read []string, unsure bool, err error) {
	layer, rest, more := strings.Cut(stack, "+")
	if !more {
		return secondFormat(layer, text)
	}
	switch layer {
	case "base64":
		text, err = secondBase64(text)
	case "gzip":
		// RFC 1952, section 2.3.1.2: a compliant decompressor gives an error where a reserved bit is set. The standard
		// library does not look.
		if len(text) > 3 && text[3]&0xe0 != 0 {
			return nil, false, errRefused
		}
		text, err = unzipped(text, func(r *bytes.Reader) (io.Reader, error) {
			z, err := gzip.NewReader(r)
			if err == nil {
				z.Multistream(false)
			}
			return z, err
		})
	case "deflate":
		head := text + "  "
		if head[0]&15 == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			text, err = unzipped(text, func(r *bytes.Reader) (io.Reader, error) { return zlib.NewReader(r) })
		} else {
			text, err = unzipped(text, func(r *bytes.Reader) (io.Reader, error) { return flate.NewReader(r), nil })
		}
	}
	if err != nil {
		return nil, false, errRefused
	}
	return second(rest, text)
}

func unzipped(text string, open func(*bytes.Reader) (io.Reader, error)) (string, error) {
	source := bytes.NewReader([]byte(text))
	r, err := open(source)
	if err != nil {
		return "", err
	}
	inside, err := io.ReadAll(io.LimitReader(r, int64(limits.Decompressed)))
	if err == nil && source.Len() > 0 {
		err = errRefused
	}
	return string(inside), err
}

func secondBase64(text string) (string, error) {
	if strings.ContainsAny(text, "\r\n") {
		return "", errRefused
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding,
		base64.RawURLEncoding} {
		if inside, err := e.DecodeString(text); err == nil {
			return string(inside), nil
		}
	}
	return "", errRefused
}

// begins finds a text whose first byte opens an object or a list.
var begins = regexp.MustCompile(`^\x{FEFF}?[ \t\n\v\f\r]*[{\[]`)

func secondFormat(format, text string) (read []string, unsure bool, err error) {
	if (format == "form" || format == "lines") && begins.MatchString(text) {
		return nil, false, errRefused // a body that begins as JSON is JSON, or nothing
	}
	switch format {
	case "form":
		return secondForm(strings.TrimPrefix(text, "?"))
	case "json":
		read, err = secondJSON(text)
		return read, false, err
	case "item":
		read, err = secondItem(text)
		return read, false, err
	case "elements_chain":
		read, err = secondChain(text)
		return read, false, err
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSuffix(line, "\r"); line == "" {
			continue
		}
		var of []string
		var doubt bool
		if format == "lines" {
			of, doubt, err = secondForm(line)
		} else {
			of, err = secondJSON(line)
		}
		if err != nil {
			return nil, false, err
		}
		read, unsure = append(append(read, "line"), of...), unsure || doubt
	}
	return read, unsure, nil
}

// secondForm reads a form as net/url does, pair by pair, since that gives up the order of different names.
func secondForm(text string) (read []string, unsure bool, err error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, false, errRefused
	}
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		one, err := url.ParseQuery(strings.ReplaceAll(pair, ";", "%3B"))
		unsure = unsure || err != nil
		for key, values := range one {
			read = append(read, fmt.Sprintf("%q: %q", key, values[0]))
		}
	}
	return read, unsure, nil
}

var (
	alone     = regexp.MustCompile(`^(?:[^~]|~~)*`)
	itemName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]`)
	ownName   = regexp.MustCompile(`(?s)^k([0-9]+|[A-Z])(.*)$`)
	ownValue  = regexp.MustCompile(`^v[0-9A-Z]`)
	element   = regexp.MustCompile(`^([^";]*?)(?::((?:[^":=;]+="` + quoted + `")(?:[^"=;]+="` + quoted + `")*)|:)?(?:;|$)`)
	attribute = regexp.MustCompile(`([^"=]+)="(` + quoted + `)"`)
	letters   = regexp.MustCompile(`^[^\x00-\x20"';,<>\\%~` + "`" + `\x7f]+$`)
)

// quoted is a value between quotes: a backslash in front of a quote escapes it, whatever stands in front of that.
const quoted = `(?:[^"\\]|\\+"|\\+[^"\\])*`

// secondItem reads an item by splitting it where a tilde stands alone.
func secondItem(text string) (read []string, err error) {
	pieces := []string{alone.FindString(text)}
	for rest := text[len(pieces[0]):]; rest != ""; {
		piece := alone.FindString(rest[1:])
		pieces, rest = append(pieces, piece), rest[1+len(piece):]
	}
	plain := strings.NewReplacer("~~", "~").Replace
	for i := 0; i < len(pieces); i++ {
		piece := pieces[i]
		own := ownName.FindStringSubmatch(piece)
		switch {
		case !itemName.MatchString(piece), ownValue.MatchString(piece), own != nil && i+1 == len(pieces):
			return nil, errRefused
		case own == nil:
			read = append(read, fmt.Sprintf("%q: %q", piece[:2], plain(piece[2:])))
			continue
		}
		i++
		if !strings.HasPrefix(pieces[i], "v"+own[1]) {
			own[1], own[2] = own[1][:1], own[1][1:]+own[2]
		}
		value, ok := strings.CutPrefix(pieces[i], "v"+own[1])
		if !ok {
			return nil, errRefused
		}
		read = append(read, fmt.Sprintf("%q: %q", plain(own[2]), plain(value)))
	}
	return read, nil
}

// secondChain reads elements of a page by expressions.
func secondChain(text string) (read []string, err error) {
	for {
		one := element.FindStringSubmatch(text)
		if one == nil {
			return nil, errRefused
		}
		read = append(read, "line", fmt.Sprintf("%q: %q", "tag", one[1]))
		for _, a := range attribute.FindAllStringSubmatch(one[2], -1) {
			if !letters.MatchString(a[1]) {
				return nil, errRefused
			}
			read = append(read, fmt.Sprintf("%q: %q", a[1], strings.ReplaceAll(a[2], `\"`, `"`)))
		}
		if !strings.HasSuffix(one[0], ";") || text == "" {
			return read, nil
		}
		text = text[len(one[0]):]
	}
}

// secondJSON reads JSON as encoding/json does, in its order and with each repeated name.
func secondJSON(text string) (read []string, err error) {
	if !json.Valid([]byte(text)) {
		return nil, errRefused
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value func(name string, depth int) error
	value = func(name string, depth int) error {
		token, err := d.Token()
		if err != nil {
			return err
		}
		at := strings.Repeat(" ", depth) + name + ": "
		open, ok := token.(json.Delim)
		if !ok {
			read = append(read, at+fmt.Sprintf("%T %q", token, fmt.Sprint(token)))
			return nil
		}
		read = append(read, at+open.String())
		for d.More() {
			name := ""
			if open == '{' {
				key, err := d.Token()
				if err != nil {
					return err
				}
				name = fmt.Sprintf("%q", key)
			}
			if err := value(name, depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	}
	return read, value("", 0)
}

// first is the product's reading of what lies below a node, in the same form.
func first(h *hit.Hit, n int32) (read []string) {
	var value func(i int32, depth int)
	value = func(i int32, depth int) {
		at, name := strings.Repeat(" ", depth), ""
		if k := h.Nodes[i].Kind; k == hit.Glued || k == hit.Quoted {
			name = fmt.Sprintf("%q", h.Bytes(h.KeySpan(i)))
		}
		if p := h.Nodes[i].Parent; p != hit.None && (h.Nodes[p].Kind == hit.Object || h.Nodes[p].Kind == hit.Form) {
			name = fmt.Sprintf("%q", h.Bytes(h.KeySpan(i)))
			if h.Nodes[p].Kind == hit.Object {
				name = fmt.Sprintf("%q", string([]rune(string(h.Bytes(h.KeySpan(i))))))
			}
		}
		at += name + ": "
		literal := func(kind, text string) { read = append(read, at+fmt.Sprintf("%s %q", kind, text)) }
		switch h.Nodes[i].Kind {
		case hit.Object:
			read = append(read, at+"{")
		case hit.Array:
			read = append(read, at+"[")
		case hit.String:
			literal("string", string([]rune(string(h.Text(i))))) // as encoding/json does with what is no UTF-8
		case hit.Number:
			literal("json.Number", string(h.Text(i)))
		case hit.Bool:
			literal("bool", string(h.Text(i)))
		case hit.Null:
			literal("<nil>", "<nil>")
		case hit.Text, hit.Glued, hit.Quoted:
			read = append(read, fmt.Sprintf("%s: %q", name, h.Text(i)))
		default: // forms and lines show what is in them
			depth--
		}
		lines := h.Nodes[i].Kind == hit.Lines || h.Nodes[i].Kind == hit.Records || h.Nodes[i].Kind == hit.Chain
		for c := h.Nodes[i].First; c != hit.None; c = h.Nodes[c].Next {
			if lines {
				read = append(read, "line")
			}
			value(c, depth+1)
		}
	}
	for c := h.Nodes[n].First; c != hit.None; c = h.Nodes[c].Next {
		value(c, 0)
	}
	return read
}

// hold holds the product's reading of a text against the standard library's.
func hold(t *testing.T, stack, text string) {
	t.Helper()
	var h hit.Hit
	var o codec.Opener
	root, err := open(t, &h, &o, text, stack)
	if err != nil && !errors.Is(err, codec.ErrMalformed) {
		return // over a limit: nobody else has those
	}
	want, unsure, refused := second(stack, text)
	if (err == nil) != (refused == nil) {
		t.Fatalf("%s %q: %v, and the standard library: %v", stack, text, err, refused)
	}
	if err != nil || unsure || !utf8.ValidString(text) && strings.Contains(stack, "json") {
		return // encoding/json puts U+FFFD in the place of bytes that are no UTF-8
	}
	if got := first(&h, root); !slices.Equal(got, want) {
		t.Fatalf("%s %q is read as\n%s\nand by the standard library as\n%s", stack, text, strings.Join(got, "\n"),
			strings.Join(want, "\n"))
	}
}

// odd are texts beside those that are kept whole: what a check refuses, and what stands at the edge of one.
var odd = []struct{ stack, body string }{
	{"json", `{"\ud800":"\udc00\q"}`}, {"json", `{"\ud83d\ude00":"\ud83d"}`}, {"json", ""}, {"json", "{"},
	{"json", `{"a":1}}`}, {"json", `{"a":1,}`}, {"json", `[01]`},
	{"json", "{\"a\":\"\n\"}"}, {"json", "\xef\xbb\xbf{}"}, {"json", "{\"a\xff\":\"\xfe\"}"},
	{"json", `{"a":[{"b":[[],{}]},[1,[2]]],"c":null}`}, {"json", `tru`}, {"json", "[1]\x00"},
	{"form", "a=\x00"}, {"form", "a=\x7f"}, {"form", "a\t=1"}, {"form", "a=1\n"}, {"form", "a=%zz&b=%4"}, {"form", "&&&"},
	{"form", "=&=1&a="}, {"form", "??a=1"}, {"form", "a=b;c=d&e=%26%3D"},
	{"form", "a=\xff&\xe9=1"}, {"lines", "\n\r\n\r\r\na=1"}, {"lines", "a=1\rb=2"}, {"lines", "a=\x01\nb"},
	{"lines", "a=1\n&&\n\nb"}, {"lines", ""},
	{"ndjson", "{}\n{"}, {"ndjson", "\n\n"}, {"ndjson", "1\n\"a\"\n[2]\r\nnull"}, {"ndjson", "{} {}\n"},
	{"base64+json", ""}, {"base64+json", "e30"}, {"base64+json", "e30="}, {"base64+json", "e3 0"},
	{"base64+json", "e3\n0"}, {"base64+json", "e30\r\n"}, {"base64+json", "e3\r0="}, {"base64+json", "e3\n0="},
	{"base64+json", "e30=e30="}, {"base64+json", "e31="}, {"base64+json", "e"},
	{"base64+form", "_2E9MQ"}, {"base64+form", "_2E9MQ=="}, {"base64+form", "/2E9MQ=="}, {"base64+form", "/2E9MQ"},
	{"base64+form", "-2E9MQ"}, {"base64+form", "+2E9MQ"}, {"base64+form", "P2E9LV8_"},
	{"base64+form", "_2E9M/"}, {"base64+form", "_/_="}, {"base64+form", "===="}, {"base64+base64+json", "ZTMw"},
	{"base64+base64+json", "ZTMwPQ=="},
	{"gzip+json", ""}, {"gzip+json", packed("{}") + packed("")}, {"gzip+json", packed("{}") + "x"},
	{"gzip+json", packed("{}")[:15]}, {"gzip+json", packed("{")}, {"gzip+base64+json", packed("e30=")},
	{"item", "id"}, {"item", "idSKU~"}, {"item", "~id"}, {"item", "id~~~nm"}, {"item", "k12fa~v1yes"},
	{"item", "k12fa~v12yes"}, {"item", "k0~v0"}, {"item", "kAb~vAc~v0d"},
	{"elements_chain", ""}, {"elements_chain", ";"}, {"elements_chain", "a:;b:"}, {"elements_chain", `a:b:c="d"`},
	{"elements_chain", `a:b="\\"c"d="e\f"`}, {"elements_chain", `:a=""`},
	{"elements_chain", `a:b="c";d"e"`}, {"elements_chain", `a:b="c" d="e"`}, {"elements_chain", `a:href=b:c="d"`},
	{"elements_chain", `a:b="c\"`},
	{"gzip+json", flagged("{}", 0x20)}, {"gzip+json", flagged("{}", 0x40)}, {"gzip+json", flagged("{}", 0x80)},
	{"gzip+form", flagged("a=1", 0x01)},
	{"gzip+lines", packed("a=1\nb=2")}, {"gzip+ndjson", packed("{}\n[]")}, {"gzip+gzip+form", packed(packed("?a=1"))},
	{"deflate+json", ""}, {"deflate+json", "x"}, {"deflate+json", "\x78\x9c"}, {"deflate+json", deflated("zlib", "{}")},
	{"deflate+json", deflated("raw", "{}")}, {"deflate+json", deflated("zlib", "{}") + "x"},
	{"deflate+json", deflated("raw", "{}") + "x"}, {"deflate+form", deflated("zlib", "a=1")[:8]},
	{"deflate+form", deflated("raw", "a=1")[:3]}, {"deflate+deflate+form", deflated("raw", deflated("zlib", "a=1"))},
}

// flagged is a text packed by gzip, with a flag of its header set.
func flagged(text string, flag byte) string {
	b := []byte(packed(text))
	b[3] |= flag
	return string(b)
}

// deflated is a text in one of the two forms of "deflate".
func deflated(form, text string) string {
	var b bytes.Buffer
	var w io.WriteCloser = zlib.NewWriter(&b)
	if form == "raw" {
		w, _ = flate.NewWriter(&b, flate.BestSpeed)
	}
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}
