package recompute

import (
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// FuzzRecord: whatever stands in a record, it is read without a panic, and what is put together of it holds.
func FuzzRecord(f *testing.F) {
	for _, file := range []string{"../testdata/kinds.jsonl", "../testdata/records.jsonl"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f.Add([]byte(strings.TrimSpace(line)))
		}
	}
	for _, line := range []string{
		`{"time":"2026-05-04T12:00:00Z","kind":"event","hit":1,"event":0,"site":"shop","vendor":"ga4","name":"x","decision":"permit",` +
			`"reason":"permitted","activity":"counting","basis":"consent","rungs":"0123456789abcdef","consent_at":"2026-05-04T11:00:00Z",` +
			`"dates":["","2026-05-04T11:00:00Z"],"objections":["all"],"decided":7,"form":2,"subjects":["00112233445566778899aabbccddeeff"],"queued":true}`,
		`{"time":"2026-05-04T12:00:00Z","kind":"rungs","rungs":"0123456789abcdef","policy":"fedc","site":"shop","vendor":"ga4","endpoint":` +
			`"collect","ladder":[{"activity":"counting","when":true,"decision":"permit","reason":"permitted"}],"signals":[{"source":"tcf",` +
			`"state":"valid","tcf":{"policy":5,"consent":{"ok":[1,2]},"interest":{"no_purpose_li_or_objected":[3]}}},{"source":"gpp","state":"valid","opted_out":[]}]}`,
		`{"time":"2026-05-04T12:00:00Z","kind":"outcome","hit":1,"events":[0,1],"outcome":"delivered"}`,
		`{"time":"2026-05-04T12:00:00Z","kind":"outcome","of":[[1,0,1],[2,0]],"outcome":"delivered"}`,
		`{"time":"2026-05-04T12:00:00Z","kind":"attempt","vendor":"ga4","of":[[1,0,1],[2,0]]}`,
		`{"time":"2026-05-04T12:00:00Z","kind":"withdrawal","seq":5,"last_seq":6,"scopes":["all"],"act":"link","stands":["ads"],"subjects":["00112233445566778899aabbccddeeff"]}`,
		`{"time":"2026-05-04T12:00:00Z","kind":"retention","first":0,"end":2}`,
		`{"time":"2026-05-04T12:00:00Z","kind":"shape","shape":"5b1e","kept":["en"],"changed":[],"dropped":["dl"],"part":1,"parts":2}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		o := Options{Dir: t.TempDir(), Compile: func(string) (*rules.Policy, error) { return nil, ledger.ErrClosed }}
		w := newWalk(o)
		for n := range uint64(3) {
			w.record(n, record)
		}
		for subject, first := range w.objected.first {
			seen := 0
			for at := first; at != 0; at = w.objected.entries[at-1].next {
				if seen++; seen > len(w.objected.entries) {
					t.Fatalf("what stands for %x goes round", subject)
				}
			}
		}
		if err := w.finish(); err != nil {
			t.Fatal(err)
		}
		if w.report.Records != 3 || w.report.Events.Permitted+w.report.Events.Denied > 3 {
			t.Errorf("%+v", w.report.Events)
		}
	})
}
