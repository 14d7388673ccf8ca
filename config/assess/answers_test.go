package assess

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/internal/sample"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestQuestionsCoverTheDocument: each key of an assessment is asked for, but the
// approval and what is taken from a file alone.
func TestQuestionsCoverTheDocument(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{"approval": true, "decided": true}
	for _, q := range Questions() {
		asked[q.Key] = true
		if q.Ask == "" || q.Good == "" {
			t.Errorf("%s: no question, or no word on what a good answer holds", q.Key)
		}
	}
	for _, f := range meaningOf(&basis.Assessment{Data: map[string]string{}}, basis.Surroundings{}) {
		if !asked[f.what] && !asked[strings.SplitN(f.what, ".", 2)[0]] {
			t.Errorf("%s is not asked for", f.what)
		}
	}
	if !asked["data"] || !asked["retention"] {
		t.Error("data or retention are not asked for")
	}
}

// FuzzAnswer: whatever is typed or given as a file, what is taken can be written and read again.
func FuzzAnswer(f *testing.F) {
	loaded, err := sample.Compiled(base(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(4), "measure")
	f.Add(uint8(19), "url: url, event_name: keep")
	f.Add(uint8(6), "a: b\n- c # d")
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		q := questions[int(which)%len(questions)]
		a := new(Answers)
		if a.Answer(q, text, loaded) != nil {
			return
		}
		if _, err := ReadAnswers("answers", a.text()); err != nil {
			t.Errorf("%q to %s: %v", text, q.Key, err)
		}
	})
}

// TestAnybodysInterest: an interest that fits everything is refused when it is answered, in whichever language,
// and not only once the whole document is checked.
func TestAnybodysInterest(t *testing.T) {
	t.Parallel()
	loaded, err := sample.Compiled(base(t))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(Questions(), func(q Question) bool { return q.Key == "interest.what" })
	for text, want := range map[string]bool{
		"improve our services and products": false, "we want to improve our services": false,
		"Wir möchten unser Angebot verbessern": false, "Nous voulons améliorer nos services": false,
		"Find the pages on which visits end because something fails": true,
	} {
		err := new(Answers).Answer(Questions()[at], text, loaded)
		if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "anybody's interest") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
