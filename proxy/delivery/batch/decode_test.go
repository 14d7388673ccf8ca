package batch_test

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// merging are the vendors that take several events in one request.
var merging = []string{"amplitude", "matomo", "meta_capi", "mixpanel", "posthog", "rudderstack", "segment", "snowplow"}

func vendorOf(t testing.TB, id string) *catalog.Vendor {
	t.Helper()
	f, ok := catalog.Builtin(id)
	if !ok {
		t.Fatalf("no vendor %s", id)
	}
	v, err := catalog.Compile(f, nil, catalog.Names())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// endpointOf is where a request goes.
func endpointOf(v *catalog.Vendor, e *delivery.Event) *catalog.Endpoint {
	for i := range v.Endpoints {
		p := &v.Endpoints[i]
		if p.Host == e.Host && p.Path.Fits(e.Path) != catalog.NoFit && slices.Contains(p.Methods, e.Method) {
			return p
		}
	}
	return nil
}

// decoded is what the product's own decoder reads in a request: of each event, each field with its value, those that
// all share included, sorted; false where it is none. What is beside events is not told apart from what is in them.
func decoded(v *catalog.Vendor, e *delivery.Event) (events [][]string, ok bool) {
	endpoint := endpointOf(v, e)
	if endpoint == nil {
		return nil, false
	}
	h, o := new(hit.Hit), &codec.Opener{Limits: codec.Limits{Depth: 128, Nodes: 1_000_000, Decompressed: 64 << 20}}
	h.Reset()
	h.Request.Method, h.Request.Path = []byte(e.Method), e.Path
	h.Request.Query, h.Request.Body = slices.Clone(e.Query), slices.Clone(e.Body)
	for i := range e.Headers {
		if strings.EqualFold(e.Headers[i].Name, "Content-Encoding") && string(e.Headers[i].Value) != "identity" {
			o.Begin(h)
			body, _, err := o.Inflate(nil, h.Request.Body, strings.ToLower(string(e.Headers[i].Value)))
			if err != nil {
				return nil, false
			}
			h.Request.Body = body
		}
	}
	h.Begin()
	o.Begin(h)
	if v.Read(endpoint, h, o, 10_000, 100_000) != nil {
		return nil, false
	}
	values := func(event int32) (all []string) {
		for i := range h.Nodes {
			n := &h.Nodes[i]
			if n.Event != event || n.Kind.Holds() || n.Opened {
				continue
			}
			path := "?"
			if n.Field != hit.None {
				path = v.Fields[n.Field].Path
			}
			all = append(all, fmt.Sprintf("%s %s %v %s", path, h.Bytes(h.KeySpan(int32(i))), n.Class, h.Text(int32(i))))
		}
		return all
	}
	shared := values(hit.Shared)
	for i := range h.Events {
		all := append(values(int32(i)), shared...)
		slices.Sort(all)
		events = append(events, append(slices.Compact(all), "name "+h.EventName(int32(i))))
	}
	return events, true
}

// recorded are the requests of real SDKs to a vendor.
func recorded(t testing.TB, id string) (all []delivery.Event) {
	t.Helper()
	folder := os.Getenv("TAGWARDEN_CAPTURES")
	if folder == "" {
		folder = "../../../rules/testdata/captures"
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings in %s (%v)", folder, err)
	}
	v := vendorOf(t, id)
	for _, file := range files {
		base := filepath.Base(file)
		if other := map[string]string{"rudderstack": "segment", "meta_capi": "ga4-meta"}; !strings.HasPrefix(base,
			cmp.Or(other[id], id)) {
			continue
		}
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var c struct {
				Method, Target string
				Headers        [][2]string
				Body           []byte `json:"body_base64"`
			}
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatal(err)
			}
			path, query, _ := strings.Cut(c.Target, "?")
			e := delivery.Event{Host: "api", Method: c.Method, Path: []byte(path), Query: []byte(query), Body: c.Body}
			for _, h := range c.Headers {
				switch strings.ToLower(h[0]) {
				case "content-type", "content-encoding", "authorization", "sp-anonymous":
					e.Headers = append(e.Headers, delivery.Header{Name: h[0], Value: []byte(h[1])})
				}
			}
			if endpointOf(v, &e) != nil {
				all = append(all, e)
			}
		}
		_ = f.Close()
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// alone makes of a request with several events one for each, by the standard library's reading of JSON. Requests whose
// events stand in no list are returned as they are.
func alone(t testing.TB, e *delivery.Event) []delivery.Event {
	t.Helper()
	var object map[string]json.RawMessage
	var list []json.RawMessage
	rebuild := func(name string) (all []delivery.Event) {
		for _, element := range list {
			one := *e
			if name == "" {
				one.Body = slices.Concat([]byte("["), element, []byte("]"))
			} else {
				object[name] = slices.Concat([]byte("["), element, []byte("]"))
				body, err := json.Marshal(object)
				if err != nil {
					t.Fatal(err)
				}
				one.Body = body
			}
			all = append(all, one)
		}
		return all
	}
	if json.Unmarshal(e.Body, &list) == nil {
		return rebuild("")
	}
	if json.Unmarshal(e.Body, &object) != nil {
		return []delivery.Event{*e}
	}
	for _, name := range []string{"batch", "events", "data", "requests"} {
		if list = nil; json.Unmarshal(object[name], &list) == nil && list != nil {
			return rebuild(name)
		}
	}
	return []delivery.Event{*e}
}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// withPaths is a vendor with paths of the site's own.
func withPaths(t testing.TB, id string, paths map[string]string) *catalog.Vendor {
	t.Helper()
	f, _ := catalog.Builtin(id)
	v, err := catalog.Compile(f.At(paths), nil, catalog.Names())
	if err != nil {
		t.Fatal(err)
	}
	return v
}
