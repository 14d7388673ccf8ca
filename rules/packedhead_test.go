package rules_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// gzipHeads are what a member of gzip may say beside its text (RFC 1952, section 2.3.1).
var gzipHeads = map[string]struct {
	header gzip.Header
	flags  byte // set by hand
}{
	"a name":      {header: gzip.Header{Name: "jane.doe.json"}},
	"a comment":   {header: gzip.Header{Comment: "jane.doe@example.com"}},
	"a field":     {header: gzip.Header{Extra: []byte("JD\x08\x00jane.doe")}},
	"all at once": {header: gzip.Header{Name: "jane", Comment: "doe", Extra: []byte("JD\x03\x00doe")}},
	"is a text":   {flags: 1},
}

// member is a text as a member of gzip with that header.
func member(t *testing.T, name, text string) string {
	t.Helper()
	head := gzipHeads[name]
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Header = head.header
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b.Bytes()[3] |= head.flags
	return b.String()
}

// withDictionary is a text as zlib that was packed with a preset dictionary (RFC 1950, section 2.2).
func withDictionary(t *testing.T, dictionary, text string) string {
	t.Helper()
	b := bytes.NewBuffer([]byte{0x78, 0x20})
	b.Bytes()[1] |= byte(31 - 0x7820%31)
	_ = binary.Write(b, binary.BigEndian, adler32.Checksum([]byte(dictionary)))
	w, err := flate.NewWriterDict(b, flate.BestSpeed, []byte(dictionary))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_ = binary.Write(b, binary.BigEndian, adler32.Checksum([]byte(text)))
	return b.String()
}

// TestHeadsOfWhatIsPacked: what gzip and zlib say beside a body is read by nobody, and leaves with no hit of any
// vendor, also where the whole body is kept; the body itself is the vendor's as it came.
func TestHeadsOfWhatIsPacked(t *testing.T) {
	t.Parallel()
	pack := newPacking()
	p := compile(t, draft())
	c := &coders{packing: pack, policy: p, keep: true,
		in: rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}}
	inside := 0
	eachGolden(t, func(t *testing.T, vendor, text string) {
		plain := request(t, text, vendor, yes)
		if len(plain.Body) == 0 {
			return
		}
		body := string(plain.Body)
		send := func(coding, body string) (string, error) {
			r := coded(pack, plain, coding, nil)
			r.Body = []byte(body)
			sent, _, err := c.judge(&c.j, r)
			return sent, err
		}
		whole, err := send("", body)
		if err != nil {
			t.Fatal(err)
		}
		if sent, err := send("gzip", pack.pack("gzip", body)); err != nil || whole == body &&
			sent != pack.pack("gzip", body) {
			t.Errorf("the control, a header of nothing: %v", err)
		}
		for name := range gzipHeads {
			packed := member(t, name, body)
			sent, err := send("gzip", packed)
			bare(t, name+", said", sent, whole, err)
			if c.takes(plain, "gzip+json") {
				inside++
				sent, err = send("", packed)
				bare(t, name+", unsaid", sent, whole, err)
				sent, err = send("gzip", pack.pack("gzip", packed))
				if err == nil {
					sent, err = unpack("gzip", sent)
				}
				bare(t, name+", within", sent, whole, err)
				sent, err = send("gzip", member(t, name, pack.pack("gzip", body)))
				if err == nil {
					var outer string
					outer, err = unpack("gzip", sent)
					bare(t, name+", without", sent, outer, err)
					sent = outer
				}
				bare(t, name+", around", sent, whole, err)
			}
			for end, behind := range map[string]string{"another member": packed, "zeros": "\x00\x00", "a text": "jane.doe"} {
				if sent, err := send("gzip", packed+behind); err == nil || c.j.Reason != rules.MalformedHit {
					t.Errorf("%s with %s behind it: %q, %v", name, end, sent, err)
				}
			}
		}
		if sent, err := send("deflate", withDictionary(t, "jane.doe@example.com", body)); err == nil ||
			c.j.Reason != rules.MalformedHit {
			t.Errorf("zlib with a dictionary: %q, %v", sent, err)
		}
		sent, err := send("deflate", withDictionary(t, "", body))
		if err == nil {
			if sent[1]&0x20 != 0 {
				t.Error("zlib with an empty dictionary leaves as it came")
			}
			sent, err = unpack("zlib", sent)
		}
		if err != nil || sent != whole {
			t.Errorf("zlib with an empty dictionary: %v, %q", err, sent)
		}
	})
	if inside == 0 {
		t.Error("no endpoint takes gzip that is not said")
	}
}

// bare looks at a body as the vendor does: gzip of nothing but what is to leave.
func bare(t *testing.T, name, sent, want string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	z, err := gzip.NewReader(strings.NewReader(sent))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if sent[3] != 0 || z.Name != "" || z.Comment != "" || len(z.Extra) > 0 {
		t.Errorf("%s: leaves with flags %#x, name %q, comment %q, fields %q", name, sent[3], z.Name, z.Comment, z.Extra)
	}
	if got, err := unpack("gzip", sent); err != nil || got != want {
		t.Errorf("%s: %v; sent was\n%s\nwant\n%s", name, errors.Join(err), got, want)
	}
}
