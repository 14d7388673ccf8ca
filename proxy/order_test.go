package proxy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// witness is a vendor that looks, for each event, whether its own record is in the file already.
type witness struct {
	files *disk
	of    sync.Map // serial number of a hit to whether its record was there
}

var serial = regexp.MustCompile(`serial(\d+)x`)

func (w *witness) Deliver(e *delivery.Event, a *proxy.Response) delivery.Outcome {
	name := serial.FindString(string(e.Query))
	w.of.Store(name, strings.Contains(w.files.seen(), `"name":"`+name+`"`))
	a.SetStatusCode(204)
	return delivery.Outcome{Kind: delivery.Delivered, Status: 204, Why: delivery.WhyOK}
}

func (w *witness) Close() {}

// TestEveryEventIsRecordedBeforeItLeaves, also when many come at once and are written together.
func TestEveryEventIsRecordedBeforeItLeaves(t *testing.T) {
	w := &witness{files: new(disk)}
	r := start(t, folder(t, "http://127.0.0.1:1"), func(o *proxy.Options) {
		o.Disk = w.files
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return w, nil }
	})
	const visitors, each = 8, 25
	var all sync.WaitGroup
	for v := range visitors {
		all.Go(func() {
			c, err := rawhttp.Dial(r.hits)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			for i := range each {
				hit := get(strings.Replace(pageView, "page_view", fmt.Sprintf("serial%dx", v*each+i), 1), consent)
				if err := c.Send(hit); err != nil {
					t.Error(err)
					return
				}
				if a, err := c.Answer("GET"); err != nil || a.Status != 204 {
					t.Errorf("answered with %v, %v", a, err)
				}
			}
		})
	}
	all.Wait()
	seen := 0
	w.of.Range(func(name, there any) bool {
		if seen++; there != true {
			t.Errorf("%s left before it was recorded", name)
		}
		return true
	})
	if seen != visitors*each {
		t.Errorf("%d events left", seen)
	}
}

// goldenConfig has every vendor of the golden hits, each behind its id, and keeps much of what they hold.
func goldenConfig(t *testing.T, vendors []string, upstream string) string {
	t.Helper()
	var server, activities strings.Builder
	server.WriteString("version: 1\nlisten: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\nsites:\n  shop:\n    hosts: [shop.example]\n" +
		"    signals: { own: [{ cookie: choice, category: analytics, granted: [\"yes\"] }] }\nvendors:\n")
	activities.WriteString("activities:\n")
	for _, id := range vendors {
		fmt.Fprintf(&server, "  %s: { catalog: %s, prefix: /%s, private: true, upstreams: { UPSTREAMS } }\n", id, id, id)
		fmt.Fprintf(&activities,
			"  - { id: %s-consent, vendor: %s, purposes: [measure], basis: consent, retention: 14 months, profile: much, events: [\"*\"] }\n",
			id, id)
	}
	text := server.String()
	for _, id := range vendors { // none is asked but the stand-in
		file, ok := catalog.Builtin(id)
		if !ok {
			t.Fatalf("no vendor %s", id)
		}
		var roles []string
		for _, role := range slices.Sorted(maps.Keys(file.Hosts)) {
			roles = append(roles, fmt.Sprintf("%s: %q", role, upstream))
		}
		text = strings.Replace(text, "UPSTREAMS", strings.Join(roles, ", "), 1)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tagwarden.yaml"), text)
	write(t, filepath.Join(dir, "policy", "purposes.yaml"),
		"purposes:\n  measure: { title: Measure the audience of our pages, categories: [analytics] }\n")
	write(t, filepath.Join(dir, "policy", "activities.yaml"), activities.String())
	write(t, filepath.Join(dir, "policy", "profiles.yaml"),
		"profiles:\n  much:\n    classes: { event_name: keep, client_id: keep, device_id: keep, session_id: keep, user_id: keep, external_id: keep, event_id: keep, url: keep, referrer: keep, page_title: keep, user_agent: keep, timestamp: keep, revenue: keep, product: keep, ip: keep, custom: keep, interaction: keep, credential: keep }\n")
	return filepath.Join(dir, "tagwarden.yaml")
}

// TestGoldenHitsLeaveNoValueInTheLedger: of all that the golden hits of all vendors hold, permitted and denied, nothing
// is in a record but what records are made of: ids of the configuration, codes, numbers, hashes, and names of events.
func TestGoldenHitsLeaveNoValueInTheLedger(t *testing.T) {
	folders, err := filepath.Glob("../rules/catalog/testdata/*")
	if err != nil || len(folders) < 10 {
		t.Fatal(folders, err)
	}
	vendors := make([]string, 0, len(folders))
	for _, f := range folders {
		if filepath.Ext(f) == "" {
			vendors = append(vendors, filepath.Base(f))
		}
	}
	v := standIn(t)
	r := start(t, goldenConfig(t, vendors, "http://"+v.Addr()))
	values := map[string]string{}
	for _, id := range vendors {
		hits, err := filepath.Glob("../rules/catalog/testdata/" + id + "/*.http")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range hits {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, value := range valuesIn(string(text)) {
				values[value] = file
			}
			for _, choice := range []string{"", yes} {
				if a := r.ask(t, overTheWire(string(text), id, choice)); a.Status >= 400 {
					t.Errorf("%s was answered with\n%s", file, a.Raw)
				}
			}
		}
	}
	if len(v.Requests()) < 30 {
		t.Errorf("only %d requests reached the vendors", len(v.Requests()))
	}
	checkRecords(t, r.records(t, "event"), values)
}

// checkRecords looks for values in all members of records but those that hold words of ours.
func checkRecords(t *testing.T, all []string, values map[string]string) {
	t.Helper()
	permitted := 0
	for _, record := range all {
		members := map[string]any{}
		if err := json.Unmarshal([]byte(record), &members); err != nil {
			t.Fatal(err)
		}
		if name, _ := members["name"].(string); len([]rune(name)) > 64 || strings.Contains(name, "@") {
			t.Errorf("a name of an event: %q", name)
		}
		if members["decision"] == "permit" {
			permitted++
		}
		for member, value := range members {
			switch member {
			case "time", "kind", "hit", "event", "name", "bytes_in", "bytes_out", "salt", "digest",
				"subjects", "shape", "policy":
				continue
			}
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			for found, file := range values {
				if strings.Contains(string(text), found) {
					t.Errorf("%s of %s is in the member %s: %s", found, file, member, text)
				}
			}
		}
		if !regexp.MustCompile(`"salt":"[A-Za-z0-9+/]{22}","crc":`).MatchString(record) {
			t.Errorf("no salt: %s", record)
		}
	}
	if permitted < 30 || permitted == len(all) {
		t.Errorf("%d of %d events were permitted", permitted, len(all))
	}
}

// valuesIn are pieces of a hit that are long enough to be told from words of ours.
func valuesIn(text string) []string {
	var values []string
	for _, piece := range regexp.MustCompile(`[A-Za-z0-9._@-]{8,}`).FindAllString(text, -1) {
		if regexp.MustCompile(`[0-9@]`).MatchString(piece) {
			values = append(values, piece)
		}
	}
	return values
}

// overTheWire makes a request of a golden hit as it would arrive here.
func overTheWire(text, vendor, headers string) string {
	head, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	lines := strings.Split(head, "\n")
	method, rest, _ := strings.Cut(lines[0], " ")
	var b strings.Builder
	fmt.Fprintf(&b, "%s /%s%s\r\nHost: shop.example\r\n%s", method, vendor, rest, headers)
	for _, line := range lines[1:] {
		name, _, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Host") || strings.EqualFold(name, "Content-Length") || headers != "" &&
			strings.EqualFold(name, "Cookie") {
			continue
		}
		b.WriteString(line + "\r\n")
	}
	body = strings.TrimSuffix(body, "\n")
	if method == "POST" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	return b.String() + "\r\n" + body
}

// TestNamesOfEventsAreScrubbedAndCut before they are written down.
func TestNamesOfEventsAreScrubbedAndCut(t *testing.T) {
	v := standIn(t)
	r := start(t, folder(t, "http://"+v.Addr()))
	for _, name := range []string{strings.Repeat("n", 200), "mail+jane.doe%40example.com", "card+4111111111111111",
		strings.Repeat("%C3%A4", 100), "line%0Aend%00"} {
		r.ask(t, get(strings.Replace(pageView, "page_view", name, 1), consent))
	}
	var names []string
	for _, record := range r.records(t, "event") {
		var members struct{ Name string }
		if err := json.Unmarshal([]byte(record), &members); err != nil {
			t.Fatal(err)
		}
		names = append(names, members.Name)
	}
	if got, want := strings.Join(names, "|"), strings.Repeat("n", 64)+"|mail [email]|card [card]|"+strings.Repeat("ä", 64)+
		"|lineend"; got != want {
		t.Errorf("names: %q, want %q", got, want)
	}
}

// TestSubjectsStayTheSameOverARestart: under one root secret a visitor has one hash, under another another.
func TestSubjectsStayTheSameOverARestart(t *testing.T) {
	v := standIn(t)
	subjects := regexp.MustCompile(`"subjects":\[[^\]]*\]`)
	var found []string
	for n := range byte(3) {
		r := start(t, folder(t, "http://"+v.Addr()), func(o *proxy.Options) { o.Root[31] ^= n / 2 })
		r.ask(t, get(pageView, consent))
		found = append(found, subjects.FindString(strings.Join(r.records(t, "event"), "")))
	}
	if found[0] == "" || found[0] != found[1] || found[1] == found[2] {
		t.Errorf("subjects: %q", found)
	}
}

// TestAHundredReloadsUnderLoad: each hit is judged wholly under one policy, and none is lost.
func TestAHundredReloadsUnderLoad(t *testing.T) {
	v := standIn(t)
	server, rest, _ := strings.Cut(shopFiles["tagwarden.yaml"], "  matomo: ")
	with := strings.Replace(shopFiles["policy/profiles.yaml"], `npa: "1"`, `ngs: "1"`, 1)
	r := start(t, shop(t, v.Addr(), map[string]string{ // one vendor is enough, and is read sooner
		"tagwarden.yaml":         server,
		"policy/profiles.yaml":   with,
		"policy/activities.yaml": "activities:\n  - { id: ga4-consent, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: [page_view] }\n",
	}))
	if rest == "" {
		t.Fatal("the server file has changed")
	}
	var stop atomic.Bool
	var sent, wrong atomic.Int64
	var visitors sync.WaitGroup
	for range 2 {
		visitors.Go(func() {
			c, err := rawhttp.Dial(r.hits)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			for !stop.Load() {
				_ = c.SetDeadline(time.Now().Add(rawhttp.Patience)) // of this hit, not of all together
				if err := c.Send(get(pageView+"&dt=Home", yes)); err != nil {
					t.Error(err)
					return
				}
				sent.Add(1)
				a, err := c.Answer("GET")
				if err != nil || a.Status != 204 {
					wrong.Add(1)
					t.Logf("went wrong: %v %+v", err, a)
				}
				if err != nil || a.Close { // a connection takes so many hits and no more
					_ = c.Close()
					if c, err = rawhttp.Dial(r.hits); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	profiles := filepath.Join(filepath.Dir(r.file), "policy", "profiles.yaml")
	without := strings.NewReplacer("page_title: keep, ", "", `ngs: "1"`, `ngs: "0"`).Replace(with)
	digests := map[string]bool{r.Policy(): true}
	for n := range 100 {
		write(t, profiles, []string{without, with}[n%2])
		if err := r.Reload(); err != nil {
			t.Fatal(err)
		}
		digests[r.Policy()] = true
	}
	stop.Store(true)
	visitors.Wait()
	if wrong.Load() > 0 || int64(len(v.Requests())) != sent.Load() || len(digests) != 2 {
		t.Errorf("%d of %d hits went wrong, the vendor got %d, under %d policies", wrong.Load(), sent.Load(),
			len(v.Requests()), len(digests))
	}
	for _, got := range v.Requests() {
		if title, kept := strings.Contains(got.Target, "dt=Home"), strings.Contains(got.Target, "ngs=1"); title != kept {
			t.Errorf("one hit under two policies: %s", got.Target)
		}
	}
	if n := len(r.records(t, "reload")); n != 100 {
		t.Errorf("%d records of reloads", n)
	}
}
