package main

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/api"
)

// checkFolder opens copies of a folder and holds them against its note.
func checkFolder(t *testing.T, from string) {
	t.Run("stopped", func(t *testing.T) { openFolder(t, from).checkStopped() })
	t.Run("served", func(t *testing.T) { openFolder(t, from).checkServed() })
	t.Run("taken back", func(t *testing.T) { openFolder(t, from).checkTakenBack() })
	t.Run("revoked for good", func(t *testing.T) { openFolder(t, from).checkRevoked() })
}

// checkStopped: what the commands say where no server runs.
func (o *opened) checkStopped() {
	o.checkLedger()
	o.checkKeys()
	o.checkStanding()
	o.checkTokensListed()
	o.checkExport()
}

// checkServed: a server begins with it and goes on.
func (o *opened) checkServed() {
	crm := o.receivers()
	s := serveFolder(o.t, o.file(), func() time.Time { return o.clock })
	defer s.stop()
	if status, text := s.ask(s.admin, "GET", "/readyz", ""); status != http.StatusOK {
		o.t.Errorf("it is not ready: %d %s", status, text)
	}
	o.checkStanding()
	o.checkTokensListed()
	o.checkExport()
	for i := range o.Hits {
		h := &o.Hits[i]
		got := s.hit(h)
		if (got != "") != h.Leaves || !strings.Contains(got, h.Holds) {
			o.t.Errorf("%s: the vendor got %q", h.Why, got)
		}
	}
	_, text := s.ask(s.admin, "GET", "/api/v1/assessments", "")
	o.checkAssessments(text)
	for _, one := range o.Tokens {
		if status, _ := s.ask(s.admin, "GET", "/api/v1/objections", "", "Authorization: Bearer "+
			one.Token); status != one.Status {
			o.t.Errorf("token %s: status %d, want %d", one.Name, status, one.Status)
		}
	}
	for name, n := range o.Waiting {
		for range n {
			select {
			case <-crm[name]:
			case <-time.After(10 * time.Second):
				o.t.Fatalf("%s: not every message that waited was sent", name)
			}
		}
	}
	if text := o.command("logs", "tail"); !strings.Contains(text, "\n") {
		o.t.Errorf("the log has no end: %q", text)
	}
}

// checkRevoked: a revocation holds though the policy folder does not say it any more.
func (o *opened) checkRevoked() {
	if err := os.Remove(filepath.Join(o.dir, "policy", "revocations.yaml")); err != nil {
		o.t.Fatal(err)
	}
	s := serveFolder(o.t, o.file(), func() time.Time { return o.clock })
	defer s.stop()
	_, text := s.ask(s.admin, "GET", "/api/v1/assessments", "")
	o.checkAssessments(text)
}

// checkTakenBack: everybody's objection, by whatever way it came, is found and can be taken back by a role; whoever did
// not take back is objected for still.
func (o *opened) checkTakenBack() {
	s := serveFolder(o.t, o.file(), func() time.Time { return o.clock })
	defer s.stop()
	for i := range o.People {
		p := &o.People[i]
		if i%2 > 0 || len(p.InForce) == 0 {
			continue
		}
		var got api.Receipt
		o.asJSON(&got, "objections", "withdraw", "--id", p.ID, "--all", "--because", "asked")
		if len(got.Acts) == 1 && got.Acts[0].Kind == "browser" { // in a folder of a version that tells acts apart
			o.asJSON(&got, "objections", "withdraw", "--id", p.ID, "--all", "--because", "asked", "--every-act")
		}
		if !got.New || len(got.InForce) > 0 {
			o.t.Errorf("%s: %+v", p.ID, got)
		}
		p.InForce = nil
	}
	o.checkStanding()
}

// receivers starts a stand-in for each webhook, and returns what each is told.
func (o *opened) receivers() map[string]chan string {
	told := map[string]chan string{}
	for name := range o.Waiting {
		told[name] = make(chan string, 1000)
	}
	there := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		text, _ := io.ReadAll(q.Body)
		if to := told[strings.TrimPrefix(q.URL.Path, "/")]; to != nil {
			to <- string(text)
		}
	}))
	o.t.Cleanup(there.Close)
	o.edit("tagwarden.yaml", "http://127.0.0.1:1/", there.URL+"/")
	return told
}

// checkStanding: everything that was objected to is in force, and nothing else is.
func (o *opened) checkStanding() {
	o.t.Helper()
	var asked []string
	for _, one := range o.People {
		asked = append(asked, one.ID)
	}
	var got api.Standings
	o.asJSON(&got, append([]string{"objections", "check"}, asked...)...)
	if len(got.Subjects) != len(o.People) || len(got.Subjects) == 0 {
		o.t.Fatalf("%d of %d are answered for", len(got.Subjects), len(o.People))
	}
	for i, one := range o.People {
		if !slices.Equal(got.Subjects[i].InForce, one.InForce) {
			o.t.Errorf("%s: %v stands, want %v", one.ID, got.Subjects[i].InForce, one.InForce)
		}
	}
}

func (o *opened) checkAssessments(text string) {
	o.t.Helper()
	states := map[string]string{}
	for _, one := range gjson.Parse(text).Array() {
		states[one.Get("id").Str] = one.Get("state").Str
	}
	if !maps.Equal(states, o.Assessments) {
		o.t.Errorf("assessments stand at %v, want %v", states, o.Assessments)
	}
}

// checkLedger: every record is there. A copy is read, for of the folder itself it is recorded that it is.
func (o *opened) checkLedger() {
	o.t.Helper()
	copied := filepath.Join(o.t.TempDir(), "ledger")
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(o.dir, "data", "ledger"))); err != nil {
		o.t.Fatal(err)
	}
	for kind, n := range o.Records {
		text := o.command("logs", "search", "--dir", copied, "--where", "kind="+kind, "--format", "json")
		if strings.Count(text, "\n") != n {
			o.t.Errorf("%d records of the kind %s, want %d", strings.Count(text, "\n"), kind, n)
		}
	}
	for line := range strings.Lines(o.command("logs", "search", "--dir", copied, "--format", "json")) {
		if kind := gjson.Get(line, "kind").Str; o.Records[kind] == 0 {
			o.t.Errorf("a record of the kind %q is in no count", kind)
		}
	}
}

// checkKeys: the keys are those that it was left with.
func (o *opened) checkKeys() {
	o.t.Helper()
	var got listed
	o.asJSON(&got, "keys", "list")
	chains := map[string]folderChain{}
	for _, one := range got.Chains {
		chains[one.Chain] = folderChain{one.Period, one.Rotated}
	}
	if got.Identity != o.Identity || !maps.Equal(chains, o.Chains) {
		o.t.Errorf("keys %s at %v, want %s at %v", got.Identity, chains, o.Identity, o.Chains)
	}
}

func (o *opened) checkTokensListed() {
	o.t.Helper()
	var got api.TokenList
	o.asJSON(&got, "token", "list")
	var names, want []string
	for _, one := range got.Tokens {
		names = append(names, one.Name)
	}
	for _, one := range o.Tokens {
		if one.Status != http.StatusUnauthorized {
			want = append(want, one.Name)
		}
	}
	if slices.Sort(want); !slices.Equal(names, want) {
		o.t.Errorf("the tokens are %v, want %v", names, want)
	}
}

// checkExport: the counts and the suppression list are those of the note.
func (o *opened) checkExport() {
	o.t.Helper()
	var got api.Stats
	o.asJSON(&got, "objections", "stats", "--days", "30")
	if got.Changes != o.Changes || got.Total.Objections == 0 || got.Total.Restrictions == 0 ||
		got.Total.Withdrawals == 0 || got.Total.Complaints == 0 {
		o.t.Errorf("counted: %+v, want %d changes", got, o.Changes)
	}
	if list := o.command("objections", "export"); strings.Count(list, "\n") < len(o.People) ||
		!strings.HasPrefix(list, "space,hash,in_force") {
		o.t.Errorf("exported:\n%s", list)
	}
}
