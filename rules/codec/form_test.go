package codec_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// FuzzForm: a form's names and values are those between its marks, decoded as the
// standard library decodes them where it does.
func FuzzForm(f *testing.F) {
	for _, text := range []string{
		"", "a", "a=", "=", "=b", "&", "&&a=1&&b=2&", "a=1=2", "a==", "a&b", "a+b=c+d", "a%20b=c%41",
		"a%=b%4&c=%zz", "%41=%2B%26%3D",
		"e=jane@example.com", "e=jane%40example.com", "e=jane\xef\xbc\xa0example.com", `e=jane\u0040example.com`, "@=1&b=2",
		"a=\x00", "a\x7f=1", "a\n=1", "a=b;c=d", "a=\xff\xef",
		strings.Repeat("a=1&", 40), "a=%F0%9F%91%9F&\xf0\x9f\x91\x9f=1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var h hit.Hit
		var o codec.Opener
		h.Request.Query = []byte(text)
		h.Begin()
		o.Limits = limits
		o.Begin(&h)
		root, err := o.Query()
		switch control := ascii.HasControl([]byte(text)); {
		case errors.Is(err, codec.ErrLimit):
			return
		case control != (err != nil):
			t.Fatalf("%q: %v", text, err)
		case control:
			return
		}
		c := h.Nodes[root].First
		for pair := range strings.SplitSeq(text, "&") {
			if pair == "" {
				continue
			}
			if c == hit.None {
				t.Fatalf("%q: %q is missing", text, pair)
			}
			name, value, _ := strings.Cut(pair, "=")
			if got := string(h.Bytes(h.KeySpan(c))); got != decodedPart(name) {
				t.Errorf("%q: the name %q was read as %q", text, name, got)
			}
			if got := string(h.Text(c)); got != decodedPart(value) {
				t.Errorf("%q: the value %q was read as %q", text, value, got)
			}
			if atless := !strings.ContainsAny(value, `%+@\`) && !strings.Contains(value, "\xef"); h.Nodes[c].Atless != atless {
				t.Errorf("%q: of the value %q it is said that no @ is in it: %v", text, value, !atless)
			}
			c = h.Nodes[c].Next
		}
		if c != hit.None {
			t.Errorf("%q: there is more", text)
		}
	})
}

// decodedPart is a name or a value as the standard library decodes it; where that refuses it, a broken escape stands
// for itself.
func decodedPart(part string) string {
	if text, err := url.QueryUnescape(part); err == nil {
		return text
	}
	return string(hit.AppendUnpercent(nil, []byte(part)))
}
