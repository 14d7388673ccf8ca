package ledger_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestSummariesHoldPromises: which promises were signed last is in summaries, and those of before are read as none.
func TestSummariesHoldPromises(t *testing.T) {
	t.Parallel()
	of := basis.Promised{
		Version: 3, At: noon.Truncate(time.Second), By: "privacy+3f2a0c11",
		Promises: map[string]basis.Digest{"no-mail": {1}, "no-film": {2}},
	}
	var r ledger.Recovered
	if err := json.Unmarshal([]byte("{}"), &r); err != nil || r.Facts.Promised.Version != 0 {
		t.Fatalf("%+v, %v", r.Facts.Promised, err)
	}
	r.Promise(of)
	older := of
	older.Version, older.Promises = 2, nil
	r.Promise(older)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again ledger.Recovered
	if err := json.Unmarshal(text, &again); err != nil || !again.Knows(&of) {
		t.Errorf("%s is read as %+v, %v", text, again.Facts.Promised, err)
	}
}
