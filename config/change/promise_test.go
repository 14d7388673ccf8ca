package change

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestPromiseChanges: a promise that is gone or reads otherwise widens, and what a change breaks is said.
func TestPromiseChanges(t *testing.T) {
	t.Parallel()
	with := func(promises string, changes ...string) *config.Loaded {
		t.Helper()
		files := sample.Files(t, changes...)
		delete(files, "policy/promises.yaml")
		if promises != "" {
			files["policy/promises.yaml"] = []byte("promises:\n" + promises)
		}
		loaded, err := config.Examine(config.SourceOf(files), basis.Past{})
		if err != nil {
			t.Fatal(err)
		}
		return loaded
	}
	const (
		plain  = "  - { id: p, says: No recordings, never: { class: recording } }\n"
		except = "  - { id: p, says: No recordings, never: { class: recording, unless: { basis: consent } } }\n"
		public = "  - { id: p, says: No recordings, never: { class: recording }, publish: true }\n"
		other  = "  - { id: p, says: No film, never: { class: recording } }\n"
		more   = plain + "  - { id: q, says: No names, never: { class: person_name } }\n"
	)
	for _, of := range []struct {
		old, changed *config.Loaded
		want         []string
	}{
		{with(plain), with(plain), nil},
		{with(""), with(plain), []string{"promise p: new: No recordings: narrower"}},
		{with(plain), with(""), []string{"promise p: removed: No recordings: WIDER"}},
		{with(plain), with(except), []string{"promise p: what never happens reads otherwise: WIDER"}},
		{with(except), with(plain),
			[]string{"promise p: what never happens reads otherwise: its exception is gone: narrower"}},
		{with(plain), with(other), []string{"promise p: says No film instead of No recordings\n"}},
		{with(plain), with(public), []string{"promise p: publish true instead of false\n"}},
		{with(more), with(plain), []string{"promise q: removed: No names: WIDER"}},
		{with(plain), with("", "profiles:\n", "profiles:\n"), []string{"promise p: removed"}},
	} {
		var text strings.Builder
		for _, change := range Between(of.old, of.changed, sample.Day) {
			text.WriteString(change.String() + "\n")
		}
		for _, want := range of.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("got\n%swant %s", &text, want)
			}
		}
		if of.want == nil && text.Len() > 0 {
			t.Errorf("nothing is different, got\n%s", &text)
		}
	}
	url := "  - { id: p, says: No addresses, never: { class: email } }\n"
	broken := Between(with(url), with("", "    classes:\n      event_name: keep\n",
		"    classes:\n      email: { hash: sha256 }\n      event_name: keep\n"), sample.Day)
	found := false
	for _, change := range broken {
		found = found || change.Effect == Wider && strings.Contains(change.What,
			"the new policy breaks it as it was: activity ")
	}
	if !found {
		t.Errorf("what a change breaks is not said: %v", broken)
	}
}

// TestUnsignedPromisesWiden: that nobody signs any more what an approver signed is said.
func TestUnsignedPromisesWiden(t *testing.T) {
	t.Parallel()
	loaded, err := config.Compile(config.SourceOf(sample.Files(t)), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	signed, stale, unsigned := *loaded, *loaded, *loaded
	signed.Approval = basis.Promised{Version: 1, By: "privacy+3f2a0c11"}
	signed.Promised, stale.Approval = signed.Approval, signed.Approval
	for _, of := range []struct {
		old, changed *config.Loaded
		want         string
	}{
		{&signed, &signed, ""},
		{&unsigned, &signed, ""},
		{&unsigned, &unsigned, ""},
		{&signed, &unsigned, "promises: no approver signs them any more: privacy+3f2a0c11 did: WIDER"},
		{&signed, &stale, "promises: they are not what privacy+3f2a0c11 signed, and do not load until they are signed anew"},
	} {
		var text strings.Builder
		for _, change := range Between(of.old, of.changed, sample.Day) {
			text.WriteString(change.String() + "\n")
		}
		if got := text.String(); (of.want == "") != (got == "") || !strings.Contains(got, of.want) {
			t.Errorf("got\n%swant %s", got, of.want)
		}
	}
}
