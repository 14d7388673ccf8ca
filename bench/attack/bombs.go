package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// unpackedSize is what a bomb holds: just within limits.decompressed.
const unpackedSize = 8<<20 - 4<<10

// bomb is a small body that is large once it is unpacked.
type bomb struct {
	name, path, lines  string
	before, unit, tail string // what it holds: a head, a unit again and again, a tail
}

const (
	event    = `{"type":"track","event":"x","anonymousId":"0190aaaa-0000-7000-8000-0000000000aa","properties":{`
	track    = "/segment/v1/t"
	unpacked = asJSON + zipped + yes
)

// shapes are the bombs: what is large in each is something else.
var shapes = []bomb{
	{"zeros", track, unpacked, event + `"note":"`, "0", `"}}`},
	{"text", track, unpacked, event + `"note":"`, "the red shoes ", `"}}`},
	{"numbers", track, unpacked, event + `"note":[0`, ",0", `]}}`},
	{"nested", track, unpacked, event + `"note":[0`, `,{"a":{"a":{"a":[[[]]]}}}`, `]}}`},
	{"pairs", "/matomo.php", asForm + zipped + yes, "idsite=1&rec=1&action_name=x&_id=0123456789abcdef", "&a", ""},
}

// content is what a bomb holds, of about a size.
func (s *bomb) content(size int) []byte {
	n := max(1, (size-len(s.before)-len(s.tail))/len(s.unit))
	return []byte(s.before + strings.Repeat(s.unit, n) + s.tail)
}

// request is the hit that carries a content, packed.
func (s *bomb) request(content []byte) ([]byte, error) {
	body, err := pack(content)
	return post(s.path, s.lines, body), err
}

func pack(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(content)
	err = errors.Join(err, w.Close())
	return packed.Bytes(), err
}

// bombs sends gzip bombs from one address, all at once, to vendors that are slow to answer: so all are held at the same time.
func bombs(ctx context.Context, b *bout) error {
	good, err := newVendor(noContent)
	if err != nil {
		return err
	}
	defer good.close()
	hanging, err := newVendor(silent)
	if err != nil {
		return err
	}
	defer hanging.close()
	p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": good.at(), "segment": hanging.at(), "matomo": hanging.at()}, caged: true})
	if err != nil {
		return err
	}
	requests := make([][]byte, 0, len(shapes))
	for i := range shapes {
		r, err := shapes[i].request(shapes[i].content(unpackedSize))
		if err != nil {
			return err
		}
		b.figure("size of a bomb, "+shapes[i].name, float64(len(r)), "bytes")
		requests = append(requests, r)
	}
	return b.besiege(ctx, p, visitors("127.9", p.hits, 24), 20*time.Second, true, func(ctx context.Context) {
		var all sync.WaitGroup
		for i := range b.sized(200) {
			all.Go(func() {
				_, status := once(ctx, "127.0.0.2", p.hits, requests[i%len(requests)], 20*time.Second)
				b.got("bomb, "+shapes[i%len(shapes)].name, status)
			})
		}
		all.Wait()
	})
}

// work sends bodies that cost most to look through, one after another, and says what each costs in CPU time.
func work(ctx context.Context, b *bout) error {
	v, err := newVendor(noContent)
	if err != nil {
		return err
	}
	defer v.close()
	p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": v.at(), "segment": v.at(), "matomo": v.at()}, limits: "body: 8MiB"})
	if err != nil {
		return err
	}
	calm := visitors("127.9", p.hits, 24).watch(ctx, time.Second)
	spent := p.spent()
	for _, input := range worst(int(unpackedSize * min(b.o.size, 1))) {
		if err := b.cost(ctx, p, input); err != nil {
			return err
		}
	}
	pause(ctx, b.o.settle)
	b.close(p, spent, calm, nil)
	return nil
}

// Bounds of what a hit may cost: the contract is 20 ns a byte received and unpacked, and 50 ms a request; here delivery, collection of
// garbage, and what runs beside on the machine are in the figure.
const (
	costOfByte    = 20 * time.Nanosecond
	costAllowance = 2
)

// costly is a hit that costs much.
type costly struct {
	name    string
	request []byte
	bytes   int // received and unpacked
}

// cost sends a hit until its cost can be told.
func (b *bout) cost(ctx context.Context, p *product, input costly) error {
	from, sent := p.spent(), 0
	for began := time.Now(); sent == 0 || sent < 20 && time.Since(began) < 300*time.Millisecond; sent++ {
		_, status := once(ctx, "127.0.0.2", p.hits, input.request, 10*time.Second)
		b.got(input.name, status)
	}
	if alive, how := p.alive(); !alive {
		return fmt.Errorf("%s: the process ended: %s", input.name, how)
	}
	each := (p.spent() - from) / time.Duration(sent)
	perByte := float64(each.Nanoseconds()) / float64(input.bytes)
	b.figure(input.name+", a request", each.Seconds()*1000, "ms of CPU")
	b.figure(input.name+", a byte", perByte, "ns of CPU")
	b.hold(perByte <= costAllowance*float64(costOfByte.Nanoseconds()), "%s: %.0f ns a byte, %v a request", input.name, perByte, each.Round(time.Millisecond))
	return nil
}

// worst are inputs that cost much, each for another reason, of about a size when unpacked.
func worst(size int) []costly {
	var all []costly
	add := func(name string, s bomb, content []byte, packed bool) {
		if !packed {
			r := post(s.path, strings.ReplaceAll(s.lines, zipped, ""), content)
			all = append(all, costly{name, r, len(r)})
			return
		}
		r, err := s.request(content)
		if err != nil {
			panic("BUG: a buffer cannot be written to: " + err.Error())
		}
		all = append(all, costly{name, r, len(r) + len(content)})
	}
	for _, unit := range []struct{ name, unit string }{
		{"words", "the red shoes "}, {"digits", "1234567890"}, {"digits in groups", "4111 1111 1111 1112 "}, {"short numbers", "12-34/56."},
		{"base64", "QUJDREVGR0hJSktM"}, {"hex", "deadbeef0"}, {"addresses", "a@b.example "}, {"at signs", "a@"}, {"dots", "a."}, {"colons", "fe80:1:"},
		{"escapes", "%2541"}, {"JSON escapes", `\u0041`}, {"phone numbers", "+49 170 1"}, {"tokens", "eyJhbGciOiJ9.eyJ9.x"}, {"addresses in addresses", "http://a.example/?u="},
		{"IBANs", "DE89 3704 0044 0532 0130 01 "}, {"coordinates", "52.5200,13.4050;"},
	} {
		whole := bomb{unit.name, track, unpacked, event + `"note":"`, unit.unit, `"}}`}
		add(unit.name, whole, whole.content(size), true)
		if unit.name == "digits" || unit.name == "base64" || unit.name == "at signs" {
			// In values that a bound on one value lets pass.
			value := bomb{unit: unit.unit, before: `,"note":"`, tail: `"`}
			text := string(value.content(10 << 10))
			parts := bomb{unit.name, track, unpacked, event + `"a":1`, text, `}}`}
			add(unit.name+", 10 KiB each", parts, parts.content(size), true)
		}
	}
	pairs := shapes[len(shapes)-1]
	add("a&a&, posted", pairs, pairs.content(min(size, 8<<20-64<<10)), false)
	add("a&a&, packed", pairs, pairs.content(size), true)
	return all
}
