package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFaults is the short run: two nodes, of which one is killed and one cut off, and the servers' leader killed. `make
// faults` has everything happen, and for longer.
func TestFaults(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	o := options{
		tagwarden: filepath.Join(dir, "tagwarden"), nats: filepath.Join(dir, "nats-server"), nodes: 2, short: true,
		stale: time.Second, every: 300 * time.Millisecond, seed: 1, results: "-", out: &out,
	}
	for program, of := range map[string]string{
		o.tagwarden: "github.com/tagwarden/tagwarden/cmd/tagwarden", o.nats: "github.com/nats-io/nats-server/v2",
	} {
		build := exec.CommandContext(t.Context(), "go", "build", "-tags", "faults", "-o", program, of)
		if said, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	for _, o.queue = range []bool{false, true} {
		out.Reset()
		bad, err := faults(t.Context(), &o)
		if t.Log(out.String()); err != nil || bad {
			t.Errorf("%v", err)
		}
	}
}

// TestBooks: what came to the vendor is held against what was acknowledged, and what is lost or late is found.
func TestBooks(t *testing.T) {
	const s = time.Second
	for name, test := range map[string]struct {
		node   int           // that was asked
		untold bool          // what it answered
		cuts   []span        // of node 1
		came   time.Duration // through node 1; acknowledged: 10 s
		late   bool
	}{
		"before":                             {came: 9 * s},
		"within a second":                    {came: 11 * s},
		"later":                              {came: 11*s + 2*slack, late: true},
		"at the node that was asked":         {node: 1, came: 10*s + 2*slack, late: true},
		"at the node that was asked, untold": {node: 1, untold: true, came: 11 * s, late: true},
		"the others do not know yet":         {untold: true, came: 20 * s},
		"cut off":                            {cuts: []span{{from: 9 * s}}, came: 15 * s},
		"cut off for too long":               {cuts: []span{{from: 9 * s}}, came: 15*s + 2*slack, late: true},
		"cut off, and joined again":          {cuts: []span{{9 * s, 12 * s}}, came: 13 * s},
		"cut off, and joined for too long":   {cuts: []span{{9 * s, 12 * s}}, came: 13*s + 2*slack, late: true},
		"was cut off before":                 {cuts: []span{{1 * s, 2 * s}}, came: 12 * s, late: true},
		"cut off within the second":          {cuts: []span{{from: 10*s + s/2}}, came: 14 * s},
	} {
		b := newBooks(2)
		b.acts = []*act{{visitor: 7, node: test.node, phase: "p", sent: 9 * s, acked: 10 * s, untold: test.untold}}
		b.hits = []hit{{visitor: 7, node: 1, came: test.came}, {visitor: 8, node: 1, came: 30 * s},
			{visitor: 7, node: 0, came: s}}
		b.cuts[1] = test.cuts
		phases, by, late := b.check(5 * s)
		if len(late) > 0 != test.late {
			t.Errorf("%s: %q", name, late)
		}
		if e := by["p"]; !slices.Equal(phases, []string{"p"}) || e.told+e.untold != 1 || len(e.own) != 1 {
			t.Errorf("%s: %+v", name, by["p"])
		}
	}
}

func TestPartsAreReplaced(t *testing.T) {
	name := filepath.Join(t.TempDir(), "RESULTS.md")
	for _, before := range []string{"", "# A\n\na\n", "# A\n\na\n\n" + title + "\n\nold\n\n# B\n\nb\n"} {
		if err := os.WriteFile(name, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := writeDown(name, title, title+"\n\nnew\n\n"); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, other := range []string{"# A\n\na\n", "# B\n\nb\n"} {
			if strings.Contains(before, other) != strings.Contains(text, other) {
				t.Errorf("%q: %q", before, text)
			}
		}
		if strings.Count(text, title) != 1 || !strings.Contains(text, "new\n") || strings.Contains(text, "old") {
			t.Errorf("%q: %q", before, text)
		}
	}
}
