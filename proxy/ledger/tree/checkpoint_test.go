package tree

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

const origin = "shop.example/tagwarden"

// signerOf is a signer whose seed is one byte.
func signerOf(t testing.TB, name string, seed byte) (*Signer, note.Verifier) {
	t.Helper()
	s, err := NewSigner(name, [32]byte{seed})
	if err != nil {
		t.Fatal(err)
	}
	v, err := ParseKey(s.Public() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

// sign signs a tree, and has witnesses sign as well.
func sign(t testing.TB, s *Signer, tree tlog.Tree, witnesses ...*Signer) []byte {
	t.Helper()
	msg, err := s.Sign(tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range witnesses {
		text, _, _ := strings.Cut(string(msg), "\n\n")
		other, err := note.Sign(&note.Note{Text: text + "\n"}, w.signer)
		if err != nil {
			t.Fatal(err)
		}
		_, signature, _ := strings.Cut(string(other), "\n\n")
		msg = append(msg, signature...)
	}
	return msg
}

// TestCheckpointVector: key, hash and signature are the same in every version, from the published root on. The key was
// made once more by HKDF in another language.
func TestCheckpointVector(t *testing.T) {
	t.Parallel()
	state := pseudonym.TestRoot.State(time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC))
	seed := state.CheckpointKey(origin)
	if got := hex.EncodeToString(seed[:]); got != "d16631fa6b0df0cf3ab04e20dee54e7b6b86d3744e86452f3d080aef28ffda8e" {
		t.Errorf("the seed is %s", got)
	}
	if other := state.CheckpointKey(origin + "/2"); other == seed || seed == state.SubjectKey() {
		t.Error("two origins have one key")
	}
	s, err := NewSigner(origin, seed)
	if err != nil {
		t.Fatal(err)
	}
	e := new(Edge)
	e.Append(AppendEntries(nil, lines(0, 12)), nil)
	got := s.Public() + "\n\n" + string(sign(t, s, e.Tree()))
	golden := filepath.Join("testdata", "checkpoint.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || got != string(want) {
		t.Errorf("%v: it was not so before:\n%s", err, got)
	}
	for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
		if printed := fmt.Sprintf(verb, s); printed != "signer of "+s.Public() {
			t.Errorf("%s prints %q", verb, printed)
		}
	}
}

// TestOrigins: what can name a log.
func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, right := range []string{"shop.example", origin, origin + "/2", "münchen.example/a", DefaultOrigin("h")} {
		if err := CheckOrigin(right); err != nil {
			t.Errorf("%q: %v", right, err)
		}
	}
	for _, wrong := range []string{"", " ", "a b", "a+b", "a\nb", "a\tb", "a\u00a0b", "https://shop.example",
		"shop.example/", "/a", "a\x00", "\xff", strings.Repeat("a", 256)} {
		if _, err := NewSigner(wrong, [32]byte{}); !errors.Is(err, ErrOrigin) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for _, wrong := range []string{"", "a", "a+b+c", origin + "+00000000+AAAA"} {
		if _, err := ParseKey(wrong); !errors.Is(err, ErrKey) || err.Error() != ErrKey.Error() {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// TestCheckpoints: what is signed is read, whatever the tree; every bit of it counts.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	s, key := signerOf(t, origin, 1)
	w, witness := signerOf(t, "witness.example", 2)
	_, other := signerOf(t, origin, 3)
	_, another := signerOf(t, "other.example", 1)
	e := new(Edge)
	for n := range 20 {
		tree := e.Tree()
		c, err := OpenCheckpoint(sign(t, s, tree), key)
		if err != nil || c.Tree != tree || c.Origin != origin || len(c.Signed) != 1 || len(c.Unknown) != 0 {
			t.Fatalf("%d records: %+v, %v", n, c, err)
		}
		e.Append(AppendEntries(nil, lines(n, n+1)), nil)
	}
	msg := sign(t, s, e.Tree(), w)
	if c, err := OpenCheckpoint(msg, key, witness); err != nil || fmt.Sprint(c.Signed) != "["+origin+" witness.example]" {
		t.Errorf("with a witness: %+v, %v", c, err)
	}
	if c, err := OpenCheckpoint(msg, key); err != nil || fmt.Sprint(c.Unknown) != "[witness.example]" {
		t.Errorf("with a witness that is not known: %+v, %v", c, err)
	}
	for what, wrong := range map[string]note.Verifier{
		"another key": other, "another name": another, "a witness": witness,
	} {
		if _, err := OpenCheckpoint(msg, wrong); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for at := range msg {
		for bit := range 8 {
			changed := bytes.Clone(msg)
			changed[at] ^= 1 << bit
			if c, err := OpenCheckpoint(changed, key, witness); err == nil && len(c.Unknown) == 0 {
				t.Errorf("byte %d, bit %d changed, and it is taken", at, bit)
			}
		}
		if _, err := OpenCheckpoint(msg[:at], key, witness); err == nil && at != bytes.LastIndex(msg, []byte("— ")) {
			t.Errorf("the first %d bytes are taken", at)
		}
	}
	text, signature, _ := strings.Cut(string(msg), "\n\n")
	for what, changed := range map[string]string{
		"a signature twice": string(msg) + signature,
		"too long":          text + strings.Repeat("\nx", mostCheckpoint) + "\n\n" + signature,
	} {
		if _, err := OpenCheckpoint([]byte(changed), key, witness); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestSignedTextsThatAreNoCheckpoint: a right signature alone makes none.
func TestSignedTextsThatAreNoCheckpoint(t *testing.T) {
	t.Parallel()
	s, key := signerOf(t, origin, 1)
	const zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for text, want := range map[string]bool{
		origin + "\n1\n" + zero + "\n":                   true,
		origin + "\n1\n" + zero + "\nmore\n":             true,
		origin + "\n9223372036854775807\n" + zero + "\n": true,
		origin + "\n1\n":                                 false,
		origin + "\n01\n" + zero + "\n":                  false,
		origin + "\n+1\n" + zero + "\n":                  false,
		origin + "\n-1\n" + zero + "\n":                  false,
		origin + "\n\n" + zero + "\n":                    false,
		origin + "\n9223372036854775808\n" + zero + "\n": false,
		origin + "\n1\n" + zero[:43] + "\n":              false,
		origin + "\n1\n" + zero[:42] + "B=\n":            false,
		origin + "\n1\nAAAA\n":                           false,
		origin + "\n1\n" + zero + "\n\nmore\n":           false,
		origin + "/2\n1\n" + zero + "\n":                 false,
		"\n" + origin + "\n1\n" + zero + "\n":            false,
		" " + origin + "\n1\n" + zero + "\n":             false,
	} {
		msg, err := note.Sign(&note.Note{Text: text}, s.signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenCheckpoint(msg, key); (err == nil) != want || err != nil && !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// checkpointText is a checkpoint's text by the words of c2sp.org/tlog-checkpoint: the second reading.
var checkpointText = regexp.MustCompile(`^[^\n]+\n(0|[1-9][0-9]*)\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\n([^\n]+\n)*$`)

// FuzzCheckpoint: what is taken is a checkpoint by the words of the specification, and comes out as it went in.
func FuzzCheckpoint(f *testing.F) {
	s, key := signerOf(f, origin, 1)
	w, witness := signerOf(f, "witness.example", 2)
	e := new(Edge)
	f.Add(sign(f, s, e.Tree()))
	e.Append(AppendEntries(nil, lines(0, 5)), nil)
	f.Add(sign(f, s, e.Tree(), w))
	f.Add([]byte(origin + "\n01\n\n\n— x y\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := OpenCheckpoint(b, key, witness); err == nil && !checkpointText.MatchString(c.text()) {
			t.Errorf("%q is taken", b)
		}
		text := string(b)
		c, err := parseCheckpoint(text)
		if err == nil && (c.text() != strings.TrimSuffix(text, "\n")+"\n" || !checkpointText.MatchString(c.text())) {
			t.Errorf("%q is read", text)
		}
		if err != nil && checkpointText.MatchString(text) && len(strings.Split(text, "\n")[1]) < 19 {
			t.Errorf("%q is refused: %v", text, err)
		}
	})
}
