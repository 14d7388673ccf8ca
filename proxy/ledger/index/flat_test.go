package index

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// forms are records in forms that are read in one pass, and others.
var forms = []struct {
	record string
	flat   bool
}{
	{`{"time":"2026-05-04T12:00:00.123Z","kind":"event","hit":1795512345678901,"event":0,"site":"shop","rungs":"r1","subjects":["aa","bb"],"dates":[1,2],"shape":"s1","queued":true,"crc":"00000000"}`,
		true},
	{`{"kind":"outcome","hit":7,"events":[0,12],"vendor":"ga4","outcome":"dropped","in_doubt":false}`, true},
	{`{"kind":"event","part":1,"parts":2,"objections":[]}`, true},
	{`{"kind":"event","part":"1","parts":"12"}`, true},
	{`{"hit":012,"kind":"event","kind":"shape"}`, true},
	{"{\"\":\"a\",\"kind\":\"\xff\x01\"}", true},
	{`{"kind":"event","part":true,"parts":2}`, false},
	{`{"kind":"event","part":1.5}`, false},
	{`{"kind":"event","part":9999999999999999}`, false},
	{`{"kind":"event","part":""}`, false},
	{`{"kind":5}`, false},
	{`{"rungs":true}`, false},
	{`{"kind":["event"]}`, false},
	{`{"kind":"outcome","of":[[12,[0,1]],[13,[0]]]}`, false},
	{`{"kind":"outcome","of":12}`, false},
	{`{"kind":"rungs","rungs":"r1","policy":"p","ladder":[{"activity":"a"}]}`, false},
	{`{"kind":"event","name":"a\"b"}`, false},
	{`{"k\u0069nd":"event"}`, false},
	{`{"kind":"event","seq":-1}`, false},
	{`{"kind":"event","seq":1e3}`, false},
	{`{"site":null}`, false},
	{`{"kind": "event"}`, false},
	{` {"kind":"event"}`, false},
	{`{"kind":"event"} `, false},
	{`{"kind":"event"},`, false},
	{`{"kind":"event",}`, false},
	{`{"kind":"event"`, false},
	{`{"kind":"eve`, false},
	{`{"kind"`, false},
	{`{"subjects":["a"`, false},
	{`{"subjects":["a",]}`, false},
	{`{"subjects":[,]}`, false},
	{`{"subjects":["a" "b"]}`, false},
	{`{"site":}`, false},
	{`{"site":truefalse}`, false},
	{`{}`, false},
	{`[]`, false},
	{``, false},
}

// same tells how a record that is read in one pass is read by gjson; "" where it is the same.
func same(record []byte) string {
	one, other := newReader(nil), newReader(nil)
	var said, told []string
	one.value = func(member string, value []byte) { said = append(said, member+"="+string(value)) }
	other.value = func(member string, value []byte) { told = append(told, member+"="+string(value)) }
	one.read(record)
	h := other.readAny(record)
	if !one.flat.read(record) {
		return "" // it is read by gjson
	}
	if !slices.Equal(said, told) || !bytes.Equal(h.kind, one.flat.kind) || !bytes.Equal(h.rungs, one.flat.rungs) ||
		!bytes.Equal(h.shape, one.flat.shape) || h.part != one.flat.part || h.parts != one.flat.parts {
		return fmt.Sprintf("in one pass %q, %+v; by gjson %q, %+v", said, one.flat.head, told, h)
	}
	return ""
}

// TestRecordsInOnePass: a record says the same whether it is read in one pass or by gjson.
func TestRecordsInOnePass(t *testing.T) {
	t.Parallel()
	for _, c := range forms {
		var f flat
		if f.read([]byte(c.record)) != c.flat {
			t.Errorf("%s: read in one pass: %v", c.record, !c.flat)
		}
		if differs := same([]byte(c.record)); differs != "" {
			t.Errorf("%s: %s", c.record, differs)
		}
	}
}

func FuzzRecordsInOnePass(f *testing.F) {
	for _, c := range forms {
		f.Add([]byte(c.record))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		if differs := same(record); differs != "" {
			t.Error(differs)
		}
	})
}

// TestEveryMemberIsFound: the table of members holds each, and no other.
func TestEveryMemberIsFound(t *testing.T) {
	t.Parallel()
	for name, term := range terms {
		if of := memberOf([]byte(name)); of == nil || of.name != name || of.term != term ||
			valueOf(of.begun, "x") != Term(term, "x") {
			t.Errorf("%s: %+v", name, of)
		}
		if of := memberOf([]byte(name + "x")); of != nil {
			t.Errorf("%sx: %+v", name, of)
		}
	}
}

// TestPairsAreSorted: many pairs and few, of terms that are alike too.
func TestPairsAreSorted(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 1000, 1<<sortedBits - 1, 1 << sortedBits, 100_000} {
		dice := rand.New(rand.NewPCG(uint64(n), 1))
		all := make([]pair, n)
		for i := range all {
			all[i] = pair{dice.Uint64(), dice.Uint32N(1 << 22)}
			if i%3 > 0 {
				all[i].term = all[dice.IntN(i)].term
			}
		}
		want := slices.SortedFunc(slices.Values(all), pair.compare)
		if err := sortPairs(all, func(int) error { return nil }); err != nil || !slices.Equal(all, want) {
			t.Errorf("%d pairs are not in order: %v", n, err)
		}
	}
}

// TestWithin: a term is new once, until the set is emptied, however often that was.
func TestWithin(t *testing.T) {
	t.Parallel()
	var w within
	for round := range 5 {
		if w.clear(); round == 3 {
			w.since = 1<<32 - 1
			w.clear()
		}
		dice, there := rand.New(rand.NewPCG(uint64(round), 2)), map[uint64]bool{}
		for range 5000 {
			term := dice.Uint64N(8000)
			if w.add(term) == there[term] {
				t.Fatalf("round %d: %d: there %v", round, term, there[term])
			}
			there[term] = true
		}
	}
}

// TestAnIndexIsMadeInSteps: whoever makes one of many records may rest often, and end at each rest.
func TestAnIndexIsMadeInSteps(t *testing.T) {
	t.Parallel()
	made := func() *Builder {
		b, dice := NewBuilder(1), rand.New(rand.NewPCG(1, 1))
		for i := range 20_000 {
			line := fmt.Appendf(nil, `{"kind":"event","hit":%d,"subjects":["%016x%016x"]}`, i, dice.Uint64(), dice.Uint64())
			b.Add(line, len(line)+1)
		}
		return b
	}
	steps, most, all := 0, 0, 0
	whole, err := made().Encode([32]byte{}, func(n int) error {
		steps, most, all = steps+1, max(most, n), all+n
		return nil
	})
	if err != nil || most > 64<<10 || all < len(whole) {
		t.Fatalf("%d bytes in %d steps, of at most %d: %v", all, steps, most, err)
	}
	ended := errors.New("ended")
	for _, at := range []int{1, 2, steps / 2, steps} {
		left := at
		if text, err := made().Encode([32]byte{}, func(int) error {
			if left--; left == 0 {
				return ended
			}
			return nil
		}); !errors.Is(err, ended) || text != nil {
			t.Errorf("ended at step %d: %d bytes, %v", at, len(text), err)
		}
	}
}
