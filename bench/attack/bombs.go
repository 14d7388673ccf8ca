package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"slices"
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

// patient are bombs that real batches look like: none is over 1 MiB and a hundred times its packed size as well.
func patient() []bomb {
	var text, events strings.Builder
	text.WriteString(`{"batch":[` + event + `"a":1`)
	for n := 0; text.Len() < unpackedSize-20<<10; n++ {
		// values of 10 KiB, with something in each 600 bytes that was not there before
		fmt.Fprintf(&text, `,"p%d":"`, n)
		for part := range 17 {
			fmt.Fprintf(&text, "%s %x ", strings.Repeat("the red shoes ", 42), uint64(n*17+part+1)*0x9e3779b97f4a7c15>>24)
		}
		text.WriteString(`"`)
	}
	text.WriteString(`}}]}`)
	var fields strings.Builder
	for i := range 90 {
		fmt.Fprintf(&fields, `,"p%d":1`, i)
	}
	for range 1200 {
		events.WriteString(`,{"type":"track","event":"x","anonymousId":"` + id(1) + `","properties":{"a":1` +
			fields.String() + `}}`)
	}
	return []bomb{
		{"text, 60 to 1", "/segment/v1/batch", unpacked, text.String(), "", ""},
		{"1,200 events of 90 fields", "/segment/v1/batch", unpacked, `{"batch":[` + events.String()[1:] + `]}`, "", ""},
	}
}

// content is what a bomb holds, of about a size. One without a unit is as it is.
func (s *bomb) content(size int) []byte {
	if s.unit == "" {
		return []byte(s.before)
	}
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

// bombs sends gzip bombs from one address, 200 at a time for some seconds, to vendors that never
// answer: so all are held at the same time.
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
	p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": good.at(), "segment": hanging.at(),
		"matomo": hanging.at()}, caged: true})
	if err != nil {
		return err
	}
	type shot struct {
		name    string
		request []byte
	}
	var shots []shot
	for _, s := range slices.Concat(shapes, patient()) {
		content := s.content(unpackedSize)
		r, err := s.request(content)
		if err != nil {
			return err
		}
		b.figure("a bomb, "+s.name, float64(len(r)), fmt.Sprintf("bytes hold %.1f MiB", float64(len(content))/(1<<20)))
		shots = append(shots, shot{"bomb, " + s.name, r})
	}
	return b.besiege(ctx, p, visitors(p.hits, 24), 20*time.Second, true, func(ctx context.Context) {
		var all sync.WaitGroup
		began := time.Now()
		for i := range b.sized(200) {
			all.Go(func() {
				for ctx.Err() == nil && time.Since(began) < b.over(5*time.Second) {
					s := shots[i%len(shots)]
					_, status := once(ctx, "127.0.0.2", p.hits, s.request, 20*time.Second)
					b.got(s.name, status)
					pause(ctx, 100*time.Millisecond)
				}
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
	p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": v.at(), "segment": v.at(), "matomo": v.at()},
		limits: "body: 8MiB"})
	if err != nil {
		return err
	}
	calm := visitors(p.hits, 24).watch(ctx, b.over(time.Second))
	spent := p.spent()
	var dearest bomb
	most := 0.0
	for _, of := range worst() {
		perByte, _, err := b.cost(ctx, p, &of, b.sized(2<<20))
		if err != nil {
			return err
		}
		b.figure(of.name+", a byte", perByte, "ns of CPU")
		b.hold(perByte <= costAllowance*float64(costOfByte.Nanoseconds()), "%s: %.0f ns of CPU a byte", of.name, perByte)
		if perByte >= most {
			most, dearest = perByte, of
		}
	}
	perByte, each, err := b.cost(ctx, p, &dearest, b.sized(unpackedSize))
	if err != nil {
		return err
	}
	b.figure("the dearest hit of all, 8 MiB", each.Seconds()*1000, fmt.Sprintf("ms of CPU, %.0f ns a byte: %s",
		perByte, dearest.name))
	pause(ctx, b.o.settle)
	b.close(p, spent, calm, nil)
	return nil
}

// Bounds of what a hit may cost: the contract is 20 ns a byte received and unpacked; here delivery, collection of
// garbage, and what runs beside on the machine are in the figure.
const (
	costOfByte    = 20 * time.Nanosecond
	costAllowance = 2
)

// cost sends a hit with a body of about a size until its cost can be told, and returns it for a byte received
// and unpacked, in ns, and for the hit.
func (b *bout) cost(ctx context.Context, p *product, of *bomb, size int) (perByte float64,
	each time.Duration, err error) {
	content := of.content(size)
	request, bytes := post(of.path, of.lines, content), len(content)
	if strings.Contains(of.lines, zipped) {
		if request, err = of.request(content); err != nil {
			return 0, 0, err
		}
		bytes += len(request)
	}
	from, sent := p.spent(), 0
	for began := time.Now(); sent == 0 || sent < 20 && time.Since(began) < b.over(200*time.Millisecond); sent++ {
		_, status := once(ctx, "127.0.0.2", p.hits, request, 10*time.Second)
		b.got(of.name, status)
	}
	if alive, how := p.alive(); !alive {
		return 0, 0, fmt.Errorf("%s: the process ended: %s", of.name, how)
	}
	each = (p.spent() - from) / time.Duration(sent)
	return float64(each.Nanoseconds()) / float64(bytes), each, nil
}

// units are what the costly texts are made of.
var units = []struct{ name, unit string }{
	{"words", "the red shoes "}, {"digits", "1234567890"}, {"single digits", "1 "}, {"digits and dashes", "1-"},
	{"digits and slashes", "1/"},
	{"digits in brackets", "(1) "}, {"pairs of digits", "12 "}, {"cards", "4111 1111 1111 1112 "},
	{"phone numbers", "+49 170 1"}, {"IBANs", "DE89 3704 0044 0532 0130 01 "},
	{"dates", "1985-12-01 "}, {"coordinates", "52.52 13.40 "}, {"colons", "fe80:1:"}, {"hardware addresses", "aa:bb:cc:"},
	{"addresses", "a.b@c.d "},
	{"at signs", "a@"}, {"escaped digits", "1%20"}, {"ampersands", "&"}, {"base64", "QUJDREVGR0hJSktM"},
	{"base64 of digits", "MSAxIDEgMSAxIDEg"},
	{"base64 of base64 of digits", "TVNBeElERWdNU0F4SURFZ01TQXhJREVn"}, {"tokens", "eyJhbGciOiJ9.eyJ9.x"},
	{"JSON escapes", `\u0041`},
}

// worst are bodies that cost much, each for another reason.
func worst() []bomb {
	var all []bomb
	for _, unit := range units {
		all = append(all, bomb{unit.name, track, unpacked, event + `"note":"`, unit.unit, `"}}`})
	}
	for _, unit := range units {
		// in values that a bound on one value lets pass, where much may be sent at a time, and as they are
		value := bomb{unit: unit.unit, before: `,"note":"`, tail: `"`}
		all = append(all, bomb{unit.name + ", 10 KiB each", "/segment/v1/batch", asJSON + yes, `{"batch":[` + event + `"a":1`,
			string(value.content(10 << 10)), `}}]}`})
	}
	for _, unit := range []int{2, 3, 11, 17} {
		place := event + `"a":1},"context":{"page":{"url":"https://a.example/`
		all = append(all, bomb{units[unit].name + " in an address", track, unpacked, place, units[unit].unit, `"}}}`})
	}
	all = append(all, shapes[2:]...)
	pairs := shapes[len(shapes)-1]
	pairs.name, pairs.lines = pairs.name+", not packed", asForm+yes
	return append(all, pairs)
}
