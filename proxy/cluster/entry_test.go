package cluster

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func someEntry() *entry {
	return &entry{by: writing{run: [16]byte{1}, n: 7}, node: "node-1", first: 3, parent: [32]byte{9},
		acts: []carried{{id: [16]byte{2}, body: []byte("one")}, {id: [16]byte{3}, body: []byte{}}}}
}

func TestEntriesAndBeatsComeBack(t *testing.T) {
	e := someEntry()
	got, err := parseEntry(marshalEntry(e))
	if err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("%+v, %v, want %+v", got, err, e)
	}
	b := beat{by: writing{run: [16]byte{1}, n: 7}, seq: 4, sum: [32]byte{5}}
	if got, err := parseBeat(marshalBeat(b)); err != nil || got != b {
		t.Errorf("%+v, %v, want %+v", got, err, b)
	}
}

func TestEveryChangedByteIsFound(t *testing.T) {
	whole := marshalEntry(someEntry())
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		want := ErrDamaged
		switch {
		case i < 3:
			want = ErrNotOurs
		case i == 3:
			want = ErrNewer
		}
		if _, err := parseEntry(changed); !errors.Is(err, want) {
			t.Errorf("byte %d: %v, want %v", i, err, want)
		}
	}
	for n := range whole {
		if _, err := parseEntry(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes are taken for an entry", n, len(whole))
		}
	}
}

// FuzzEntry holds that whatever is read is written as the same bytes, so that a message has one meaning. Its checksum
// is made to fit, or nothing behind it would be reached.
func FuzzEntry(f *testing.F) {
	f.Add(marshalEntry(someEntry()))
	f.Add(marshalBeat(beat{seq: 1}))
	f.Add([]byte("twE\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, sealed(b)} {
			if e, err := parseEntry(b); err == nil && !bytes.Equal(marshalEntry(e), b) {
				t.Errorf("%x is read as %+v", b, e)
			}
			if h, err := parseBeat(b); err == nil {
				known := marshalBeat(h)
				if known = known[:len(known)-sha256.Size]; !bytes.HasPrefix(b, known) { // a later version may say more
					t.Errorf("%x is read as %+v", b, h)
				}
			}
		}
	})
}

func sealed(b []byte) []byte {
	b = b[:max(0, len(b)-sha256.Size)]
	sum := sha256.Sum256(b)
	return append(bytes.Clone(b), sum[:]...)
}

// FuzzMonitor holds that no answer of a monitoring endpoint does harm.
func FuzzMonitor(f *testing.F) {
	f.Add([]byte(`{"server_id":"A","version":"2.12.3","jetstream":{"config":{"sync_always":true},"meta":{"cluster_size":3}}}`))
	f.Add([]byte(`{"account_details":[{"stream_detail":[{"name":"tagwarden-eu1_x","cluster":{"replicas":[{}]}}]}]}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		s, err := parseServer(b)
		if err == nil {
			_ = s.findings()
		}
		s.streams, _ = parseStreams(b)
		_ = together([]monitored{s, s}, false)
		_ = streamFindings([]monitored{s}, "eu1")
	})
}

func FuzzPosition(f *testing.F) {
	f.Add(Position{Stream: someStream, Seq: 1, Entry: 2, Time: time.Unix(1, 2).UTC()}.String())
	f.Add("1 x")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePosition(text)
		if err != nil {
			return
		}
		if again, err := ParsePosition(p.String()); err != nil || again != p {
			t.Errorf("%q is %+v, which is %+v, %v", text, p, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"node":"a","at":"","stale":true,"body":"eA=="}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, good := parseAnswer(b); good && (!nodePattern.MatchString(s.Node) || len(s.Body) > maxAnswer) {
			t.Errorf("%+v", s)
		}
	})
}

func TestPositions(t *testing.T) {
	for _, p := range []Position{{}, {Stream: someStream},
		{Stream: someStream, Seq: 3, Entry: 9, Sum: [32]byte{1, 2}, Time: time.Unix(1700000000, 5).UTC()}} {
		if got, err := ParsePosition(p.String()); err != nil || got != p {
			t.Errorf("%q: %+v, %v, want %+v", p, got, err, p)
		}
	}
	whole := Position{Stream: someStream, Seq: 3}.String()
	for _, bad := range []string{"1", whole + " 1", strings.Replace(whole, "1 ", "2 ", 1), strings.ToUpper(whole),
		strings.Replace(whole, " 3 ", " -3 ", 1), strings.Replace(whole, "00 0", "0 0", 1)} {
		if p, err := ParsePosition(bad); err == nil {
			t.Errorf("%q is taken for %+v", bad, p)
		}
	}
}

func TestTheChain(t *testing.T) {
	at := time.Unix(1700000000, 0).UTC()
	first := &entry{node: "a", first: 1, parent: genesis(someStream), acts: []carried{{}, {}}}
	marshalEntry(first)
	h := from(Position{Stream: someStream}, Position{Stream: someStream, Sum: genesis(someStream)})
	// for a stream before this one
	late := &entry{node: "b", first: 1, parent: genesis(strings.Repeat("a", 32)), acts: []carried{{}}}
	if acts, err := h.extend(9, at, late); len(acts) > 0 || err != nil || h.at.Seq > 0 {
		t.Errorf("%+v, %v, %+v", acts, err, h)
	}
	acts, err := h.extend(10, at, first)
	if err != nil || len(acts) != 2 || acts[1].Seq != 2 || h.at.Seq != 2 || h.at.Entry != 10 {
		t.Fatalf("%+v, %v, %+v", acts, err, h)
	}
	for name, test := range map[string]struct {
		entry entry
		want  error
		acts  int
	}{
		"follows":        {entry{first: 3, parent: first.sum, acts: []carried{{}}}, nil, 1},
		"again":          {*first, nil, 0},
		"beside":         {entry{first: 1, parent: genesis(someStream), acts: []carried{{id: [16]byte{1}}}}, nil, 0},
		"after a gap":    {entry{first: 4, parent: first.sum, acts: []carried{{}}}, ErrLost, 0},
		"of other acts":  {entry{first: 3, parent: [32]byte{1}, acts: []carried{{}}}, ErrDiverged, 0},
		"of other start": {entry{first: 3, parent: genesis(someStream), acts: []carried{{}}}, ErrDiverged, 0},
	} {
		before, h := h, h
		acts, err := h.extend(20, at.Add(-time.Hour), &test.entry)
		if !errors.Is(err, test.want) || len(acts) != test.acts {
			t.Errorf("%s: %d acts, %v", name, len(acts), err)
		}
		for _, a := range acts {
			if a.At != at {
				t.Errorf("%s: it is of %v, before the act before it", name, a.At)
			}
		}
		if moved := h.at != before.at; moved != (test.acts > 0) {
			t.Errorf("%s: the end moved: %v", name, moved)
		}
	}
}
