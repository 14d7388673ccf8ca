package batch_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// FuzzCut: whatever an event's request holds, if the event joins one that is known the vendor reads both, in their
// order: the known one as it is alone, and the other likewise, where it can be read alone.
func FuzzCut(f *testing.F) {
	vendors, joining := map[string]*catalog.Vendor{}, map[string]*batch.Vendor{}
	for i, id := range merging {
		vendors[id] = vendorOf(f, id)
		joining[id] = batch.New(vendors[id])
		text, err := os.ReadFile("testdata/golden/" + id + ".txt")
		if err != nil {
			f.Fatal(err)
		}
		for one := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n=====\n") {
			e := parsed(one)
			coding, kind := "", ""
			for _, h := range e.Headers {
				if h.Name == "Content-Type" {
					kind = string(h.Value)
				}
			}
			f.Add(byte(i), e.Method, string(e.Path), string(e.Query), coding, kind, e.Body)
			if len(e.Body) > 0 {
				f.Add(byte(i), e.Method, string(e.Path), string(e.Query), "gzip", kind, zipped(string(e.Body)))
				f.Add(byte(i), e.Method, string(e.Path), string(e.Query), "", kind,
					[]byte(strings.Replace(string(e.Body), `"`, `"\ud83d\u00fc`, 1)))
			}
		}
	}
	f.Fuzz(func(t *testing.T, vendor byte, method, path, query, coding, kind string, body []byte) {
		id := merging[int(vendor)%len(merging)]
		v := vendors[id]
		e := delivery.Event{Host: "api", Method: method, Path: []byte(path), Query: []byte(query), Body: body}
		if kind != "" {
			e.Headers = append(e.Headers, delivery.Header{Name: "Content-Type", Value: []byte(kind)})
		}
		if coding != "" {
			e.Headers = append(e.Headers, delivery.Header{Name: "Content-Encoding", Value: []byte(coding)})
		}
		var p batch.Piece
		if !joining[id].Cut(&p, &e, false) {
			return
		}
		var b batch.Batch
		var two delivery.Event
		for range 2 {
			if !b.Add(&p) {
				return // no room
			}
		}
		b.Event(&two)
		alone, ok := decoded(v, &e)
		if !ok || len(alone) != 1 {
			return
		}
		together, ok := decoded(v, &two)
		if !ok || len(together) != 2 {
			t.Fatalf("%s: %d events in %q, of %q", id, len(together), two.Body, body)
		}
		for _, one := range together {
			// What an event is called where it has no name of its own goes by its path: the last value is the name.
			got, want := without(one[:len(one)-1], id), without(alone[0][:len(alone[0])-1], id)
			if !slices.Equal(got, want) {
				t.Fatalf("%s: joined it is\n%q, alone\n%q\nin %q", id, got, want, two.Body)
			}
		}
	})
}

// FuzzApart: whatever a vendor answers, each event has its part, what comes again does in fewer, and nothing is
// delivered that a refusal does not say is.
func FuzzApart(f *testing.F) {
	var ids []string
	for id := range requests {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	batches := map[string][]*batch.Batch{}
	for i, id := range ids {
		for n := 1; n <= 5; n++ {
			batches[id] = append(batches[id], bulk(f, idOf(id), requests[id], n))
		}
		for _, body := range []string{
			"", "0", "1", `{"events_ingested":3}`, `{"silenced_events":[1],"throttled_events":[0]}`,
			`{"tracked":2,"invalid_indices":[0]}`,
			`{"events_with_invalid_fields":{"time":[1]}}`, `{"num_records_imported":3,"failed_records":[{"index":1}]}`,
			`{"status":0}`,
			`{"events_received":4}`, `{"silenced_events":[1e99,-1,{}]}`,
		} {
			for _, status := range []uint16{200, 400, 413, 429, 500} {
				f.Add(byte(i), byte(3), status, []byte(body))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which, n byte, status uint16, body []byte) {
		id := ids[int(which)%len(ids)]
		b := batches[id][int(n)%5]
		o := outcomeOf(int(status) % 1000)
		parts := b.Apart(nil, o, body)
		if len(parts) != b.Events() {
			t.Fatalf("%d parts of %d events", len(parts), b.Events())
		}
		var rounds [2]int
		for _, p := range parts {
			if p.Again {
				rounds[p.Round]++
			}
			if p.Outcome.Kind == delivery.Delivered && !p.Again && o.Kind != delivery.Delivered &&
				(id != "import" || o.Status != 400) {
				t.Fatalf("a refusal delivers: %+v", p)
			}
			if p.Outcome.Status != o.Status {
				t.Fatalf("the status is another: %+v", p)
			}
			if p.Again && o.Kind == delivery.Unknown && (id != "matomo" || o.Status != 500 ||
				p.Outcome.Kind != delivery.Dropped) {
				t.Fatalf("it may have been taken, and comes again: %+v", p)
			}
		}
		if rounds[0] >= b.Events() || rounds[1] >= b.Events() || rounds[1] > 0 && rounds[0] == 0 {
			t.Fatalf("%v come again of %d events", rounds, b.Events())
		}
	})
}
