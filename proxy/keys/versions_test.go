package keys

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// ofVersion1 is a state as versions before wrote it, which had nothing that keys out of turn are made of.
func ofVersion1(t *testing.T, state pseudonym.State) []byte {
	t.Helper()
	line, _, _ := bytes.Cut(state.Append(nil), []byte{'\n'})
	before, rest, found := bytes.Cut(line, []byte(`,"rekeying":{`))
	_, after, ends := bytes.Cut(rest, []byte{'}'})
	if !found || !ends {
		t.Fatalf("the form has changed: %d bytes", len(line))
	}
	line = bytes.Replace(append(bytes.Clone(before), after...), []byte(`"version":2`), []byte(`"version":1`), 1)
	sum := sha256.Sum256(line)
	return fmt.Appendf(nil, "%s\n%x\n", line, sum)
}

// TestStateOfVersion1: a folder of a version before goes on with its keys, and gets what it lacks: of the root where
// that is there, and is the one, else random; once.
func TestStateOfVersion1(t *testing.T) {
	made := pseudonym.TestRoot.State(noon)
	for _, c := range []struct {
		what string
		root pseudonym.Root
		as   bool // it is what the root gives
	}{{"the root", pseudonym.TestRoot, true}, {"no root", pseudonym.Root{}, false},
		{"another root", pseudonym.Root{9}, false}} {
		dir := t.TempDir()
		path := filepath.Join(dir, StateFile)
		if err := (fileSystem{}).Write(path, ofVersion1(t, made)); err != nil {
			t.Fatal(err)
		}
		before, err := Read(dir)
		if err != nil || before.Rekeyable() {
			t.Fatalf("%s: %v", c.what, err)
		}
		s, err := Open(Options{Dir: dir, Root: c.root, Now: at(noon), Rand: ones{}})
		if err != nil || s.State() != before {
			t.Fatalf("%s: %v", c.what, err)
		}
		if err := s.BeginRekeying(); err != nil {
			t.Fatal(err)
		}
		state := s.State()
		if !state.Rekeyable() || state.Identity() != made.Identity() || state.LedgerSubjectKey() != made.LedgerSubjectKey() ||
			state.Chains() != made.Chains() || (state == made) != c.as || s.Origin != Found {
			t.Errorf("%s: other keys", c.what)
		}
		again, err := Open(Options{Dir: dir, Now: at(noon)})
		if err != nil || again.State() != state {
			t.Errorf("%s, started again: %v", c.what, err)
		}
	}
}

// TestSharedStateThatIsLost: a node whose ledger subject key was replaced does not
// make another one than the others have.
func TestSharedStateThatIsLost(t *testing.T) {
	for _, shredded := range []bool{false, true} {
		_, err := Open(Options{
			Dir: t.TempDir(), Root: pseudonym.TestRoot, Now: at(noon), Shared: true,
			Recover: func() (Recovered, error) { return Recovered{Known: true, Shredded: shredded}, nil },
		})
		if errors.Is(err, ErrShreddedElsewhere) != shredded || (err == nil) == shredded {
			t.Errorf("shredded %v: %v", shredded, err)
		}
	}
}
