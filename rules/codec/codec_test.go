package codec_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

var limits = codec.Limits{Depth: 64, Nodes: 2000, Decompressed: 1 << 20}

func stacks(t testing.TB, texts ...string) []codec.Stack {
	t.Helper()
	var all []codec.Stack
	for _, text := range texts {
		s, err := codec.ParseStack(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func open(t testing.TB, h *hit.Hit, o *codec.Opener, body string, texts ...string) (int32, error) {
	t.Helper()
	h.Reset()
	h.Request.Body = []byte(body)
	h.Begin()
	o.Limits = limits
	o.Begin(h)
	root := o.Root()
	return root, o.Open(root, stacks(t, texts...))
}

func keepAll(h *hit.Hit) {
	for i := range h.Nodes {
		h.Nodes[i].Fate = hit.Keep
	}
}

func never(int32) bool  { return false }
func always(int32) bool { return true }

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

var bodies = []struct{ stack, body string }{
	{"form", "a=1&b=%20x+y&&c&d=&=e&f=g=h"},
	{"form", "?a=1&b=2"},
	{"form", ""},
	{"lines", "en=page_view&a=1\r\n\r\nen=scroll&b=2\n"},
	{"json", `{"a":1,"b":[true,null,"x\"y\u0041",{"c":-1.5e3}],"a":{},"d":[] }`},
	{"json", "  [1 , 2,\n\t3]  "},
	{"json", `"text"`},
	{"json", `-0.5`},
	{"ndjson", "{\"a\":1}\n{\"b\":[2]}\r\n"},
	{"base64+json", base64.StdEncoding.EncodeToString([]byte(`{"a":"b"}`))},
	{"base64+json", base64.RawURLEncoding.EncodeToString([]byte(`{"a":"b?>~"}`))},
	{"gzip+json", packed(`{"a":"b"}`)},
	{"item", "idSKU-1~nmRed~~shoes~pr59.9~qt1~k0colour~v0red~kAsize~vA"},
	{"elements_chain", `a.btn.hover:blue:attr__href="/cart?a=1"text="a \"b\"; c:d=\"e\""nth-child="1";div.page:nth-child="2";body`},
	{"base64+item", base64.StdEncoding.EncodeToString([]byte("idSKU~k10a~v10b"))},
}

func TestKeptWholeComesOutByteForByte(t *testing.T) {
	var h hit.Hit
	var o codec.Opener
	var a codec.Assembler
	for _, c := range bodies {
		root, err := open(t, &h, &o, c.body, c.stack)
		if err != nil {
			t.Errorf("%s %q: %v", c.stack, c.body, err)
			continue
		}
		keepAll(&h)
		h.Settle(never)
		if got := string(a.Append(nil, &h, root)); got != c.body {
			t.Errorf("%s: got %q, want %q", c.stack, got, c.body)
		}
	}
}

// find returns the first node whose key or text is name.
func find(t *testing.T, h *hit.Hit, name string) int32 {
	t.Helper()
	for i := range h.Nodes {
		if string(h.Bytes(h.KeySpan(int32(i)))) == name {
			return int32(i)
		}
	}
	t.Fatalf("no node %q", name)
	return hit.None
}

func TestDropAndRewrite(t *testing.T) {
	for _, c := range []struct{ name, stack, body, drop, edit, to, want string }{
		{"form", "form", "a=1&b=2&c=3", "b", "c", "é &=", "a=1&c=%C3%A9%20%26%3D"},
		{"first pair", "form", "a=1&b=2", "a", "b", "2", "b=2"},
		{"json", "json", `{"a":1,"b":"x","c":"y"}`, "a", "c", "q\"\n\x01", `{"b":"x","c":"q\"\n\u0001"}`},
		{"number stays a number", "json", `{"a":1,"b":2}`, "a", "b", "3.5", `{"b":3.5}`},
		{"number becomes text", "json", `{"a":1,"b":2}`, "a", "b", "x1", `{"b":"x1"}`},
		{"emptied object goes", "json", `{"o":{"a":1},"b":2}`, "a", "b", "2", `{"b":2}`},
		{"escaped key", "json", `{"\u0061":1,"b":2}`, "a", "b", "2", `{"b":2}`},
		{"lines", "lines", "a=1&b=2\r\nc=3", "a", "c", "4", "b=2\r\nc=4"},
		{"base64", "base64+json", base64.StdEncoding.EncodeToString([]byte(`{"a":1,"b":2}`)), "a", "b", "3",
			base64.StdEncoding.EncodeToString([]byte(`{"b":3}`))},
		{"question mark", "form", "?a=1&b=2", "a", "b", "3", "?b=3"},
		{"item", "item", "idSKU~nmName~pr9.99", "nm", "id", "a~b", "ida~~b~pr9.99"},
		{"item's own names", "item", "idSKU~k0iban~v0DE89~k1size~v1XL", "iban", "size", "~", "idSKU~k1size~v1~~"},
		{"chain", "elements_chain", `a.b:href="/x"text="t";div:id="1"`, "href", "id", `a"b\`, `a.b:text="t";div:id="a\"b"`},
		{"chain's tag", "elements_chain", `a.b:href="/x";div.c:id="1"`, "tag", "id", "2", `:href="/x";div.c:id="2"`},
		{"element without attributes", "elements_chain", `a.b:href="/x";div:id="1"`, "href", "id", "2", `a.b;div:id="2"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h hit.Hit
			var o codec.Opener
			var a codec.Assembler
			root, err := open(t, &h, &o, c.body, c.stack)
			if err != nil {
				t.Fatal(err)
			}
			keepAll(&h)
			h.Nodes[find(t, &h, c.drop)].Fate = hit.Drop
			h.SetEdit(find(t, &h, c.edit), []byte(c.to))
			h.Settle(never)
			if got := string(a.Append(nil, &h, root)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMake(t *testing.T) {
	var h hit.Hit
	var o codec.Opener
	var a codec.Assembler
	root, err := open(t, &h, &o, `{"a":1}`, "json")
	if err != nil {
		t.Fatal(err)
	}
	keepAll(&h)
	object := h.Make(h.Nodes[root].First, []byte(`c"d`), hit.Object)
	h.Nodes[object].Fate = hit.Keep
	h.SetEdit(h.Make(object, []byte("ip"), hit.String), []byte("203.0.113.0"))
	h.Settle(never)
	if got, want := string(a.Append(nil, &h, root)), `{"a":1,"c\"d":{"ip":"203.0.113.0"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRefused(t *testing.T) {
	var h hit.Hit
	var o codec.Opener
	for _, c := range []struct {
		name, stack, body string
		want              error
	}{
		{"no JSON", "json", "{", codec.ErrMalformed},
		{"empty", "json", "", codec.ErrMalformed},
		{"two values", "json", "{} {}", codec.ErrMalformed},
		{"byte order mark", "json", "\ufeff{}", codec.ErrMalformed},
		{"a million levels", "json", strings.Repeat("[", 1_000_000), codec.ErrLimit},
		{"65 levels", "json", strings.Repeat("[", 65) + strings.Repeat("]", 65), codec.ErrLimit},
		{"many members", "json", "[" + strings.Repeat("1,", 100_000) + "1]", codec.ErrLimit},
		{"many parameters", "form", strings.Repeat("a=1&", 100_000), codec.ErrLimit},
		{"control byte", "form", "a=\x00", codec.ErrMalformed},
		{"no base64", "base64+json", "{}", codec.ErrMalformed},
		{"no gzip", "gzip+json", "{}", codec.ErrMalformed},
		{"gzip with a tail", "gzip+json", packed("{}") + "x", codec.ErrMalformed},
		{"cut gzip", "gzip+json", packed("{}")[:20], codec.ErrMalformed},
		{"item without a name", "item", "idSKU~~~n", codec.ErrMalformed},
		{"empty item", "item", "", codec.ErrMalformed},
		{"item that ends in a tilde", "item", "idSKU~", codec.ErrMalformed},
		{"name without a value", "item", "k0colour", codec.ErrMalformed},
		{"name and another's value", "item", "k0colour~v1red", codec.ErrMalformed},
		{"value without a name", "item", "idSKU~v0red", codec.ErrMalformed},
		{"many values", "item", "id" + strings.Repeat("~id", 100_000), codec.ErrLimit},
		{"open quote", "elements_chain", `a:href="/x`, codec.ErrMalformed},
		{"no colon", "elements_chain", `a"b"`, codec.ErrMalformed},
		{"attribute without a quote", "elements_chain", `a:b="c"d=e`, codec.ErrMalformed},
		{"attribute without a name", "elements_chain", `a:="c"`, codec.ErrMalformed},
		{"quote in a name", "elements_chain", `a:b="c"d"e="f"`, codec.ErrMalformed},
		{"many elements", "elements_chain", strings.Repeat("a;", 100_000), codec.ErrLimit},
		{"many attributes", "elements_chain", "a:" + strings.Repeat(`b="c"`, 100_000), codec.ErrLimit},
		{"bomb", "gzip+json", packed(strings.Repeat(" ", 2<<20) + "{}"), codec.ErrLimit},
	} {
		if _, err := open(t, &h, &o, c.body, c.stack); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if len(h.Nodes) != 1 {
			t.Errorf("%s: %d nodes are left", c.name, len(h.Nodes))
		}
	}
}

func TestAlternativesAreTriedInOrder(t *testing.T) {
	var h hit.Hit
	var o codec.Opener
	if _, err := open(t, &h, &o, `data=1`, "json", "gzip+json", "form"); err != nil {
		t.Fatal(err)
	}
	if h.Nodes[1].Kind != hit.Form {
		t.Errorf("read as kind %d", h.Nodes[1].Kind)
	}
}

func FuzzOpen(f *testing.F) {
	for _, c := range bodies {
		f.Add(c.stack, []byte(c.body))
	}
	for _, c := range odd {
		f.Add(c.stack, []byte(c.body))
	}
	f.Fuzz(func(t *testing.T, stack string, body []byte) {
		s, err := codec.ParseStack(stack)
		if err != nil {
			return
		}
		hold(t, stack, string(body))
		var h hit.Hit
		var o codec.Opener
		var a codec.Assembler
		h.Request.Body = body
		h.Begin()
		o.Limits = limits
		o.Begin(&h)
		root := o.Root()
		if o.Open(root, []codec.Stack{s}) != nil {
			return
		}
		keepAll(&h)
		h.Settle(always)
		got := a.Append(nil, &h, root)
		if strings.Contains(stack, "gzip") && !bytes.Equal(got, body) { // a head that says more is made anew
			want, _, _ := second(stack, string(body))
			if anew, _, err := second(stack, string(got)); err != nil || !slices.Equal(anew, want) {
				t.Fatalf("kept whole, %q became %q", body, got)
			}
			got = body
		}
		if !bytes.Equal(got, body) {
			t.Fatalf("kept whole, %q became %q", body, got)
		}
		for i := range h.Nodes {
			h.KeySpan(int32(i))
			if !h.Nodes[i].Kind.Holds() && !h.Nodes[i].Opened && h.Nodes[i].Kind != hit.Raw {
				h.SetEdit(int32(i), append([]byte(nil), h.Text(int32(i))...))
			}
		}
		h.Settle(always)
		if s.Format == codec.Form {
			if _, err := url.ParseQuery(string(a.Append(nil, &h, root))); err != nil && !strings.Contains(err.Error(),
				"semicolon") && !bytes.Contains(body, []byte("%")) {
				t.Fatalf("rewritten whole, %q cannot be read: %v", body, err)
			}
		}
	})
}
