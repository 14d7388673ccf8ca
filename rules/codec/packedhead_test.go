package codec_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestHeadsOfPackedValues: a value that is packed with a header that says more than it must is packed anew, though all
// of its inside is kept; with one that does not it leaves as it came.
func TestHeadsOfPackedValues(t *testing.T) {
	t.Parallel()
	pack := func(text string, header gzip.Header) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Header = header
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	const inside = `{"a":1}`
	for name, header := range map[string]gzip.Header{
		"nothing": {}, "a name": {Name: "jane"}, "a comment": {Comment: "jane"}, "a field": {Extra: []byte("JD\x04\x00jane")},
	} {
		once := pack(inside, header)
		for stack, packed := range map[string]string{
			"base64+gzip+json": once, "base64+gzip+gzip+json, within": pack(once, gzip.Header{}),
			"base64+gzip+gzip+json, around": pack(pack(inside, gzip.Header{}), header),
		} {
			stack, _, _ = strings.Cut(stack, ",")
			var h hit.Hit
			var o codec.Opener
			body := base64.StdEncoding.EncodeToString([]byte(packed))
			root, err := open(t, &h, &o, body, stack)
			if err != nil {
				t.Fatal(err)
			}
			keepAll(&h)
			h.Settle(never)
			var a codec.Assembler
			a.Begin(&h)
			sent := string(a.Append(nil, &h, root))
			if name == "nothing" != (sent == body) {
				t.Errorf("%s, %s: came as %q, leaves as %q", stack, name, body, sent)
			}
			raw, err := base64.StdEncoding.DecodeString(sent)
			left := string(raw)
			for range strings.Count(stack, "gzip") {
				if err != nil || left[3] != 0 {
					t.Fatalf("%s, %s: %v, %q", stack, name, err, left)
				}
				var z *gzip.Reader
				if z, err = gzip.NewReader(strings.NewReader(left)); err == nil {
					raw, err = io.ReadAll(z)
					left = string(raw)
				}
			}
			if err != nil || left != inside {
				t.Errorf("%s, %s: %v, %q", stack, name, err, left)
			}
		}
	}
}
