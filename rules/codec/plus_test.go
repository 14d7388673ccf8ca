package codec_test

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestABarePlusInBase64: in a form's value it is a space, and is meant as a plus; nowhere else is a space taken for
// one. What is changed leaves with its plus signs escaped, what is not leaves as it came.
func TestABarePlusInBase64(t *testing.T) {
	const text = `{"a":">>>???~~","b":"secret"}`
	plain := base64.StdEncoding.EncodeToString([]byte(text))
	if !strings.Contains(plain, "+") {
		t.Fatal("the sample has no plus in it")
	}
	for _, c := range []struct {
		what, value string
		ok          bool
	}{
		{"bare", plain, true},
		{"escaped", url.QueryEscape(plain), true},
		{"as spaces", strings.ReplaceAll(plain, "+", "%20"), true},
		{"some bare, some escaped", strings.Replace(plain, "+", "%2B", 1), true},
		{"without padding", strings.TrimRight(plain, "="), true},
		{"in the other alphabet", base64.URLEncoding.EncodeToString([]byte(text)), true},
		{"a plus in the other alphabet", strings.Replace(base64.URLEncoding.EncodeToString([]byte(text)),
			"-", "+", 1) + "_", false},
		{"a tab", strings.Replace(plain, "+", "%09", 1), false},
		{"a line end", strings.Replace(plain, "+", "%0A", 1), false},
	} {
		var h hit.Hit
		var o codec.Opener
		var a codec.Assembler
		root, err := open(t, &h, &o, "data="+c.value, "form")
		if err != nil {
			t.Fatal(err)
		}
		err = o.Open(h.Nodes[h.Nodes[root].First].First, stacks(t, "base64+json"))
		if (err == nil) != c.ok || err != nil && !errors.Is(err, codec.ErrMalformed) {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if !c.ok {
			continue
		}
		keepAll(&h)
		h.Settle(never)
		if got := string(a.Append(nil, &h, root)); got != "data="+c.value {
			t.Errorf("%s: kept whole it left as %s", c.what, got)
		}
		for i := range h.Nodes {
			if string(h.Bytes(h.KeySpan(int32(i)))) == "b" {
				h.Nodes[i].Fate = hit.Drop
			}
		}
		h.Settle(never)
		left, err := url.ParseQuery(string(a.Append(nil, &h, root)))
		if err != nil {
			t.Fatal(err)
		}
		bytes, err := base64.StdEncoding.DecodeString(left.Get("data"))
		if err != nil {
			if bytes, err = base64.URLEncoding.DecodeString(left.Get("data")); err != nil {
				bytes, err = base64.RawStdEncoding.DecodeString(left.Get("data"))
			}
		}
		if err != nil || string(bytes) != `{"a":">>>???~~"}` {
			t.Errorf("%s: left as %q, %v", c.what, left, err)
		}
	}
	var h hit.Hit
	var o codec.Opener
	if _, err := open(t, &h, &o, strings.ReplaceAll(plain, "+", " "), "base64+json"); !errors.Is(err, codec.ErrMalformed) {
		t.Errorf("a body that is no form: %v", err)
	}
	if _, err := open(t, &h, &o, plain, "base64+json"); err != nil {
		t.Errorf("a body that is base64 as a whole: %v", err)
	}
}

// TestWhatBeginsAsJSONIsNoForm, whatever a body may be besides.
func TestWhatBeginsAsJSONIsNoForm(t *testing.T) {
	for _, c := range []struct {
		body   string
		stacks []string
		ok     bool
	}{
		{`{"a":1`, []string{"json", "form"}, false},
		{" \r\n\t[1", []string{"json", "form"}, false},
		{`{"a":1`, []string{"json", "lines"}, false},
		{`{"a":1`, []string{"ndjson", "form"}, false},
		{`{"a":1`, []string{"form"}, false},
		{`{"a":1`, []string{"lines"}, false},
		{`{"a":1`, []string{"form", "json"}, false},
		{`{"a":1}`, []string{"form", "json"}, true},
		{"\xef\xbb\xbf{\"a\":1", []string{"form"}, false},
		{"\xef\xbb\xbf [1", []string{"json", "form"}, false},
		{"eyJhIjox", []string{"base64+form"}, false}, // {"a":1
		{"YT0x", []string{"base64+form"}, true},
		{`{"a":1}`, []string{"json", "form"}, true},
		{`a={"a":1`, []string{"json", "form"}, true},
		{`"a`, []string{"json", "form"}, true},
		{``, []string{"json", "form"}, true},
	} {
		var h hit.Hit
		var o codec.Opener
		if _, err := open(t, &h, &o, c.body, c.stacks...); (err == nil) != c.ok {
			t.Errorf("%q as %v: %v", c.body, c.stacks, err)
		}
	}
}
