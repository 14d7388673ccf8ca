package config

import (
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// FuzzPromises: whatever stands in promises.yaml, it is read or refused, each fault says where; what is read is proved,
// and means the same when it is read again.
func FuzzPromises(f *testing.F) {
	f.Add(documentedPromises(f))
	cases, err := filepath.Glob("testdata/faults/promises*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range cases {
		_, files := archive(f, name)
		if text, there := files["policy/promises.yaml"]; there {
			f.Add(text)
		}
	}
	for _, text := range []string{
		"", "promises: []", "promises: {}", "promises: [{}]", "promises: [{ id: a, says: b, never: {} }]", "approval: x",
		"promises: [{ id: a, says: { en: b, de: c }, never: { class: ip, looser_than: { truncate: { v4: 24, v6: 48 } } } }]",
		"promises: [{ id: a, says: b, never: { class: [email, email], unless: { basis: consent } } }]",
		"promises: [{ id: a, says: b, never: { country: outside-US, region: EU, event: \"a*b\" } }, { id: a, says: b, never: { class: ip } }]",
		"promises: [{ id: a, says: b, never: &x { class: ip, unless: *x } }]",
		"promises: [{ id: a, says: b, never: { field: header, vendor: ga5 } }]",
		"promises: [{ id: a, says: b, never: { class: ip, looser_than: hash: sha256 } }]", "\xff",
		"promises: [{ id: a, never: { looser_than: 7 } }]",
	} {
		f.Add([]byte(text))
	}
	base := base(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		files := maps.Clone(base)
		files["policy/promises.yaml"] = text
		loaded, err := Examine(SourceOf(files), basis.Past{})
		if err != nil {
			faults, ok := errors.AsType[strict.Faults](err)
			if !ok || len(faults) == 0 {
				t.Fatalf("no faults: %v", err)
			}
			for _, fault := range faults {
				if fault.File == "" || fault.Msg == "" {
					t.Errorf("a fault without a place or a word: %+v", fault)
				}
			}
			return
		}
		if len(loaded.Proofs) != len(loaded.Promises) {
			t.Fatalf("%d proofs of %d promises", len(loaded.Proofs), len(loaded.Promises))
		}
		again, err := Examine(SourceOf(files), basis.Past{})
		if err != nil {
			t.Fatal(err)
		}
		was, is := StatedIn(loaded), StatedIn(again)
		for i := range was {
			if was[i].Same != is[i].Same || was[i].Signed != is[i].Signed || loaded.Proofs[i].State != again.Proofs[i].State {
				t.Errorf("promise %s is another when it is read again", was[i].ID)
			}
		}
	})
}
