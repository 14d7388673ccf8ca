package rules_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// What a judgement holds when it was reset is its own memory, made ready for the next hit. The rule, for all that can
// be reached from it, slices up to their capacity:
//
//   - bytes are zeros and texts are empty, wherever they stand;
//   - nothing outside it is reached: no policy, no keys, no bytes of who called;
//   - nothing says what the visitor chose;
//   - numbers may stay (where nodes stood, which slots of a table are taken). They were places in bytes that are gone,
//     and are written anew before they are read.
//
// What compressors keep in their windows is not ours to overwrite, and is not looked at: see [codec.Opener] and
// [codec.Assembler].

// walker goes over all memory that is reached from a value.
type walker struct {
	been map[spot]bool
	each func(at string, of []byte)       // memory: a slice up to its capacity, a text, what is pointed to
	leaf func(at string, v reflect.Value) // what leads to other memory or is a byte; nil: nobody asks
	pass func(to reflect.Type) bool       // pointers that are not followed; nil: all are
}

type spot struct {
	at unsafe.Pointer
	as reflect.Type
}

func (w *walker) walk(v any) {
	w.been = map[spot]bool{}
	w.value("", reflect.ValueOf(v))
}

func memory(at unsafe.Pointer, n int, of reflect.Type) []byte {
	return unsafe.Slice((*byte)(at), n*int(of.Size()))
}

func (w *walker) value(at string, v reflect.Value) {
	if of := v.Type(); foreign(of) || of.Kind() == reflect.Pointer && foreign(of.Elem()) {
		return
	} else if choices[of] {
		if !v.IsZero() {
			w.found(at, v)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		p := spot{v.UnsafePointer(), v.Type()}
		if v.IsNil() || w.been[p] {
			return
		}
		w.been[p] = true
	default:
	}
	switch v.Kind() {
	case reflect.Pointer:
		if at != "" {
			w.found(at, v)
		}
		if at != "" && w.pass != nil && w.pass(v.Type().Elem()) {
			return
		}
		w.each(at, memory(v.UnsafePointer(), 1, v.Type().Elem()))
		w.value(at, v.Elem())
	case reflect.Slice:
		of := memory(v.UnsafePointer(), v.Cap(), v.Type().Elem())
		w.each(at, of)
		if v.Type().Elem() != reflect.TypeFor[byte]() {
			w.elements(at, v.Slice(0, v.Cap()))
		} else if i := slices.IndexFunc(of, func(c byte) bool { return c != 0 }); i >= 0 {
			w.found(fmt.Sprintf("%s, byte %d of %d", at, i, v.Cap()), v)
		}
	case reflect.Array:
		w.elements(at, v)
	case reflect.String:
		if text := v.String(); text != "" {
			w.found(at, v)
			w.each(at, unsafe.Slice(unsafe.StringData(text), len(text)))
		}
	case reflect.Interface:
		if !v.IsNil() {
			w.value(at+".("+v.Elem().Type().String()+")", v.Elem())
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			w.value(at+"[key]", key)
			w.value(at+"[]", value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			w.value(at+"."+v.Type().Field(i).Name, v.Field(i))
		}
	default:
	}
}

func (w *walker) elements(at string, v reflect.Value) {
	of := v.Type().Elem()
	switch {
	case of == reflect.TypeFor[byte]():
		for i := range v.Len() {
			if v.Index(i).Uint() != 0 {
				w.found(fmt.Sprintf("%s, byte %d of %d", at, i, v.Len()), v)
				return
			}
		}
	case !numbers(of):
		for i := range v.Len() {
			w.value(fmt.Sprintf("%s[%d]", at, i), v.Index(i))
		}
	}
}

func (w *walker) found(at string, v reflect.Value) {
	if w.leaf != nil {
		w.leaf(at, v)
	}
}

// foreign tells whether a type is a compressor's.
func foreign(t reflect.Type) bool {
	return strings.HasPrefix(t.PkgPath(), "github.com/klauspost/compress")
}

// choices are what a visitor chose.
var choices = map[reflect.Type]bool{
	reflect.TypeFor[signal.Signals]():   true,
	reflect.TypeFor[signal.Storage]():   true,
	reflect.TypeFor[rules.Objections](): true,
}

// numbers tells whether values of a type are neither bytes nor choices, and lead to no other memory.
func numbers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.String, reflect.Slice, reflect.Map, reflect.Func, reflect.Chan:
		return false
	case reflect.Array:
		return t.Elem() != reflect.TypeFor[byte]() && numbers(t.Elem())
	case reflect.Struct:
		for field := range t.Fields() {
			if !numbers(field.Type) {
				return false
			}
		}
		return !choices[t]
	default:
		return t != reflect.TypeFor[byte]() && !choices[t]
	}
}

// marks are runs of eight bytes that must not be found: of what came, of what was made of it, and of keys.
type marks struct {
	all    map[uint64]string
	sieved [1 << 16]bool // whether one may be among them
}

func sieve(run uint64) uint64 { return run * 0x9e3779b97f4a7c15 >> 48 }

func (m *marks) add(what string, text []byte) {
	for i := 0; i+8 <= len(text); i++ {
		zeros := 0
		for _, c := range text[i : i+8] {
			if c == 0 {
				zeros++
			}
		}
		if zeros < 2 { // numbers hold more
			run := binary.LittleEndian.Uint64(text[i:])
			m.all[run], m.sieved[sieve(run)] = what, true
		}
	}
}

// in says which of them stand in memory.
func (m *marks) in(text []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := 0; i+8 <= len(text); i++ {
			run := binary.LittleEndian.Uint64(text[i:])
			if m.sieved[sieve(run)] && m.all[run] != "" && !yield(m.all[run]) {
				return
			}
		}
	}
}

// kinds are what is looked for, as marksOf names it.
var kinds = []string{
	"the query", "the body", "header User-Agent", "header Cookie", "the address", "the address as text",
	"what was decoded", "the body without its coding", "the query that leaves", "the body that leaves",
	"an event", "a subject", "a subject in the ledger", "a value that is counted", "a key",
}

// heldBy says which of them a judgement holds, or leads to. The policy holds none.
func (m *marks) heldBy(j *rules.Judgement) (all []string) {
	w := walker{
		each: func(_ string, of []byte) {
			for what := range m.in(of) {
				if slices.Contains(kinds, what) && !slices.Contains(all, what) {
					all = append(all, what)
				}
			}
		},
		pass: func(to reflect.Type) bool { return to.PkgPath() != reflect.TypeFor[pseudonym.Keys]().PkgPath() },
	}
	w.walk(j)
	return all
}

// marksOf are those of a hit that was judged, and of the keys that it was judged with.
func marksOf(g *judging, r *hit.Request) *marks {
	m := &marks{all: map[uint64]string{}}
	m.add("the query", r.Query)
	m.add("the body", r.Body)
	for _, h := range r.Headers {
		m.add("header "+string(h.Name), h.Value)
	}
	address := r.Address
	m.add("the address", memory(unsafe.Pointer(&address), 1, reflect.TypeFor[[16]byte]()))
	m.add("the address as text", []byte(address.String()))
	m.add("what was decoded", g.j.Hit.Grow())
	m.add("the body without its coding", g.j.Hit.Request.Body)
	m.add("the query that leaves", g.j.Out.Query)
	m.add("the body that leaves", g.j.Out.Body)
	for i := range g.j.Subjects {
		m.add("a subject", g.j.Subjects[i].Hash[:])
		m.add("a subject in the ledger", g.j.Subjects[i].Ledger[:])
	}
	for _, c := range g.j.Counts() {
		m.add("a value that is counted", c.Value)
	}
	for e := range g.j.Verdicts {
		if g.j.Verdicts[e].Decision == rules.Permit && g.j.Out.Forward {
			m.add("an event", g.j.EventBytes(e))
			if one, ok := g.j.Alone(e); ok {
				m.add("an event alone", one.Body)
			}
			g.j.ShapeID(nil, e)
		}
	}
	keys := walker{each: func(string, []byte) {}, leaf: func(_ string, v reflect.Value) {
		if v.Kind() != reflect.Array && v.Kind() != reflect.Slice {
			return
		}
		var key []byte
		for i := range v.Len() {
			key = append(key, byte(v.Index(i).Uint()))
		}
		m.add("a key", key)
	}}
	keys.walk(g.in.Keys)
	return m
}

// survivors are what a judgement holds that it must not when it was reset.
func survivors(j *rules.Judgement, m *marks) (all []string) {
	w := walker{
		each: func(at string, of []byte) {
			for what := range m.in(of) {
				all = append(all, at+" holds "+what)
				break
			}
		},
		leaf: func(at string, v reflect.Value) { all = append(all, at+": "+v.Type().String()) },
	}
	w.walk(j)
	return all
}

// TestNothingOfAVisitorSurvivesReset: judged, and reset, a judgement holds nothing of who sent the hit, and no key.
// Before that it holds each of them, or not finding it would show nothing.
func TestNothingOfAVisitorSurvivesReset(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for policy, g := range resetting(t) {
		look := func(what string, r hit.Request) {
			t.Helper()
			r.Address = netip.MustParseAddr("2001:db8:5a5a:6b6b:7c7c:8d8d:9e9e:afaf")
			reason := g.judge(&r)
			m := marksOf(g, &r)
			if len(seen) < len(kinds) {
				for _, what := range m.heldBy(&g.j) {
					seen[what] = true
				}
			}
			g.j.Reset()
			if all := survivors(&g.j, m); len(all) > 0 {
				t.Errorf("%s, %s (%v): %s", policy, what, reason, strings.Join(all[:min(len(all), 12)], "\n\t"))
			}
		}
		eachGolden(t, func(t *testing.T, vendor, text string) {
			look(t.Name(), request(t, text, vendor, yes))
			look(t.Name()+", denied", request(t, text, vendor))
		})
		for name, r := range unusual(t) {
			look(name, r)
		}
	}
	for _, what := range kinds {
		if !seen[what] {
			t.Errorf("no judgement holds %s before it is reset: not to find it shows nothing", what)
		}
	}
}

// resetting are policies that together have a judgement keep all that it can.
func resetting(t testing.TB) map[string]*judging {
	signals, _ := withSignals(t)
	rare := newJudging(t)
	d := draft()
	d.Profiles[0].Classes = rarely()
	d.Profiles[0].Classes["ip"] = keep
	rare.policy = compile(t, d)
	rare.in.Keys, rare.in.Rare = rules.NewKeys(pseudonym.TestRoot, rare.policy, now), counts{"1920x1080": 20}
	alone := newJudging(t) // whose cookies are the last that are read
	d = draft()
	onetrust, _ := cmp.Parse("onetrust")
	d.Sites[0].Signals = []signal.Source{{Kind: signal.Platform(onetrust)}}
	alone.policy = compile(t, d)
	return map[string]*judging{"all signals": signals, "rarity": rare, "a platform alone": alone}
}

// unusual are hits that are read in ways of their own: in a coding or several, broken, over a limit, costly, with
// cookies.
func unusual(t testing.TB) map[string]hit.Request {
	_, cookies := withSignals(t)
	json := "POST /v1/batch HTTP/1.1\nContent-Type: application/json\n"
	of := func(vendor, text, body string) hit.Request {
		r := request(t, text+"\n", vendor, yes)
		r.Body = []byte(body)
		return r
	}
	_, batch := batchOf("segment", 12, 5)
	_, small := batchOf("segment", 2, 1)
	mail := strings.Repeat("somebody.of.a.long.name.", 4) + "@mail.example.com"
	track := "POST /track HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n"
	wrapped := func(text string) string {
		return "data=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(text)))
	}
	opened := func(what string) string {
		return `{"event":"opened` + what + `","properties":{"token":"k","distinct_id":"someone-1234",` +
			`"url":"https://shop.example/?email=a"}}`
	}
	thrice := wrapped(opened(" the whole of a page")) + "&" + wrapped(opened(" a page")) + "&" + wrapped(opened(""))
	elsewhere := "GET /g/collect?cid=somebody HTTP/1.1\nHost: elsewhere.example\n\n"
	in := func(coding string) string { return json + "Content-Encoding: " + coding + "\n" }
	all := map[string]hit.Request{
		"cookies of a platform": cookies,
		"GA4":                   bigGA4(t),
		"a batch":               bigSegment(t),
		"gzip":                  of("segment", in("gzip"), zipped(batch)),
		"deflate":               of("segment", in("deflate"), deflated(batch)),
		"gzip, a small one":     of("segment", in("gzip"), zipped(small)),
		"gzip, cut":             of("segment", in("gzip"), zipped(batch)[:100]),
		"gzip, of no JSON":      of("segment", in("gzip"), zipped("somebody@example.com is no JSON")),
		"gzip, too much":        of("segment", in("gzip"), zipped(strings.Repeat("someone@example.com ", 1<<20))),
		"JSON, cut":             of("segment", json, batch[:len(batch)/2]),
		"base64":                of("mixpanel", track, wrapped(opened(" a page"))),
		"base64, thrice":        of("mixpanel", track, thrice),
		"base64, broken":        of("mixpanel", track, wrapped(opened(" a page"))[:90]+"!!"),
		"base64 of no JSON":     of("mixpanel", track, wrapped("somebody@example.com, in plain")),
		"a long address":        of("segment", json, `{"batch":[{"type":"identify","userId":"`+mail+`"}]}`),
		"nobody's path":         of("segment", "POST /nobody/knows/somebody@example.com HTTP/1.1\n", "somebody"),
		"a host of nobody's":    request(t, elsewhere, "ga4", yes),
	}
	for _, w := range worstHits {
		all[w.name] = request(t, w.of(1<<13), w.vendor, yes)
	}
	return all
}

func deflated(text string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}
