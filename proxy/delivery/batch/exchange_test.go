package batch_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// TestThroughTheClient: over a connection, by a vendor that checks events as Amplitude does, exactly the good ones
// arrive, once and in their order, and each bad one has ended.
func TestThroughTheClient(t *testing.T) {
	var mu sync.Mutex
	var arrived []string
	vendor, err := rawhttp.Serve(func(c *rawhttp.Conn) {
		for {
			r, err := c.Request()
			if err != nil {
				return
			}
			status, answer := check(t, r)
			if status == 200 {
				mu.Lock()
				arrived = append(arrived, names(t, r)...)
				mu.Unlock()
			}
			_ = c.Send(fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
				status, len(answer), answer))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer vendor.Close()
	client, err := delivery.New(delivery.Options{
		Upstreams: []delivery.Upstream{{Vendor: "amplitude", Host: "api", Address: "http://" + vendor.Addr(), Private: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	v := batch.New(vendorOf(t, "amplitude"))
	var events []delivery.Event
	var want []string
	for i := range 40 {
		name := fmt.Sprintf("e%d", i)
		if i%7 == 3 {
			name = fmt.Sprintf("bad%d", i)
		} else {
			want = append(want, name)
		}
		events = append(events, parsed(strings.Replace(requests["amplitude"], `"x"`, `"`+name+`"`, 1)))
	}
	var p batch.Piece
	var b batch.Batch
	var answer fasthttp.Response
	ended, which := map[int]string{}, make([]int, len(events))
	for i := range which {
		which[i] = i
	}
	for len(which) > 0 {
		b.Reset()
		for _, i := range which {
			if !v.Cut(&p, &events[i], false) || !b.Add(&p) {
				t.Fatalf("event %d travels alone", i)
			}
		}
		out := delivery.Event{Vendor: "amplitude"}
		b.Event(&out)
		outcome := client.Deliver(&out, &answer)
		var again []int
		for n, part := range b.Apart(nil, outcome, answer.Body()) {
			if part.Again {
				again = append(again, which[n])
			} else {
				ended[which[n]] += fmt.Sprintf("%v %v", part.Outcome.Kind, part.Outcome.Why)
			}
		}
		which = again
	}
	if got := strings.Join(arrived, " "); got != strings.Join(want, " ") {
		t.Errorf("%s arrived, want %s", got, want)
	}
	for i := range events {
		if want := map[bool]string{true: "dropped refused", false: "delivered ok"}[i%7 == 3]; ended[i] != want {
			t.Errorf("event %d: %s, want %s", i, ended[i], want)
		}
	}
}

// names are the names of the events in a request.
func names(t *testing.T, r *rawhttp.Request) (all []string) {
	var body struct {
		Events []struct {
			Type string `json:"event_type"`
		}
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		t.Errorf("%v: %s", err, r.Body)
	}
	for _, e := range body.Events {
		all = append(all, e.Type)
	}
	return all
}

// check answers as a vendor that takes all events of a request or none, and says which of them are wrong.
func check(t *testing.T, r *rawhttp.Request) (status int, answer string) {
	var bad []int
	all := names(t, r)
	for i, name := range all {
		if strings.HasPrefix(name, "bad") {
			bad = append(bad, i)
		}
	}
	if len(bad) == 0 {
		return 200, fmt.Sprintf(`{"code":200,"events_ingested":%d}`, len(all))
	}
	text, err := json.Marshal(map[string]any{"code": 400, "events_with_invalid_fields": map[string]any{"time": bad}})
	if err != nil {
		t.Error(err)
	}
	return 400, string(text)
}
