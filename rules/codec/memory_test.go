package codec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// purse is room of which account is kept.
type purse struct{ left, taken int }

func (p *purse) Take(bytes int) bool {
	if bytes > p.left-p.taken {
		return false
	}
	p.taken += bytes
	return true
}

func (p *purse) Give(bytes int) { p.taken -= bytes }

// TestRoomIsTakenForWhatIsHeld: what was tried before, and did not fit, holds no room; where room runs out, at whatever
// point, the error says so and none is held.
func TestRoomIsTakenForWhatIsHeld(t *testing.T) {
	taking := func(p *purse, body string, texts ...string) error {
		t.Helper()
		var h hit.Hit
		var o codec.Opener
		h.Request.Body = []byte(body)
		h.Begin()
		o.Limits, o.Memory = limits, p
		o.Begin(&h)
		return o.Open(o.Root(), stacks(t, texts...))
	}
	long := strings.Repeat(`{"a":[1,2,3]},`, 200)
	for _, c := range []struct {
		body   string
		stacks []string // the last one fits
	}{
		{"a=1&b=2", []string{"form"}},
		{"a=1&b=2", []string{"json", "gzip+json", "base64+json", "form"}},
		{"e30x", []string{"base64+json", "base64+base64+json", "deflate+form", "form"}},
		{packed("[" + long + "1]"), []string{"base64+json", "gzip+base64+json", "gzip+json"}},
		{"a=1\nb=\x01\nc", []string{"lines", "form", "json"}},
		{"[" + long + "1]", []string{"base64+json", "json"}},
		{packed("e30="), []string{"gzip+json", "gzip+ndjson", "gzip+base64+json"}},
	} {
		whole, alone := &purse{left: 1 << 30}, &purse{left: 1 << 30}
		err, want := taking(whole, c.body, c.stacks...), taking(alone, c.body, c.stacks[len(c.stacks)-1])
		if !errors.Is(err, want) || whole.taken != alone.taken || (err == nil) != (whole.taken > 0) {
			t.Errorf("%.20q as %v: %v, holds %d; alone: %v, holds %d", c.body, c.stacks, err, whole.taken, want, alone.taken)
		}
		if err != nil {
			continue
		}
		most := 0
		for left := 0; ; left += max(1, whole.taken/50) {
			p := &purse{left: left}
			err := taking(p, c.body, c.stacks...)
			if err == nil {
				break
			}
			if most = left; !errors.Is(err, codec.ErrMemory) || p.taken != 0 {
				t.Fatalf("%.20q as %v, with room for %d: %v, holds %d", c.body, c.stacks, left, err, p.taken)
			}
		}
		if most == 0 {
			t.Errorf("%.20q as %v takes no room", c.body, c.stacks)
		}
	}
}

// TestStacks: what is none is named.
func TestStacks(t *testing.T) {
	for text, want := range map[string]string{
		"json": "", "gzip+json": "", "base64+gzip+deflate+ndjson": "", "deflate+form": "", "base64+lines": "",
		"":                         `"" is no format`,
		"xml":                      `"xml" is no format`,
		"json+gzip":                `"gzip" is no format`,
		"br+json":                  `"br" is no wrapper`,
		"gzip+zstd+json":           `"zstd" is no wrapper`,
		"+json":                    `"" is no wrapper`,
		"gzip+gzip+gzip+gzip+json": "has more than 3 wrappers",
		"GZIP+json":                `"GZIP" is no wrapper`,
		"gzip+gzip+gzip+br+ndjson": `"br" is no wrapper`,
	} {
		if _, err := codec.ParseStack(text); (err == nil) != (want == "") || err != nil &&
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestACodingTakesRoom, as much as what it unfolds to, and none where it is refused.
func TestACodingTakesRoom(t *testing.T) {
	text := strings.Repeat(`{"a":[1,2,3]} `, 2000)
	for name, c := range map[string]struct {
		body, coding string
		step         hit.Step
	}{
		"gzip": {packed(text), "gzip", codec.Gzip},
		"zlib": {deflated("zlib", text), "deflate", codec.Zlib},
		"raw":  {deflated("raw", text), "deflate", codec.Deflate},
	} {
		for left := 0; left < 2*len(text); left += len(text) / 10 {
			var h hit.Hit
			p := &purse{left: left}
			o := codec.Opener{Limits: limits, Memory: p}
			o.Begin(&h)
			got, step, err := o.Inflate([]byte("before "), []byte(c.body), c.coding)
			switch {
			case err == nil && (string(got) != "before "+text || step != c.step || p.taken != len(text)):
				t.Errorf("%s: %d bytes, step %v, holds %d", name, len(got), step, p.taken)
			case err != nil && (!errors.Is(err, codec.ErrMemory) || p.taken != 0 || string(got) != "before "):
				t.Errorf("%s, with room for %d: %v, holds %d", name, left, err, p.taken)
			case err != nil && left > len(text)+70<<10:
				t.Errorf("%s: no room in %d", name, left)
			}
		}
		var h hit.Hit
		p := &purse{left: 1 << 30}
		o := codec.Opener{Limits: codec.Limits{Decompressed: len(text) - 1}, Memory: p}
		o.Begin(&h)
		_, _, err := o.Inflate(nil, []byte(c.body), c.coding)
		if err != codec.Over("decompressed") || p.taken != 0 { //nolint:errorlint // the very one, by name
			t.Errorf("%s, over the limit: %v, holds %d", name, err, p.taken)
		}
		o.Limits.Decompressed = len(text)
		o.Begin(&h)
		if _, _, err := o.Inflate(nil, []byte(c.body), c.coding); err != nil {
			t.Errorf("%s, just within: %v", name, err)
		}
	}
	var h hit.Hit
	o := codec.Opener{Limits: codec.Limits{Decompressed: 64 << 20}}
	o.Begin(&h)
	if _, _, err := o.Inflate(nil, []byte(packed(strings.Repeat(" ", 4<<20))), "gzip"); !errors.Is(err, codec.ErrLimit) ||
		strings.Contains(err.Error(), "decompressed") {
		t.Errorf("what unfolds too far for its size: %v", err)
	}
}

// TestListsAreMadeInOneStep: what a body holds is counted before it is noted, in each format, so that the list of
// all of it is made once: growing by and by would take several times the room that was asked for.
func TestListsAreMadeInOneStep(t *testing.T) {
	for format, of := range map[string]func(n int) string{
		"json": func(n int) string { return "[" + strings.Repeat("1,", n) + "1]" },
		"form": func(n int) string { return strings.Repeat("a&", n) + "a" },
	} {
		stacks := stacks(t, format)
		made := func(n int) float64 {
			body := []byte(of(n))
			var o codec.Opener
			o.Limits = codec.Limits{Depth: 64, Nodes: 1 << 20, Decompressed: 1 << 20}
			return testing.AllocsPerRun(2, func() {
				var h hit.Hit
				h.Request.Body = body
				h.Begin()
				o.Begin(&h)
				if err := o.Open(o.Root(), stacks); err != nil || len(h.Nodes) <= n {
					t.Fatal(err, len(h.Nodes))
				}
			})
		}
		few, many := made(300), made(10_000)
		if many > few {
			t.Errorf("%s: %v allocations for 300 values, %v for 10000", format, few, many)
		}
	}
}

// TestAKeptDecompressorReadsAsANewOne: whatever a decompressor read before, what comes next is read as one reads it
// that was made for it: whole, cut off, with a byte changed, with something behind it.
func TestAKeptDecompressorReadsAsANewOne(t *testing.T) {
	const text = `{"a":[1,2,3]}`
	for _, c := range []struct{ coding, whole string }{
		{"gzip", packed(text)}, {"deflate", deflated("zlib", text)}, {"deflate", deflated("raw", text)},
	} {
		texts := []string{"", c.whole, c.whole + "x", c.whole + c.whole}
		for i := range c.whole {
			texts = append(texts, c.whole[:i])
			for _, bit := range []byte{1, 0x20, 0x80} {
				changed := []byte(c.whole)
				changed[i] ^= bit
				texts = append(texts, string(changed))
			}
		}
		inflate := func(o *codec.Opener, text string) (string, bool) {
			var h hit.Hit
			o.Limits = limits
			o.Begin(&h)
			got, _, err := o.Inflate(nil, []byte(text), c.coding)
			return string(got), err == nil
		}
		var kept codec.Opener
		read := 0
		for _, text := range texts {
			want, fits := inflate(new(codec.Opener), text)
			if fits {
				read++
			}
			for _, before := range []string{"", c.whole, c.whole[:len(c.whole)-1], text} {
				inflate(&kept, before)
				if got, ok := inflate(&kept, text); got != want || ok != fits {
					t.Errorf("%s: %q behind %q: %q, %t, a new one reads %q, %t",
						c.coding, text, before, got, ok, want, fits)
				}
			}
		}
		if read == 0 || read == len(texts) {
			t.Errorf("%s: %d of %d are read", c.coding, read, len(texts))
		}
	}
}
