package webhook

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// postNotice puts a notice on the shelf.
func (s *shelf) postNotice(t *testing.T, id uint64, r *Receiver, key, data string) {
	t.Helper()
	act := &Act{Type: AssessmentDue, Time: s.now(), Key: key, Notice: []byte(data)}
	if !r.Wants(act) {
		t.Fatal("it does not want to know")
	}
	body, err := r.Message(act, &testKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, Waiting{ID: id, To: r.Name(), Body: body, Since: s.now()})
}

// TestNotices: one is told with its type, its time and its data alone, whatever scopes the receiver wants to know of;
// tried again under the same id until it is taken, and then no more.
func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := NewReceiver(ReceiverOptions{
			Name: "tickets", URL: "https://tickets.example/x", Events: []string{AssessmentDue}, Scopes: []string{"audience"},
			SecretFile: secretFile(t, strings.Repeat("k", leastSecret)),
		})
		if err != nil {
			t.Fatal(err)
		}
		statuses := []int{http.StatusServiceUnavailable, 0, http.StatusNoContent, http.StatusNoContent, http.StatusGone}
		s := &shelf{now: time.Now}
		f := &far{}
		f.answer = func(string, string) (int, string) { return statuses[len(f.got)-1], "" }
		at := time.Now().UTC().Format(time.RFC3339)
		s.postNotice(t, 1, r, "LIA-1 2027-05-04 30", `{"days_left":30}`)
		o := deliver(t, s, f, nil, r)
		<-time.After(time.Minute)
		synctest.Wait()
		want := []string{"tickets failed", "tickets down", "tickets told after 2s"}
		if got := o.events(); s.left() != 0 || !slices.Equal(got, want) {
			t.Errorf("%q, %d left", got, s.left())
		}
		body := `tickets.example {"type":"assessment_due","timestamp":"` + at + `","data":{"days_left":30}}`
		for i, got := range f.got {
			if got != body || f.ids[i] != f.ids[0] || !strings.HasPrefix(f.ids[0], "msg_") {
				t.Errorf("attempt %d: %s %s", i, f.ids[i], got)
			}
		}
	})
}

// TestNoticesAreNamedByWhatTheyAreAbout: whoever is sent one a second time, be it out of an older copy of the store,
// knows it.
func TestNoticesAreNamedByWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	one := Act{Type: AssessmentDue, Key: "LIA-1 2027-05-04 30", Notice: json.RawMessage("{}")}
	other := one
	other.Key = "LIA-1 2027-05-04 14"
	if id := idOf(&one, []byte("a")); id != idOf(&one, []byte("b")) || id == idOf(&other, []byte("a")) {
		t.Error("the id is not that of what it is about")
	}
	if act := (&Act{Type: Objection}); idOf(act, []byte("a")) == idOf(act, []byte("b")) {
		t.Error("two acts have one id")
	}
}

// TestActsOfOnePersonAreKnown: they share an identifier, or a hash of one, which the end of a decision
// has alone; notices what they are about.
func TestActsOfOnePersonAreKnown(t *testing.T) {
	t.Parallel()
	jane := Act{IDs: map[string][]string{"email": {" Jane@example.com"}},
		Hashes: map[string][]string{"email_sha256": {"ab"}}}
	thirty := Act{Notice: json.RawMessage("{}"), Key: "LIA-1 2027-05-04 30"}
	for what, c := range map[string]struct {
		a, b Act
		same bool
	}{
		"the same address":        {jane, Act{IDs: map[string][]string{"email": {"x", "JANE@example.com"}}}, true},
		"another one":             {jane, Act{IDs: map[string][]string{"email": {"joe@example.com"}}}, false},
		"a hash alone":            {jane, Act{Hashes: map[string][]string{"email_sha256": {"cd", "ab"}}}, true},
		"a hash of another kind":  {jane, Act{Hashes: map[string][]string{"phone_sha256": {"ab"}}}, false},
		"an identifier like it":   {jane, Act{IDs: map[string][]string{"user_id": {"jane@example.com"}}}, false},
		"a step of one review":    {thirty, Act{Notice: thirty.Notice, Key: "LIA-1 2027-05-04 14"}, true},
		"a step of another":       {thirty, Act{Notice: thirty.Notice, Key: "LIA-2 2027-05-04 30"}, false},
		"a notice, and a person":  {thirty, jane, false},
		"a review that was moved": {thirty, Act{Notice: thirty.Notice, Key: "LIA-1 2027-06-04 30"}, false},
	} {
		others := c.b.people()
		if slices.ContainsFunc(c.a.people(), func(who string) bool { return slices.Contains(others, who) }) != c.same {
			t.Errorf("%s: %q and %q", what, c.a.people(), others)
		}
	}
}
