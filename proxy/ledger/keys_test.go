package ledger_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// TestRecoverKeys: what is remembered of keys stands in members of its records. Those that were written before there
// were any are read by their sentence, and by nothing else of their text.
func TestRecoverKeys(t *testing.T) {
	t.Parallel()
	const before, typed = "7ef0c3a1b2c4d5e6", "0123456789abcdef"
	for what, c := range map[string]struct {
		records []string // what follows the record's kind
		want    ledger.RecoveredKeys
	}{
		"nothing": {nil, ledger.RecoveredKeys{Known: true}},
		"a sentence": {
			[]string{`"text":"made of the root secret; identity ` + before + `, day 20785"`},
			ledger.RecoveredKeys{Known: true, Identity: before},
		},
		"one that says that a key was shredded": {
			[]string{`"text":"found; identity ` + before + `, day 20785, ledger subjects shredded"`},
			ledger.RecoveredKeys{Known: true, Identity: before, Shredded: true},
		},
		"a rotation, and the next start": {
			[]string{`"text":"rotated: week; ledger subjects shredded"`, `"text":"found; identity ` + before + `, day 20786"`},
			ledger.RecoveredKeys{Known: true, Identity: before, Shredded: true},
		},
		"members": {
			[]string{`"text":"found","identity":"` + typed + `","day":20785`},
			ledger.RecoveredKeys{Known: true, Identity: typed},
		},
		"members, and a text that says something else": {
			[]string{`"text":"identity ` + before + `, ledger subjects shredded","identity":"` + typed + `","day":20785`},
			ledger.RecoveredKeys{Known: true, Identity: typed},
		},
		"shredded once": {
			[]string{
				`"text":"rotated: day","identity":"` + typed + `","day":20785,"shredded":true`,
				`"text":"found","identity":"` + typed + `","day":20785`,
			},
			ledger.RecoveredKeys{Known: true, Identity: typed, Shredded: true},
		},
		"a sentence, then members": {
			[]string{
				`"text":"found; identity ` + before + `, day 20785, ledger subjects shredded"`,
				`"text":"as before","identity":"` + before + `","day":20786,"shredded":true`,
			},
			ledger.RecoveredKeys{Known: true, Identity: before, Shredded: true},
		},
	} {
		lines := []string{`{"kind":"start","node":"a","text":"identity none, ledger subjects shredded"}`}
		for _, members := range c.records {
			lines = append(lines, `{"kind":"key","node":"a",`+members+`}`)
		}
		dir := t.TempDir()
		text := []byte(strings.Join(lines, "\n") + "\n")
		if err := os.WriteFile(filepath.Join(dir, "20260504T120000.000000000Z-000.jsonl"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ledger.RecoverKeys(dir); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", what, got, err, c.want)
		}
	}
}

// TestRecoverKeysThatWereRecorded: what is put on a ledger is what is read from it; without one nothing is.
func TestRecoverKeysThatWereRecorded(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	if got, err := ledger.RecoverKeys(dir); err != nil || got.Known {
		t.Errorf("no ledger: %+v, %v", got, err)
	}
	l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now}, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		l.Keys(ledger.Keys{Text: "found", Identity: "7ef0c3a1b2c4d5e6", Day: 20785, Shredded: true}),
		l.Keys(ledger.Keys{Text: "advanced: day 20786", Identity: "7ef0c3a1b2c4d5e6", Day: 20786}),
		l.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := ledger.RecoveredKeys{Known: true, Identity: "7ef0c3a1b2c4d5e6", Shredded: true}
	if got, err := ledger.RecoverKeys(dir); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "9990000000000000.jsonl"), []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.RecoverKeys(dir); err == nil {
		t.Error("a ledger that cannot be read remembers everything")
	}
}
