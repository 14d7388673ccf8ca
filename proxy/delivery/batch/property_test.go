package batch_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// joined puts events into requests as a courier would, who has a batch open for each group, and returns the requests
// and, for each, which events are in it.
func joined(t testing.TB, v *batch.Vendor, events []delivery.Event) (requests []delivery.Event,
	which [][]int, lone []int) {
	t.Helper()
	open, of := map[string]*batch.Batch{}, map[string][]int{}
	var order []string
	var p batch.Piece
	send := func(group string) {
		var e delivery.Event
		if b := open[group]; b.Events() > 0 {
			b.Event(&e)
			if e.Count != len(of[group]) {
				t.Fatalf("it has %d events, and %d were added", e.Count, len(of[group]))
			}
			e.Body = slices.Clone(e.Body)
			e.Path, e.Query = slices.Clone(e.Path), slices.Clone(e.Query)
			e.Headers = slices.Clone(e.Headers)
			for i := range e.Headers {
				e.Headers[i].Value = slices.Clone(e.Headers[i].Value)
			}
			requests, which = append(requests, e), append(which, of[group])
		}
		open[group], of[group] = new(batch.Batch), nil
	}
	for i := range events {
		if !v.Cut(&p, &events[i], false) {
			lone = append(lone, i)
			continue
		}
		group := string(p.Group())
		if open[group] == nil {
			order, open[group] = append(order, group), new(batch.Batch)
		}
		if !open[group].Add(&p) {
			if send(group); !open[group].Add(&p) {
				t.Fatalf("event %d fits nowhere: %s", i, events[i].Body)
			}
		}
		of[group] = append(of[group], i)
	}
	for _, group := range order {
		send(group)
	}
	return requests, which, lone
}

// checkJoined holds requests of several events against the events: the vendor reads the same in the same order.
func checkJoined(t *testing.T, id string, events []delivery.Event) (together int) {
	t.Helper()
	v := vendorOf(t, id)
	requests, which, _ := joined(t, batch.New(v), events)
	for r := range requests {
		got, ok := decoded(v, &requests[r])
		if !ok || len(got) != len(which[r]) {
			t.Errorf("%s: %d events, want %d, in %s %s?%s %q", id, len(got), len(which[r]), requests[r].Method,
				requests[r].Path, requests[r].Query, requests[r].Body)
			continue
		}
		if len(got) > 1 {
			together += len(got)
		}
		for i, at := range which[r] {
			want, ok := decoded(v, &events[at])
			if !ok || len(want) != 1 {
				t.Errorf("%s: alone it is %d events: %q", id, len(want), events[at].Body)
				continue
			}
			if plain := without(want[0], id); !slices.Equal(without(got[i], id), plain) {
				t.Errorf("%s: joined it is\n%q, alone\n%q", id, without(got[i], id), plain)
			}
		}
	}
	return together
}

// without takes off what says how a body was packed, which is not so any more.
func without(values []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(value string) bool {
		return id == "posthog" && strings.HasPrefix(value, "?compression ") || strings.HasPrefix(value, "compression ")
	})
}

// TestCapturesJoined: what real SDKs sent says the same to the vendor in a request of several.
func TestCapturesJoined(t *testing.T) {
	for _, id := range merging {
		var events []delivery.Event
		for _, e := range recorded(t, id) {
			e := unpacked(t, e)
			for _, one := range alone(t, &e) {
				events = append(events, one, one) // a visitor who does the same
			}
		}
		if len(events) == 0 {
			t.Errorf("%s: no recordings", id)
		}
		if together := checkJoined(t, id, events); together == 0 {
			t.Errorf("%s: of %d events none travels with another", id, len(events))
		} else {
			t.Logf("%s: %d of %d events travel together", id, together, len(events))
		}
	}
}

// unpacked is a request whose body is not packed, where it was.
func unpacked(t testing.TB, e delivery.Event) delivery.Event {
	t.Helper()
	if !bytes.HasPrefix(e.Body, []byte{0x1f, 0x8b}) {
		return e
	}
	r, err := gzip.NewReader(bytes.NewReader(e.Body))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	e.Body = out.Bytes()
	e.Query = bytes.ReplaceAll(e.Query, []byte("compression=gzip-js&"), nil)
	e.Query = bytes.ReplaceAll(e.Query, []byte("&compression=gzip-js"), nil)
	e.Headers = slices.DeleteFunc(slices.Clone(e.Headers), func(h delivery.Header) bool {
		return strings.EqualFold(h.Name, "Content-Encoding")
	})
	return e
}

// texts are values that have to come through whatever is around them.
var texts = []string{
	`"plain"`, `""`, `"a \"quoted\" one \\"`, `"]}"`, `"[{,"`, `"ü 漢 😀"`, `"\u00fc\ud83d\ude00\n\t\/"`,
	`"&=%25+ #?"`, `null`,
	`true`, `12.50`, `-0`, `1e400`, `123456789012345678901`, `[]`, `{}`, `[1,[2,{"a":"b"}]]`,
	`{"a":{"b":["c"]}}`, `"</script>"`,
}

// generated makes a request of one event for an endpoint of a vendor.
func generated(r *rand.Rand, id string, n int) delivery.Event {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	value := func() string { return texts[r.IntN(len(texts))] }
	space := pick("", "", " ", "\n\t")
	agent := delivery.Header{Name: "User-Agent", Value: []byte(pick("Firefox", "Chrome"))}
	kind := func(text string) []delivery.Header {
		return []delivery.Header{agent, {Name: "Content-Type", Value: []byte(text)}}
	}
	e := delivery.Event{Host: "api", Method: "POST", Headers: kind("application/json")}
	name := fmt.Sprintf("event %d", n)
	switch id {
	case "segment", "rudderstack":
		event := fmt.Sprintf(`{%s"type":%s"track","event":"%s","properties":{"x":%s},"sentAt":"%s","writeKey":"k%s"}`,
			space, space, name, value(), pick("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"), pick("1", "2"))
		if e.Path = []byte("/v1/batch"); r.IntN(2) == 0 {
			e.Body = []byte(`{"batch":[` + space + event + space + `],"writeKey":"k"}`)
			break
		}
		if e.Path, e.Body = []byte("/v1/track"), []byte(space+event+space); id == "segment" && r.IntN(2) == 0 {
			e.Path, e.Headers = []byte("/v1/t"), kind("text/plain")
		}
	case "amplitude":
		e.Path = []byte(pick("/2/httpapi", "/batch"))
		e.Body = []byte(fmt.Sprintf(`{"api_key":"k%s","events":[%s{"event_type":"%s","event_properties":{"x":%s}}]%s}`,
			pick("1", "2"), space, name, value(), space))
	case "mixpanel":
		event := fmt.Sprintf(`{"event":"%s","properties":{"token":"t","x":%s}}`, name, value())
		switch r.IntN(4) {
		case 0:
			e.Path, e.Body = []byte("/import"), []byte("["+event+"]")
		case 1:
			e.Path, e.Body = []byte("/track/"), []byte(event)
		default:
			if r.IntN(2) == 0 {
				event = "[" + event + "]"
			}
			data := url.QueryEscape(event)
			if r.IntN(3) == 0 {
				data = url.QueryEscape(base64Of(event))
			}
			e.Path, e.Headers = []byte("/track/"), kind("application/x-www-form-urlencoded")
			e.Body = []byte(pick("", "ip=1&") + "data=" + data + pick("", "&verbose=1"))
			e.Query = []byte(pick("", "verbose=1"))
		}
	case "matomo":
		query := "idsite=1&rec=1&action_name=" + url.QueryEscape(name) + "&dimension1=" + url.QueryEscape(value())
		e.Path = []byte(pick("/matomo.php", "/piwik.php"))
		switch r.IntN(3) {
		case 0:
			e.Method, e.Query, e.Headers = "GET", []byte(query), []delivery.Header{agent}
		case 1:
			e.Body, e.Headers = []byte(query), kind("application/x-www-form-urlencoded")
		default:
			e.Body = []byte(`{"requests":["?` + query + `"]}`)
		}
	case "posthog":
		event := fmt.Sprintf(`{"event":"%s","uuid":"u%d","properties":{"token":"phc_%s","distinct_id":"d","x":%s}}`,
			name, n, pick("a", "b"), value())
		e.Path, e.Headers = []byte("/e/"), kind("text/plain")
		switch r.IntN(4) {
		case 0:
			e.Path, e.Headers = []byte("/batch/"), kind("application/json")
			e.Body = []byte(`{"api_key":"phc_a","batch":[` + event + `]}`)
		case 1:
			e.Body = []byte("[" + space + event + "]")
		case 2:
			e.Body = []byte(event)
		default:
			e.Query, e.Body = []byte("ip=0&compression=gzip-js&ver=1"), zipped(pick(event, "["+event+"]"))
		}
	case "snowplow":
		e.Path = []byte("/com.snowplowanalytics.snowplow/tp2")
		e.Body = []byte(fmt.Sprintf(
			`{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"se","se_ac":"%s","duid":"%s","se_la":%s}]}`,
			name, pick("d1", "d2"), value()))
	case "meta_capi":
		event := fmt.Sprintf(`{"event_name":"%s","event_time":%d,"custom_data":{"x":%s}}`, name, 1_700_000_000+n, value())
		e.Path, e.Query = []byte("/v21.0/123/events"), []byte("access_token="+pick("a", "b"))
		if e.Body = []byte(`{"data":[` + event + `]}`); r.IntN(3) == 0 {
			e.Body, e.Headers = []byte("data="+url.QueryEscape("["+event+"]")), kind("application/x-www-form-urlencoded")
		}
	}
	if id != "matomo" && id != "snowplow" && len(e.Body) > 0 && (e.Body[0] == '{' || e.Body[0] == '[') && r.IntN(4) == 0 {
		e.Body = zipped(string(e.Body))
		e.Headers = append(e.Headers, delivery.Header{Name: "Content-Encoding", Value: []byte("gzip")})
	}
	return e
}

func zipped(text string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.Bytes()
}

// TestGeneratedJoined: whatever events hold, and however their requests are written, they say the same together.
func TestGeneratedJoined(t *testing.T) {
	for _, id := range merging {
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 17))
			events := make([]delivery.Event, 60)
			for i := range events {
				events[i] = generated(r, id, i)
			}
			if together := checkJoined(t, id, events); together < 30 {
				t.Errorf("%s, seed %d: %d of %d events travel together", id, seed, together, len(events))
			}
		}
	}
}

// TestWhoMerges: these vendors take several, and no others.
func TestWhoMerges(t *testing.T) {
	for _, id := range catalog.BuiltinIDs() {
		if got := batch.New(vendorOf(t, id)).Merges(); got != slices.Contains(merging, id) {
			t.Errorf("%s merges: %v", id, got)
		}
	}
}
