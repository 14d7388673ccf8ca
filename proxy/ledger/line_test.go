package ledger

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// encoded is a record's line as zap writes it.
func encoded(t testing.TB, at time.Time, kind string, of part) string {
	t.Helper()
	b := newEncoder().append(nil, at, kind, &of)
	if !segment.CheckLine(b[:len(b)-1]) || b[len(b)-1] != '\n' {
		t.Errorf("this is no line with a checksum: %q", b)
	}
	return string(b)
}

// same compares both writings of one event and one outcome.
func same(t testing.TB, at time.Time, e *Event, o *Outcome, of part) {
	t.Helper()
	var l line
	l.event(at, e, of)
	of.members = e
	if want := encoded(t, at, KindEvent, of); string(l.b) != want {
		t.Errorf("it is\n%s, want\n%s", l.b, want)
	}
	l.b = append(l.b[:0], "before\n"...)
	l.outcome(at, o, of)
	of.members = o
	if want := encoded(t, at, KindOutcome, of); string(l.b) != "before\n"+want {
		t.Errorf("it is\n%s, want\n%s", l.b, want)
	}
}

// texts that may stand in a record, and are written in a way of their own.
var oddTexts = []string{
	"", "x", "a \"quoted\" \\ <name> & more", "\n\r\t\b\x00\x1f\x7f", "ä€𝄞\u2028\u2029\ufffd", "\xff\xc3",
	"a\xe2\x82b", "\xed\xa0\x80",
	strings.Repeat("long", 64), strings.Repeat("ä", 200), strings.Repeat("\x80", 600),
}

// TestLinesAreZaps: whatever a record holds, it is byte for byte what zap's encoder writes.
func TestLinesAreZaps(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	text := func() string { return oddTexts[random.IntN(len(oddTexts))] }
	list := func() (all []string) {
		for range random.IntN(3) {
			all = append(all, text())
		}
		return all
	}
	for range 2000 {
		e := Event{
			Hit: random.Uint64(), Index: random.IntN(3000), Site: text(), Vendor: text(), Endpoint: text(), Name: text(),
			Decision: text(), Reason: text(), Activity: text(), Basis: text(), LIA: text(), Version: random.IntN(9) - 1,
			Policy: text(), Region: text(), Rungs: text(), ConsentAt: random.Int64N(2) * random.Int64N(1<<33),
			KeptSince: random.Int64N(2) * random.Int64N(1<<33), rest: random.IntN(9) == 0, Objected: list(),
			Restrict: random.IntN(2) == 0, Form: uint8(random.IntN(4)),
			Decided: random.Uint64N(3), Shape: text(), In: random.IntN(1 << 20), Out: random.IntN(1 << 20),
			Recovered: random.IntN(2) == 0,
		}
		for range random.IntN(3) {
			e.Dates = append(e.Dates, random.Int64N(2)*random.Int64N(1<<33))
			e.Subjects = append(e.Subjects, [16]byte{byte(random.Uint32()), 15: byte(random.Uint32())})
		}
		if random.IntN(2) == 0 {
			e.Digest[7] = byte(random.Uint32())
		}
		of := part{number: random.IntN(9), of: random.IntN(3), salt: [16]byte{byte(random.Uint32()),
			15: byte(random.Uint32())}}
		o := Outcome{
			Hit: random.Uint64(), Events: random.Perm(random.IntN(4)), Vendor: text(), Outcome: text(), Why: text(),
			Status: random.IntN(2) * 204,
		}
		for i := range random.IntN(3) {
			o = o.Together(append(o.of, ExchangedHit{random.Uint64(), random.Perm(i + 1)}))
		}
		same(t, time.Unix(random.Int64N(1<<33), random.Int64N(2)*random.Int64N(1e9)), &e, &o, of)
	}
}

// TestEveryMemberIsInTheLine: a member that an event or an outcome gains is written by both, alone and with all others.
func TestEveryMemberIsInTheLine(t *testing.T) {
	t.Parallel()
	var allEvent Event
	var allOutcome Outcome
	for i := range reflect.TypeFor[Event]().NumField() {
		if !reflect.TypeFor[Event]().Field(i).IsExported() {
			continue
		}
		var one Event
		for _, e := range []*Event{&one, &allEvent} {
			fill(t, reflect.ValueOf(e).Elem().Field(i))
			same(t, time.Unix(1, 1), e, &Outcome{}, part{salt: e.Salt})
		}
	}
	for i := range reflect.TypeFor[Outcome]().NumField() {
		if !reflect.TypeFor[Outcome]().Field(i).IsExported() {
			continue
		}
		var one Outcome
		for _, o := range []*Outcome{&one, &allOutcome} {
			fill(t, reflect.ValueOf(o).Elem().Field(i))
			same(t, time.Unix(1, 1), &Event{}, o, part{})
		}
	}
}

// fill gives a member a value that is written.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(7)
	case reflect.Array, reflect.Slice:
		if v.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		}
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Struct:
		for _, member := range v.Fields() {
			fill(t, member)
		}
	default:
		t.Fatalf("how is a %v filled?", v.Kind())
	}
}

// FuzzLines is that for any text.
func FuzzLines(f *testing.F) {
	for _, text := range oddTexts {
		f.Add(text, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, n uint64) {
		e := Event{
			Hit: n, Site: text, Name: text, LIA: text, Objected: []string{text}, Rungs: text, Shape: text,
		}
		same(t, time.Unix(int64(n%(1<<33)), int64(n%1e9)), &e, &Outcome{Hit: n, Vendor: text, Outcome: text, Why: text},
			part{})
	})
}
