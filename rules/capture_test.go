package rules_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

const ownCaptures = "testdata/captures"

// capturesFolder holds recorded traffic; TAGWARDEN_CAPTURES names another.
func capturesFolder() string {
	if folder := os.Getenv("TAGWARDEN_CAPTURES"); folder != "" {
		return folder
	}
	return ownCaptures
}

type captured struct {
	SDK     string      `json:"sdk"`
	Method  string      `json:"method"`
	Target  string      `json:"target"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body_base64"`
}

// eachCaptured hands on every recorded request but preflights, as a hit of the vendor whose endpoint it is for.
func eachCaptured(t *testing.T, p *rules.Policy, each func(t *testing.T, where string, r hit.Request)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(capturesFolder(), "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings in %s (%v)", capturesFolder(), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			lines := bufio.NewScanner(f)
			lines.Buffer(nil, 16<<20)
			for number := 1; lines.Scan(); number++ {
				var c captured
				if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
					t.Fatal(err)
				}
				if c.Method == "OPTIONS" {
					continue
				}
				body, err := base64.StdEncoding.DecodeString(c.Body)
				if err != nil {
					t.Fatal(err)
				}
				where := filepath.Base(file) + ":" + string(rune('0'+number/100%10)) + string(rune('0'+number/10%10)) +
					string(rune('0'+number%10))
				each(t, where, capturedRequest(t, p, filepath.Base(file), &c, body))
			}
			if err := lines.Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// owners are the vendors that a recording's requests are for, by the beginning of its file's name.
var owners = map[string][]string{
	"ga4-meta": {"ga4", "ga4_mp", "meta_pixel", "meta_capi"}, "minimal-ga4": {"ga4"}, "amplitude": {"amplitude"},
	"matomo":   {"matomo"},
	"mixpanel": {"mixpanel"}, "plausible": {"plausible"}, "posthog": {"posthog"}, "segment": {"segment"},
	"snowplow": {"snowplow"}, "umami": {"umami"},
}

func capturedRequest(t *testing.T, p *rules.Policy, file string, c *captured, body []byte) hit.Request {
	t.Helper()
	path, query, _ := strings.Cut(c.Target, "?")
	r := hit.Request{Method: []byte(c.Method), Host: []byte("shop.example"), Query: []byte(query), Body: body,
		Address: netip.MustParseAddr("203.0.113.77")}
	for _, header := range c.Headers {
		r.Headers = append(r.Headers, hit.Header{Name: []byte(header[0]), Value: []byte(header[1])})
	}
	candidates := catalog.BuiltinIDs()
	for name, vendors := range owners {
		if strings.HasPrefix(file, name) {
			candidates = vendors
		}
	}
	for _, id := range candidates {
		r.Path = []byte("/" + id + path)
		if found, _, _ := p.Site(r.Host).Find(r.Method, r.Path); found != nil {
			break
		}
	}
	return r
}

func TestCapturesDecode(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	eachCaptured(t, p, func(t *testing.T, where string, r hit.Request) {
		x := explain(t, p, r)
		if x.Reason != "" {
			t.Errorf("%s: %s %s is refused: %s", where, r.Method, r.Path, x.Reason)
			return
		}
		for _, e := range x.Events {
			if e.Reason == "malformed" || e.Name == "" && e.Index >= 0 && x.Vendor != "posthog" {
				t.Errorf("%s: event %d has name %q and reason %s", where, e.Index, e.Name, e.Reason)
			}
			for _, f := range e.Fields {
				if f.Class == "unknown" {
					t.Errorf("%s: field %s has no class", where, f.Path)
				}
			}
		}
		for _, f := range x.Shared {
			if f.Class == "unknown" {
				t.Errorf("%s: shared field %s has no class", where, f.Path)
			}
		}
	})
}

// cookieless is what DESIGN's example profile of that name keeps.
var cookieless = map[string]minimise.Spec{
	"event_name": keep, "client_id": {Kind: minimise.Derive, Derive: "daily_visitor"}, "url": urlSpec, "referrer": origin,
	"user_agent": family,
	"ip":         prefix, "timestamp": hour, "revenue": keep,
}

// permitting permits everything, on a basis that needs no consent, so that what is
// shown is what minimising alone takes away.
func permitting(t testing.TB) *rules.Policy {
	t.Helper()
	d := draft(rules.DraftActivity{})
	d.Activities = nil
	for _, id := range catalog.BuiltinIDs() {
		d.Activities = append(d.Activities, rules.DraftActivity{
			ID: id, Vendor: id, Purposes: []string{"audience"}, Basis: basis.Contract, Reference: "test", Profile: "cookieless",
			Events: []string{"*"},
		})
	}
	d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "cookieless", Classes: cookieless})
	return compile(t, d)
}

func TestNothingLeaksFromCaptures(t *testing.T) {
	t.Parallel()
	p := permitting(t)
	secrets := planted(t)
	forwarded := 0
	eachCaptured(t, p, func(t *testing.T, where string, r hit.Request) {
		x := explain(t, p, r)
		if x.Forward == nil {
			return
		}
		forwarded++
		left := sent(t, x)
		for _, secret := range secrets {
			if around, found := left.Find(secret); found {
				t.Errorf("%s: %q leaves %s", where, secret, around)
			}
		}
	})
	if forwarded < 100 && capturesFolder() == ownCaptures {
		t.Errorf("only %d hits were forwarded: the test shows too little", forwarded)
	}
}

// TestDroppedValuesLeakFromNoCapture: the value of a field that was dropped, or replaced, stands nowhere
// in what is sent, unless another field that is sent has it for its own; and where it is an identifier or
// a secret by its class, not even then.
func TestDroppedValuesLeakFromNoCapture(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	never := []string{"email", "phone", "birth_date", "credential", "click_id", "ip", "advertising_id"}
	looked := 0
	eachCaptured(t, p, func(t *testing.T, where string, r hit.Request) {
		r.Headers = append(r.Headers, hit.Header{Name: []byte("Cookie"), Value: []byte(strings.TrimPrefix(yes, "Cookie: "))})
		x := explain(t, p, r)
		if x.Forward == nil {
			return
		}
		fields := slices.Clone(x.Shared)
		for _, e := range x.Events {
			fields = append(fields, e.Fields...)
		}
		var own strings.Builder
		for _, f := range fields {
			if f.Sent {
				own.WriteString(f.Path + "=" + f.After + "\n")
			}
		}
		left, mine := sent(t, x), readings(t, own.String())
		for _, f := range fields {
			if f.Sent && f.After == f.Before || len(f.Before) < 8 {
				continue
			}
			looked++
			if around, found := left.Find(f.Before); found && (slices.Contains(never, f.Class) || !mine.Holds(f.Before)) {
				t.Errorf("%s: the value of %s (%s, %s) is in what is sent, %s", where, f.Path, f.Class, f.Action, around)
			}
		}
	})
	if looked < 500 && capturesFolder() == ownCaptures {
		t.Errorf("only %d values were looked for: the test shows too little", looked)
	}
}
