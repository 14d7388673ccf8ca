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
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// layer is a way in which a value is wrapped: as a stack calls it, put on, and taken off where it is exactly that.
type layer struct {
	name, wrapper string
	on            func(string) string
	off           func(string) (string, error)
}

func inBase64(name string, e *base64.Encoding) layer {
	return layer{
		name, "base64", func(text string) string { return e.EncodeToString([]byte(text)) },
		func(text string) (string, error) {
			inside, err := e.Strict().DecodeString(text)
			return string(inside), err
		},
	}
}

var layers = []layer{
	inBase64("base64", base64.StdEncoding), inBase64("base64 without padding", base64.RawStdEncoding),
	inBase64("base64 for addresses", base64.URLEncoding), inBase64("base64 for addresses without padding",
		base64.RawURLEncoding),
	{"gzip", "gzip", packed, func(text string) (string, error) {
		return unzipped(text, func(r *bytes.Reader) (io.Reader, error) {
			z, err := gzip.NewReader(r)
			if err == nil {
				z.Multistream(false)
			}
			return z, err
		})
	}},
	{"zlib", "deflate", func(text string) string { return deflated("zlib", text) }, func(text string) (string, error) {
		return unzipped(text, func(r *bytes.Reader) (io.Reader, error) { return zlib.NewReader(r) })
	}},
	{"raw deflate", "deflate", func(text string) string {
		return deflated("raw", text)
	}, func(text string) (string, error) {
		return unzipped(text, func(r *bytes.Reader) (io.Reader, error) { return flate.NewReader(r), nil })
	}},
}

// formats are two visitors' texts in each format, what is dropped of them and what is put in the place of something,
// and what is left. Those in base64 have the two characters in which its alphabets differ, before and after.
var formats = []struct {
	name     string
	came     [2]string
	want     [2]string
	drop     string
	edit, to string
}{
	{
		"json", [2]string{`{"a":"one >>>???","b":"~~~>>>???","c":7}`, `{"a":"two","b":"~~~>>>???b","c":9}`},
		[2]string{`{"b":"~~~>>>???","c":"é>>>???~"}`, `{"b":"~~~>>>???b","c":"é>>>???~"}`}, "a", "c", "é>>>???~",
	},
	{
		"form", [2]string{"a=one&b=~~~>>>???&c=7", "a=two&b=~~~>>>???b&c=9"},
		[2]string{"b=~~~>>>???&c=x~~~", "b=~~~>>>???b&c=x~~~"}, "a", "c", "x~~~",
	},
	{
		"lines", [2]string{"a=one\r\nb=~~~>>>???&c=7\r\n\r\n", "a=two\nb=~~~>>>???b&c=9"},
		[2]string{"b=~~~>>>???&c=x~~~", "b=~~~>>>???b&c=x~~~"}, "a", "c", "x~~~",
	},
	{
		"ndjson", [2]string{"{\"a\":\"one\",\"b\":\"~~~>>>???\"}\n\n[{\"c\":7}]",
			"{\"a\":\"two\",\"b\":\"~~~>>>???b\"}\r\n{\"c\":9}\r\n"},
		[2]string{"{\"b\":\"~~~>>>???\"}\n[{\"c\":3}]", "{\"b\":\"~~~>>>???b\"}\r\n{\"c\":3}"}, "a", "c", "3",
	},
}

// TestWhatChangesComesOutInItsLayers: every format in every layer, and in two and three of them, twice by what is kept
// from hit to hit: what is left is in the same layers, in the same order, and holds nothing of the hit before.
func TestWhatChangesComesOutInItsLayers(t *testing.T) {
	var o codec.Opener
	var a codec.Assembler
	var h hit.Hit
	exact := map[string]int{}
	look := func(wrapped ...layer) {
		t.Helper()
		for _, f := range formats {
			stack, name := f.name, f.name
			for _, l := range wrapped {
				stack, name = l.wrapper+"+"+stack, l.name+" "+name
			}
			for i, came := range f.came {
				off := make([]func(string) (string, error), len(wrapped))
				for n, l := range wrapped {
					came = l.on(came)
					if off[n] = l.off; l.wrapper == "base64" && !only(l, came) {
						off[n] = secondBase64 // it is as much in another one
					} else {
						exact[l.name]++
					}
				}
				root, err := open(t, &h, &o, came, stack)
				if err != nil {
					t.Errorf("%s: %q: %v", name, came, err)
					continue
				}
				keepAll(&h)
				h.Settle(never)
				if got := string(a.Append(nil, &h, root)); got != came {
					t.Errorf("%s: kept whole, %q comes out as %q", name, came, got)
				}
				h.Nodes[find(t, &h, f.drop)].Fate = hit.Drop
				h.SetEdit(find(t, &h, f.edit), []byte(f.to))
				h.Settle(never)
				left := string(a.Append(nil, &h, root))
				for n, takeOff := range slices.Backward(off) {
					if left, err = takeOff(left); err != nil {
						t.Errorf("%s, %d: it is not in %s: %v", name, i, wrapped[n].name, err)
						break
					}
				}
				if err == nil && left != f.want[i] {
					t.Errorf("%s, %d: %q is left, want %q", name, i, left, f.want[i])
				}
				a.Reset()
			}
		}
	}
	look()
	for i, inner := range layers {
		look(inner)
		for k, outer := range layers {
			look(inner, outer)
			look(inner, outer, layers[(i+2*k)%len(layers)])
		}
	}
	for _, l := range layers {
		if exact[l.name] < 20 {
			t.Errorf("%s: %d texts are in it and in nothing else", l.name, exact[l.name])
		}
	}
}

// only tells whether a text is in one of the forms of base64 and in none of the others.
func only(l layer, text string) bool {
	for _, other := range layers {
		if _, err := other.off(text); other.wrapper == "base64" && (err == nil) != (other.name == l.name) {
			return false
		}
	}
	return true
}

// TestAValueStaysOne: whatever is put in place of a JSON value, what comes out is one value: a literal where it
// still is one, else a string that says it.
func TestAValueStaysOne(t *testing.T) {
	var o codec.Opener
	var a codec.Assembler
	var h hit.Hit
	for _, came := range []string{`7`, `true`, `false`, `null`, `"x"`} {
		for _, to := range []string{
			"", "x", "7", "-1.5e3", "01", "1.", "true", "null", "nul", `"q"`, `"`, "{}", `{"a":1}`, "[]", "[1]", "[", "{", " 7",
			"7 ", "7,8", "é", "\xff", "\x00", `\`, "</script>", "\u2028",
		} {
			root, err := open(t, &h, &o, `{"a":`+came+`,"b":1}`, "json")
			if err != nil {
				t.Fatal(err)
			}
			keepAll(&h)
			h.SetEdit(find(t, &h, "a"), []byte(to))
			h.Settle(never)
			text := a.Append(nil, &h, root)
			var got struct{ A json.RawMessage }
			if err := json.Unmarshal(text, &got); err != nil {
				t.Errorf("%s becomes %q: %q: %v", came, to, text, err)
				continue
			}
			bare := came != `"x"` && json.Valid([]byte(to)) && !strings.ContainsAny(to, "\"{[")
			want, _ := json.Marshal(to)
			var is, should string
			if bare {
				if string(got.A) != strings.TrimSpace(to) {
					t.Errorf("%s becomes %q: %s", came, to, got.A)
				}
			} else if json.Unmarshal(got.A, &is) != nil || json.Unmarshal(want, &should) != nil || is != should {
				t.Errorf("%s becomes %q: %s, want the string", came, to, got.A)
			}
		}
	}
}

// TestEachBoundIsExact: what is just within a limit is read, what is one over is not, in every format
// and layer; and nothing is left of it.
func TestEachBoundIsExact(t *testing.T) {
	for _, c := range []struct{ stack, body string }{
		{"form", "a=1"}, {"form", "a=1&b=2&c"}, {"lines", "a=1\nb=2"}, {"lines", "a=1&b=2\n\nc=3"}, {"ndjson", "1\n[2,3]"},
		{"json", `1`}, {"json", `{"a":[1,{"b":[2]}]}`}, {"json", `[[[1]]]`},
		{"base64+json", "eyJhIjpbMV19"}, {"base64+form", "YT0x"}, {"gzip+json", packed(`{"a":"bbbbbbbbbbbbbbbbbbbbbbbb"}`)},
		{"deflate+form", deflated("raw", "a=1&b=2")},
		{"gzip+base64+json", packed("eyJhIjpbMV19")}, {"deflate+lines", deflated("zlib", "a=1\nb=2")},
	} {
		least := codec.Limits{}
		try := func(l codec.Limits) error {
			var h hit.Hit
			var o codec.Opener
			h.Request.Body = []byte(c.body)
			h.Begin()
			o.Limits = l
			o.Begin(&h)
			root := o.Root()
			err := o.Open(root, stacks(t, c.stack))
			if (err == nil) != (len(h.Nodes) > 1) || err != nil && (!errors.Is(err, codec.ErrLimit) || h.Nodes[root].Opened) {
				t.Errorf("%s %q within %+v: %v, %d nodes", c.stack, c.body, l, err, len(h.Nodes))
			}
			return err
		}
		for name, of := range map[string]func(*codec.Limits) *int{
			"depth": func(l *codec.Limits) *int { return &l.Depth }, "nodes": func(l *codec.Limits) *int { return &l.Nodes },
			"decompressed": func(l *codec.Limits) *int { return &l.Decompressed },
		} {
			l := limits
			for *of(&l) = 0; try(l) != nil; *of(&l)++ {
				if want := codec.Over(name); !errors.Is(try(l), want) && try(l).Error() != want.Error() {
					t.Errorf("%s %q within %+v: %v, want %v", c.stack, c.body, l, try(l), want)
				}
				if *of(&l) > 200 {
					t.Fatalf("%s %q: never read", c.stack, c.body)
				}
			}
			*of(&least) = *of(&l)
		}
		if want := bounds(t, c.stack, c.body); fmt.Sprint(least) != fmt.Sprint(want) {
			t.Errorf("%s %q needs %+v, want %+v", c.stack, c.body, least, want)
		}
	}
}

// bounds are the limits that a text needs at least, counted by the second reading: a node for the body, for each list
// of a form or lines, and for each value.
func bounds(t *testing.T, stack, body string) (l codec.Limits) {
	t.Helper()
	for {
		wrapper, rest, more := strings.Cut(stack, "+")
		if !more {
			break
		}
		for _, of := range layers {
			if inside, err := of.off(body); of.wrapper == wrapper && err == nil {
				size := len(inside)
				if wrapper == "base64" {
					size = base64.RawStdEncoding.DecodedLen(len(body))
				}
				stack, body, l.Decompressed = rest, inside, l.Decompressed+size
				break
			}
		}
	}
	read, _, err := secondFormat(stack, body)
	if err != nil {
		t.Fatal(err)
	}
	l.Nodes = 1 + len(read)
	switch stack {
	case "form", "lines":
		l.Nodes++ // what is a "line" in the second reading is a form
	case "ndjson":
		l.Nodes += 1 - strings.Count(strings.Join(read, "\n"), "line")
	}
	for _, line := range read {
		if strings.HasSuffix(line, "{") || strings.HasSuffix(line, "[") {
			l.Depth = max(l.Depth, len(line)-len(strings.TrimLeft(line, " "))+1)
		}
	}
	return l
}
