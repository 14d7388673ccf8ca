package notice

import (
	"slices"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
)

// TestAccessSaysWhatTheNoticeSays: who asks for access is told the same of each activity, in the same words.
func TestAccessSaysWhatTheNoticeSays(t *testing.T) {
	t.Parallel()
	for _, name := range append(config.Examples(), "") {
		loaded := sample.Preset(t, name)
		for _, lang := range Languages() {
			n, _ := noticeOf(t, loaded, "", lang)
			at, err := time.Parse(time.DateOnly, n.At)
			if err != nil {
				t.Fatal(err)
			}
			a, err := NewAccess(loaded, lang, at)
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Activities) != len(loaded.Policy.Activities()) || a.Contact != n.Controller.Contact ||
				!slices.Contains(a.Responsible, Named{n.words.Texts["contact"], n.Controller.Contact}) {
				t.Errorf("%s, %s: %+v", name, lang, a)
			}
			for i := range n.Activities {
				of := &n.Activities[i]
				told := a.Activities[of.ID]
				transfer := n.words.Texts["no_transfer"]
				if of.Transfer != nil {
					transfer = of.Transfer.In + "; " + of.Transfer.Safeguard
				}
				if told.Kept != of.Retention || told.Transfer != transfer {
					t.Errorf("%s, %s, %s: %+v, and the notice says %q, %q", name, lang, of.ID, told, of.Retention, transfer)
				}
				if r := a.Recipients[of.Recipient.ID]; r.Legal == "" || r.Name != of.Recipient.Name ||
					r.RoleName != of.Recipient.RoleName {
					t.Errorf("%s, %s, %s: %+v, and the notice says %+v", name, lang, of.ID, r, of.Recipient)
				}
			}
			for _, right := range n.Rights {
				if !slices.Contains(a.Rights, right) {
					t.Errorf("%s, %s: it does not say %q", name, lang, right)
				}
			}
			if objecting := len(n.Objections()) > 0; objecting != slices.Contains(a.Rights, n.words.Texts["object_intro"]) {
				t.Errorf("%s, %s: of the right to object it says %q", name, lang, a.Rights)
			}
			if len(a.Complaint) != 1+len(n.Authorities)+len(n.Laws) || a.Complaint[0] != n.Complaint {
				t.Errorf("%s, %s: %q", name, lang, a.Complaint)
			}
		}
	}
}
