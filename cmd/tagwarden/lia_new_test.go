package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/assess"
)

// answers are what somebody types, line by line, wrong ones among them.
const answers = `

Counting visits

web-analytics@shop.example
audience
audience-measurement
matomo, nobody
matomo
todo
Knowing how many visits our pages get.
Visitors find what they look for.
We would mistake some visitors for all.
Counting takes telling visits apart.
Server logs hold whole addresses.
No stored id, and cut addresses: "none" whole.
visitor
Visitors expect that visits are counted.
harmless
low
no
no
The privacy notice says so: see there.
pseudonymisation, ip_truncation
event_name, url
event_name: kept
event_name: keep, client_id: derive, url: url, referrer: generalise, user_agent: generalise, ip: truncate, timestamp: truncate, cache_buster: keep

long
14 months
In the footer of every page.

soon
2027-05-04
`

// asked runs `lia new` for somebody who sits at a terminal.
func asked(t *testing.T, typed string, args ...string) (dir, out string, code int) {
	t.Helper()
	dir = t.TempDir()
	now := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	made, err := config.Init(dir, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	term := &terminal{in: strings.NewReader(typed), out: &text, err: &text, now: func() time.Time { return now }, tty: true}
	code = run(t.Context(), term, append([]string{"lia", "new", "--config", made.Server}, args...))
	return dir, text.String(), code
}

// TestLiaNewAsks goes the whole way, and what is written has nothing against it but that nothing rests on it.
func TestLiaNewAsks(t *testing.T) {
	dir, out, code := asked(t, answers)
	if code != fine {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	for _, want := range []string{
		"Step two: necessity", "A good answer: an interest that is lawful, clear and present", `purpose "audience" is not known`, `vendor "nobody" is not known`,
		"that says nothing", `impact "harmless" is not known`, `"event_name" is no pair`, `data "kept" is not known`, `"long" is no span of time`, `"soon" is no date`, "Enter alone: LIA-2026-002",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("nobody was told %q:\n%s", want, out)
		}
	}
	loaded, err := config.Load(filepath.Join(dir, "tagwarden.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	a := loaded.Assessments["LIA-2026-002"].Document
	if a == nil || a.Version != 1 || a.Recipients[0] != "matomo" || a.Data["ip"] != "truncate" || a.Necessity.Minimised[""] != `No stored id, and cut addresses: "none" whole.` || a.DPIA != "none" {
		t.Errorf("%+v", a)
	}
	found := assess.Check(loaded, "LIA-2026-002", time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC))
	if len(found) != 1 || found[0].Rule != "no-activity" {
		t.Errorf("%v", found)
	}
}

// TestLiaNewEnds: where the answers end, nothing is written.
func TestLiaNewEnds(t *testing.T) {
	lines := strings.SplitAfter(answers, "\n")
	for _, typed := range []string{"", "LIA-7", strings.Join(lines[:10], ""), strings.TrimSuffix(answers, "\n")} {
		dir, out, code := asked(t, typed)
		if code != usage || !strings.Contains(out, "the answers ended: nothing was written") {
			t.Errorf("exit code %d\n%s", code, out)
		}
		entries, err := filepath.Glob(filepath.Join(dir, "policy", "assessments", "*.yaml"))
		if err != nil || len(entries) != 1 {
			t.Errorf("%v, %v", entries, err)
		}
	}
}

// TestLiaNewAsksTheRest of what a file lacks.
func TestLiaNewAsksTheRest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "part.yaml")
	part := "id: LIA-7\ntitle: Counting visits\nversion: 1\npurposes: [audience-measurement]\n# the vendor\nrecipients: [matomo]\n"
	if err := os.WriteFile(file, []byte(part), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, out, code := asked(t, "web@shop.example\n", "--from", file)
	if code != usage || !strings.Contains(out, "owner> ") || !strings.Contains(out, "interest.what> ") || strings.Contains(out, "title> ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "policy", "assessments", "LIA-7.yaml")); err == nil {
		t.Error("something was written")
	}
}
