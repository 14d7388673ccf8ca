package proxy_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// fourRungs is a ladder for each vendor that names every kind of rung: one of another region, one whose condition holds
// for some events, one that asks for another category, one that asks for what the hits grant.
func fourRungs(vendors []string) string {
	var b strings.Builder
	b.WriteString("activities:\n")
	for _, id := range vendors {
		const of = "  - { id: %s-%s, vendor: %s, purposes: [%s], basis: consent, retention: 14 months, profile: much, events: [\"*\"]%s }\n"
		fmt.Fprintf(&b, of, id, "elsewhere", id, "measure", ", regions: [US]")
		fmt.Fprintf(&b, of, id, "long", id, "offers", `, when: 'event.name > "m"'`)
		fmt.Fprintf(&b, of, id, "offers", id, "offers", "")
		fmt.Fprintf(&b, of, id, "consent", id, "measure", `, when: 'event.name != "login"'`)
	}
	return b.String()
}

// explaining sends hits to a server, and explains each of them.
type explaining struct {
	*running
	policy *rules.Policy
	keys   *rules.Keys
	said   []*rules.Explanation // of hits that have events
}

func (e *explaining) send(t *testing.T, request string) {
	t.Helper()
	r, refused, err := wire.ParseRequest([]byte(request), netip.MustParseAddr("127.0.0.1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.policy.Explain(&rules.Question{Request: r, Refused: refused, At: time.Now(), Keys: e.keys})
	if err != nil {
		t.Fatal(err)
	}
	if e.ask(t, request); len(x.Events) > 0 {
		e.said = append(e.said, x)
	}
}

// compare holds the rungs of all records against the ladders of all explanations. It stops the server.
func (e *explaining) compare(t *testing.T) {
	t.Helper()
	if err := e.stop(t); err != nil {
		t.Fatal(err)
	}
	rungs, events := map[string]gjson.Result{}, []gjson.Result(nil)
	dir := filepath.Join(filepath.Dir(e.file), "data", "ledger")
	err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
		switch r := gjson.ParseBytes(slices.Clone(record)); r.Get("kind").Str {
		case ledger.KindRungs:
			rungs[r.Get("rungs").Str] = r
		case ledger.KindEvent:
			if r.Get("rungs").Exists() {
				events = append(events, r)
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	ladders, n := map[string]bool{}, 0
	for _, x := range e.said {
		for _, want := range x.Events {
			if n == len(events) {
				t.Fatalf("only %d events are recorded", n)
			}
			got := events[n]
			of := rungs[got.Get("rungs").Str]
			var ladder []rules.ExplainedRung
			if err := json.Unmarshal([]byte(of.Get("ladder").Raw), &ladder); err != nil {
				t.Fatalf("%v: %s", err, of.Raw)
			}
			for i := range want.Ladder {
				want.Ladder[i].Why = "" // in words, of explain alone
			}
			if !slices.Equal(ladder, want.Ladder) || of.Get("policy").Str != x.Policy || of.Get("site").Str != x.Site ||
				of.Get("region").Str != x.Region || of.Get("vendor").Str != x.Vendor || of.Get("endpoint").Str != x.Endpoint ||
				got.Get("reason").Str != want.Reason || got.Get("activity").Str != want.Activity {
				t.Errorf("event %d of a hit to %s is recorded as %s, of\n%s\nwant %+v", want.Index, x.Vendor,
					got.Raw, of.Raw, want.Ladder)
			}
			for _, rung := range of.Get("ladder").Array() {
				reason, when := rung.Get("reason").Str, rung.Get("when")
				ladders[reason+when.Raw] = true
				if asked := reason == "condition_unmet" || strings.HasSuffix(rung.Get("activity").Str, "-consent") &&
					reason != "condition_failed"; asked &&
					(!when.Exists() || when.Bool() == (reason == "condition_unmet")) {
					t.Errorf("whether its condition was met: %s", rung.Raw)
				}
			}
			n++
		}
	}
	for _, kind := range []string{"other_region", "condition_unmetfalse", "no_consent", "permittedtrue",
		"no_consenttrue"} {
		if !ladders[kind] {
			t.Errorf("no event has a rung of %s, but %v", kind, ladders)
		}
	}
	if n < len(events) || n < 50 {
		t.Errorf("%d events of %d were compared", n, len(events))
	}
}

// explained starts a server for all vendors, whose hits are explained.
func explained(t *testing.T) (*explaining, []string) {
	t.Helper()
	folders, err := filepath.Glob("../rules/catalog/testdata/*/*.http")
	if err != nil {
		t.Fatal(err)
	}
	var vendors []string
	for _, file := range folders {
		vendors = append(vendors, filepath.Base(filepath.Dir(file)))
	}
	vendors = slices.Compact(vendors)
	v := standIn(t)
	file := goldenConfig(t, vendors, "http://"+v.Addr())
	policy := filepath.Join(filepath.Dir(file), "policy")
	write(t, filepath.Join(policy, "activities.yaml"), fourRungs(vendors))
	write(t, filepath.Join(policy, "purposes.yaml"), `purposes:
  measure: { title: Measure the audience of our pages, categories: [analytics] }
  offers: { title: Show people our products that they looked at, categories: [marketing] }
`)
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return &explaining{
		running: start(t, file), policy: loaded.Policy, keys: rules.NewKeys(pseudonym.TestRoot, loaded.Policy, time.Now()),
	}, vendors
}

// TestRungsAreTheLadder: of all golden hits, with consent and without, the record names the ladder that explain shows.
func TestRungsAreTheLadder(t *testing.T) {
	t.Parallel()
	e, vendors := explained(t)
	for _, choice := range []string{yes, ""} { // a hit that was denied is not permitted when it comes again
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
				e.send(t, overTheWire(string(text), id, choice))
			}
		}
	}
	e.compare(t)
}

// TestCapturesAreRecordedWithTheirLadder is the same of recorded traffic.
func TestCapturesAreRecordedWithTheirLadder(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("TAGWARDEN_CAPTURES")
	if folder == "" {
		folder = "../rules/testdata/captures"
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings in %s (%v)", folder, err)
	}
	e, vendors := explained(t)
	for _, choice := range []string{yes, ""} {
		for _, file := range files {
			for _, text := range captured(t, file) {
				e.send(t, e.addressed(text, vendors, choice))
			}
		}
	}
	e.compare(t)
}

// captured are the requests of a recording, each as raw HTTP.
func captured(t *testing.T, file string) (all []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		r := gjson.ParseBytes(lines.Bytes())
		if r.Get("method").Str == "OPTIONS" {
			continue
		}
		body, err := base64.StdEncoding.DecodeString(r.Get("body_base64").Str)
		if err != nil {
			t.Fatal(err)
		}
		text := r.Get("method").Str + " " + r.Get("target").Str + " HTTP/1.1\n"
		for _, header := range r.Get("headers").Array() {
			switch name := strings.ToLower(header.Get("0").Str); name {
			case "connection", "transfer-encoding", "content-length", "expect":
			default:
				text += name + ": " + header.Get("1").Str + "\n"
			}
		}
		all = append(all, text+"\n"+string(body))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// addressed is a request as it goes to the vendor whose endpoint it is for.
func (e *explaining) addressed(text string, vendors []string, choice string) string {
	for _, id := range vendors {
		request := overTheWire(text, id, choice)
		r, _, err := wire.ParseRequest([]byte(request), netip.MustParseAddr("127.0.0.1"), nil)
		if err != nil {
			continue
		}
		if found, _, _ := e.policy.Site(r.Host).Find(r.Method, r.Path); found != nil {
			return request
		}
	}
	return overTheWire(text, vendors[0], choice)
}
