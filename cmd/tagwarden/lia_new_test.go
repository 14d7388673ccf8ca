package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/assess"
)

// answers are what somebody types, line by line, wrong ones among them.
const answers = `LIA-2026-001

back
back

Counting visits

web-analytics@shop.example
audience
9
audience-measurement
matomo, nobody
2
n/a
Knowing how many visits our pages get.
Visitors find what they look for.
We would mistake some visitors for all.
Nobody else gains or loses by it.
Counting takes telling visits apart.
none needed
Server logs hold whole addresses.
No stored id, and cut addresses: "none" whole.
visitor
Visitors expect that visits are counted.
We have not asked them yet.
Nobody was asked for consent to it.
Somebody's visits are seen together.
1
back
2
rather low
low
TODO: say it another day
The number lasts a day.
They feel watched by us.
low
low
One click objects to it.

harmless
1
no
no
The privacy notice says so: see there.
pseudonymisation, ip_truncation
event_name, url
event_name: kept

long
14 months
In the footer of every page.


The officer had nothing against it.
Customer service, in May; the works council
The interest prevails, since little is at stake.

soon
2027-05-04
`

// asked runs `lia new` for somebody who sits at a terminal, in a folder of its own where none is given.
func asked(t *testing.T, dir, typed string, args ...string) (in, out string, code int) {
	t.Helper()
	now := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	if dir == "" {
		dir = t.TempDir()
		if _, err := config.Init(dir, nil, now); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	term := &terminal{in: strings.NewReader(typed), out: &text, err: &text, now: func() time.Time {
		return now
	}, tty: true}
	server := filepath.Join(dir, "tagwarden.yaml")
	code = run(t.Context(), term, append([]string{"lia", "new", "--config", server}, args...))
	return dir, text.String(), code
}

// TestLiaNewAsks goes the whole way, and what is written has nothing against it but that nothing rests on it.
func TestLiaNewAsks(t *testing.T) {
	dir, out, code := asked(t, "", answers)
	if code != fine {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	for _, want := range []string{
		"Step two: necessity", "A good answer: an interest that is lawful, clear and present", "[1/32] Which id",
		"[32/32] By which day",
		"there is an assessment LIA-2026-001 already", "This is the first question", "Now: LIA-2026-002",
		"Enter alone: that stays",
		`purpose "audience" is not known`, "9 is none of the numbers: there are 1 to 2",
		"   2  audience-measurement: Count visits to our pages",
		`vendor "nobody" is not known`, "   2  matomo: Matomo", "that says nothing", "that holds a placeholder",
		"effect 2: What may happen to whom?",
		"Enter alone: there is no other effect", `"rather low" is none of the choices`,
		`impact "harmless" is not known`, "   1  low",
		`"event_name" is no pair`, `data "kept" is not known`, `"long" is no span of time`, `"soon" is no date`,
		"Enter alone: LIA-2026-002", "Enter alone: nobody", "pseudonymisation: identifiers are replaced by pseudonyms",
		"Enter alone: cache_buster: keep, client_id: derive, event_name: keep, ip: truncate, referrer: generalise, timestamp: truncate, url: url, user_agent: generalise",
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
	if a == nil || a.Version != 1 || a.Recipients[0] != "matomo" || a.Data["ip"] != "truncate" || a.DPIA != "none" ||
		a.Necessity.Minimised[""] != `No stored id, and cut addresses: "none" whole.` || len(a.Effects) != 2 ||
		a.Effects[0].Likelihood != "medium" || len(a.Consulted) != 2 || a.Consulted[0][""] != "Customer service, in May" {
		t.Errorf("%+v", a)
	}
	found := assess.Check(loaded, "LIA-2026-002", time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC))
	if len(found) != 1 || found[0].Rule != "no-activity" {
		t.Errorf("%v", found)
	}
	if _, err := os.Stat(filepath.Join(dir, "policy", "assessments", ".new.yaml")); err == nil {
		t.Error("the draft is there still")
	}
}

// TestLiaNewEnds: wherever the answers end, no assessment is written; what was answered is kept, for its owner alone,
// and asking goes on with the next question.
func TestLiaNewEnds(t *testing.T) {
	lines := strings.SplitAfter(answers, "\n")
	dir := ""
	for n := 0; n < len(lines)-1; n += 3 {
		var out string
		var code int
		dir, out, code = asked(t, dir, strings.Join(lines[:n], "")+"half a line")
		if code != usage || !strings.Contains(out, "the answers ended: no") {
			t.Fatalf("after %d lines: exit code %d\n%s", n, code, out)
		}
		draft := filepath.Join(dir, "policy", "assessments", ".new.yaml")
		info, err := os.Stat(draft)
		if kept := strings.Contains(out, draft); kept != (err == nil) || kept && info.Mode().Perm() != 0o600 {
			t.Fatalf("after %d lines: %v, %v\n%s", n, info, err, out)
		}
		entries, err := filepath.Glob(filepath.Join(dir, "policy", "assessments", "[^.]*.yaml"))
		if err != nil || len(entries) != 1 {
			t.Errorf("%v, %v", entries, err)
		}
		if info == nil {
			continue
		}
		rest := strings.Join(lines[n:], "")
		if strings.HasSuffix(strings.Join(lines[:n], ""), "One click objects to it.\n\n") {
			rest = "\n" + rest // that there is no other effect is asked once more
		}
		_, out, code = asked(t, dir, "yes\n"+rest)
		if code != fine || !strings.Contains(out, "There is a draft from") {
			t.Errorf("after %d lines it did not go on: exit code %d\n%s", n, code, out)
		}
		if err := os.Remove(filepath.Join(dir, "policy", "assessments", "LIA-2026-002.yaml")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLiaNewBeginsAnew: a draft that is not wanted is set aside, and not lost; `quit` ends.
func TestLiaNewBeginsAnew(t *testing.T) {
	dir, out, code := asked(t, "", "LIA-7\nCounting visits\nquit\n")
	if code != usage || !strings.Contains(out, "asking ended: no assessment was written; the answers are kept in") {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	_, out, _ = asked(t, dir, "\n")
	if !strings.Contains(out, "with 2 answers") || !strings.Contains(out, "version> ") ||
		strings.Contains(out, "title> ") {
		t.Errorf("it did not go on:\n%s", out)
	}
	_, out, _ = asked(t, dir, "new\nLIA-8\nquit\n")
	if !strings.Contains(out, "It is kept as") || !strings.Contains(out, "title> ") {
		t.Errorf("it did not begin anew:\n%s", out)
	}
	for name, want := range map[string]string{".new.yaml": "id: LIA-8", ".new.old.yaml": "title: Counting visits"} {
		text, err := fs.ReadFile(os.DirFS(dir), "policy/assessments/"+name)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	if _, err := config.Load(filepath.Join(dir, "tagwarden.yaml")); err != nil {
		t.Errorf("the policy does not load beside a draft: %v", err)
	}
}

// TestLiaNewAsksTheRest of what a file lacks.
func TestLiaNewAsksTheRest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "part.yaml")
	part := "id: LIA-7\ntitle: Counting visits\nversion: 1\npurposes: [audience-measurement]\n# the vendor\nrecipients: [matomo]\n"
	if err := os.WriteFile(file, []byte(part), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, out, code := asked(t, "", "web@shop.example\n", "--from", file)
	if code != usage || !strings.Contains(out, "owner> ") || !strings.Contains(out, "interest.what> ") ||
		strings.Contains(out, "title> ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "policy", "assessments", "LIA-7.yaml")); err == nil {
		t.Error("something was written")
	}
}
