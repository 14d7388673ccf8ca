package curious_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/curious"
)

// planted are strings of every kind that is looked for: short ones, with blanks, with characters that
// codings treat apart, of hex digits alone.
var planted = []string{"Jane", "Jane Doe", "jane.doe@example.com", "+49 30 901820-11", "account/12345",
	"9f8e7d6c5b4a39281706f5e4d3c2b1a0", "cust-48213"}

// each writes every byte of a text in a form of its own.
func each(format string) func(string) string {
	return func(text string) string {
		var b strings.Builder
		for _, c := range []byte(text) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
}

func packed(open func(io.Writer) io.WriteCloser) func(string) string {
	return func(text string) string {
		var b bytes.Buffer
		w := open(&b)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return b.String()
	}
}

func deflating(level int) func(io.Writer) io.WriteCloser {
	return func(w io.Writer) io.WriteCloser {
		f, _ := flate.NewWriter(w, level)
		return f
	}
}

// writings are all that a vendor would undo.
var writings = []struct {
	name  string
	write func(string) string
}{
	{"percent, where it must be", url.PathEscape},
	{"percent in a form", url.QueryEscape},
	{"percent, every byte", each("%%%02X")},
	{"percent, every byte, in lower case", each("%%%02x")},
	{"JSON, every byte", each(`\u%04x`)},
	{"JSON, every byte, in upper case", each(`\u%04X`)},
	{"JSON, the slash", func(text string) string {
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "/", `\/`).Replace(text)
	}},
	{"HTML, named", html.EscapeString},
	{"HTML, named ones that nobody needs", strings.NewReplacer("&", "&amp;", "/", "&sol;", "@", "&commat;", ".",
		"&period;", "+", "&plus;").Replace},
	{"HTML, decimal", each("&#%d;")},
	{"HTML, hexadecimal", each("&#x%x;")},
	{"hex", func(text string) string { return hex.EncodeToString([]byte(text)) }},
	{"hex in upper case", func(text string) string { return strings.ToUpper(hex.EncodeToString([]byte(text))) }},
	{"base64", func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }},
	{"base64 without padding", func(text string) string { return base64.RawStdEncoding.EncodeToString([]byte(text)) }},
	{"base64 for addresses", func(text string) string { return base64.URLEncoding.EncodeToString([]byte(text)) }},
	{"base64 for addresses without padding", func(text string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(text))
	}},
	{"base64 after one byte", func(text string) string {
		return base64.StdEncoding.EncodeToString([]byte("\xff" + text))
	}},
	{"base64 after two bytes", func(text string) string {
		return base64.StdEncoding.EncodeToString([]byte("\xff\xfe" + text))
	}},
	{"base64, its pluses spaces", func(text string) string {
		return strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte("\xfb\xef\xbe"+text)), "+", " ")
	}},
	{"gzip", packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })},
	{"gzip with a name", packed(func(w io.Writer) io.WriteCloser {
		z := gzip.NewWriter(w)
		z.Name, z.Comment = "hit.json", "a comment"
		return z
	})},
	{"zlib", packed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })},
	{"raw deflate", packed(deflating(flate.DefaultCompression))},
	{"raw deflate, stored", packed(deflating(flate.NoCompression))},
	{"raw deflate, one code", packed(deflating(flate.HuffmanOnly))},
}

// among puts a text where values stand.
var among = []struct {
	name string
	put  func(string) string
}{
	{"alone", func(text string) string { return text }},
	{"in a form", func(text string) string { return "v=2&ep.a=" + text + "&en=page_view" }},
	{"in JSON", func(text string) string { return `{"a":"` + text + `","b":[1,true]}` }},
	{"in a path", func(text string) string { return "/a/" + text + "/b" }},
	{"after a letter", func(text string) string { return "x" + text }},
	{"after two", func(text string) string { return "xy" + text }},
	{"after three", func(text string) string { return "xyz" + text + "." }},
}

// mustFind reports where a string that was planted is not found.
func mustFind(t *testing.T, text, what string, how ...string) {
	t.Helper()
	r, err := curious.Read(text)
	if err != nil {
		t.Errorf("%s: %v", strings.Join(how, " in "), err)
	} else if !r.Holds(what) {
		t.Errorf("%s: %q is not found in %q", strings.Join(how, " in "), what, text)
	}
}

// TestEveryWriting: what is planted, of each kind in turn, is found in every writing, wherever it stands.
func TestEveryWriting(t *testing.T) {
	t.Parallel()
	for i, w := range writings {
		for k, a := range among {
			for _, what := range []string{planted[(i+k)%len(planted)], planted[(2*i+k+1)%len(planted)]} {
				mustFind(t, a.put(w.write(what)), what, w.name, a.name)
				mustFind(t, a.put(w.write(`{"name":"`+strings.ToUpper(what)+`"}`)), what, "in JSON", w.name, a.name)
			}
		}
	}
}

// TestWritingsInEachOther: two in each other are found, each inside each; three and four are drawn.
func TestWritingsInEachOther(t *testing.T) {
	t.Parallel()
	n := 0
	for _, inner := range writings {
		for _, outer := range writings {
			what, a, b := planted[n%len(planted)], among[n%len(among)], among[n/2%len(among)]
			n++
			mustFind(t, b.put(outer.write(a.put(inner.write(what)))), what, inner.name, a.name, outer.name, b.name)
		}
	}
	draw := rand.New(rand.NewPCG(1, 2))
	for i := range 240 {
		what := planted[draw.IntN(len(planted))]
		text := what
		var how []string
		for range 3 + i%2 {
			w, a := writings[draw.IntN(len(writings))], among[draw.IntN(len(among))]
			text = a.put(w.write(text))
			how = append(how, w.name, a.name)
		}
		mustFind(t, text, what, how...)
	}
}

// TestWhatIsNotThere is not found: in what is near to it, in one coding more than is undone,
// and in what only looks like a coding.
func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 20_000)
	draw := rand.NewChaCha8([32]byte{1})
	_, _ = draw.Read(noise)
	deep := "Jane Doe"
	for range curious.Depth + 1 {
		deep = each("%%%02X")(deep)
	}
	for name, text := range map[string]string{
		"nothing":                  "",
		"one letter less":          "Jan Doe, jan.doe@example.com, account/1234, cust-4821",
		"in pieces":                "Ja ne Do e ac/count/12 345 cust48213",
		"reversed":                 "eoD enaJ",
		"a coding too many":        deep,
		"a digest":                 "d4e3a1b2c9f80716253443526170f8e9d0c1b2a39485766758493a2b1c0d9e8f",
		"ends in a percent sign":   "Jan%",
		"ends in half an escape":   "Jan%6",
		"ends in a backslash":      `Jan\`,
		"ends in \\u":              `Jan\u`,
		"ends in three digits":     `Jan\u006`,
		"ends in a half surrogate": `Jan\ud83d\u`,
		"ends in an ampersand":     "Jan&",
		"ends in half an entity":   "Jan&#x6",
		"another name in hex":      hex.EncodeToString([]byte("Joan Dow, cust-48214")),
		"another name in base64":   base64.StdEncoding.EncodeToString([]byte("Joan Dow, cust-48214")),
		"escapes cut off":          `%4 %4aan %6 \u004 \u004aan & &#74 &# \`,
		"noise":                    string(noise),
		"noise in base64":          base64.StdEncoding.EncodeToString(noise),
		"noise in hex, in gzip": packed(func(w io.Writer) io.WriteCloser {
			return gzip.NewWriter(w)
		})(hex.EncodeToString(noise)),
		"what a hit usually holds":  `{"event":"$pageview","properties":{"$current_url":"https://shop.example/a?utm_source=x","$browser":"Chrome","distinct_id":"0190a1b2-0000-7000-8000-0000000000aa"}}`,
		"the header of gzip, alone": "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
		"a plus where none was":     "4930+901820-1x",
	} {
		r, err := curious.Read(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, what := range planted {
			if where, found := r.Find(what); found {
				t.Errorf("%s: %q is found %s", name, what, where)
			}
		}
	}
}

// TestFindSaysWhere: the codings, and what stands around.
func TestFindSaysWhere(t *testing.T) {
	t.Parallel()
	text := "data=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(`>>>{"name":"JANE Doe","plan":"free"}`)))
	r, err := curious.Read("GET /a", text)
	if err != nil {
		t.Fatal(err)
	}
	if where, found := r.Find("Jane Doe"); !found || !strings.HasPrefix(where, "in base64: ") ||
		!strings.Contains(where, `jane doe\",\"plan`) {
		t.Errorf("%v, %s", found, where)
	}
	if where, found := r.Find("/A"); !found || !strings.Contains(where, "too short") {
		t.Errorf("what is too short to be looked for counts as absent: %s", where)
	}
	if where, found := r.Find("GET /a"); !found || where != `as it stands: "get /a\n"` {
		t.Errorf("%v, %s", found, where)
	}
	if !strings.Contains(r.Folded(), "jane doe") {
		t.Error("it is not among all readings")
	}
	if got := curious.Planted("Jane\r\ncust-1\n\n"); len(got) != 2 || got[0] != "Jane" || got[1] != "cust-1" {
		t.Errorf("%q", got)
	}
}

// TestTooMuch: what unfolds without bound is not said to hold nothing.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	zip := packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	for name, text := range map[string]string{
		"a bomb":              zip(strings.Repeat(" ", 24<<20)),
		"a bomb in a bomb":    zip(zip(strings.Repeat(" ", 24<<20))),
		"a bomb in base64":    base64.StdEncoding.EncodeToString([]byte(zip(strings.Repeat("x", 24<<20)))),
		"a text before a one": "a=1&b=" + zip(strings.Repeat("\x00", 24<<20)),
	} {
		if _, err := curious.Read(text); !errors.Is(err, curious.ErrTooMuch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
