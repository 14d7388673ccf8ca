package pseudonym

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestKnown: what is made of a secret is the same in every version: keys of states, vendors, purposes and periods,
// pseudonyms in every form, subjects. A file that is written anew (UPDATE_GOLDEN=1) says that every pseudonym
// changes, and no objection is found any more.
func TestKnown(t *testing.T) {
	var b strings.Builder
	for _, days := range []int{0, 1, 31} {
		s := TestRoot.State(noon)
		if _, err := s.CatchUp(noon.AddDate(0, 0, days)); err != nil {
			t.Fatal(err)
		}
		for name, key := range map[string]Key{"subject": s.SubjectKey(), "feed": s.FeedKey(), "signing": s.SigningKey(),
			"outbox": s.OutboxKey(), "queue": s.QueueKey(), "ledger": s.LedgerSubjectKey(), "digest": s.LedgerDigestKey(),
			"checkpoint": s.CheckpointKey("shop.example/tagwarden")} {
			fmt.Fprintf(&b, "after %d days, %s: %x\n", days, name, key[:])
		}
		for _, rotation := range Rotations() {
			for _, scope := range []Scope{{"ga4", "", rotation}, {"ga4", "audience\n", rotation}, {"matomo", "", rotation}} {
				chains := s.Chains()
				ready, ok := Derive(chains, scope).For(scope)
				if !ok {
					t.Fatalf("no key for %v", scope)
				}
				key := chains.key(scope)
				fmt.Fprintf(&b, "after %d days, %q: %x\n", days, fmt.Sprint(scope), key[:])
				visitor := ready.DailyVisitor("shop", make([]byte, 16), []byte("Mozilla/5.0"))
				fmt.Fprintf(&b, "after %d days, visitor of %q: %x\n", days, fmt.Sprint(scope), visitor)
			}
		}
	}
	scope := Scope{Vendor: "ga4"}
	key, _ := New(TestRoot, noon, scope).For(scope)
	for original := range originals {
		for _, bits := range []int{0, 1, 8, 9, 16, 128, 255, 256} {
			mac := key.Pseudonym([]byte(original), bits)
			fmt.Fprintf(&b, "%q of %d bits: %s\n", original, bits, AppendFormat(nil, &mac, Auto, []byte(original)))
		}
		mac := key.Pseudonym([]byte(original), 0)
		for f := range numFormats {
			fmt.Fprintf(&b, "%q as %v: %s\n", original, f, AppendFormat(nil, &mac, f, []byte(original)))
		}
		subject := TestRoot.SubjectKey()
		fmt.Fprintf(&b, "%q as a subject: %x\n", original, SubjectHash(subject.Hasher(), "user_id", []byte(original)))
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	slices.Sort(lines)
	text, name := strings.Join(lines, "\n")+"\n", filepath.Join("testdata", "known.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Split(string(was), "\n")
	for i, line := range strings.Split(text, "\n") {
		if i >= len(before) || before[i] != line {
			t.Errorf("it was not so before: %s", line)
		}
	}
}

// TestDigitsHaveALength: a pseudonym of digits is as long as what it stands for, but
// never shorter than 10 nor longer than 15.
func TestDigitsHaveALength(t *testing.T) {
	for n := 1; n <= 20; n++ {
		for i := range 50 {
			mac := [32]byte{byte(i * 5), byte(i), byte(n)}
			if got := AppendFormat(nil, &mac, Digits, []byte(strings.Repeat("7", n))); len(got) != min(max(n, 10), 15) ||
				got[0] == '0' {
				t.Errorf("of %d digits: %s", n, got)
			}
		}
	}
}

// TestSecretsAreNotPrinted: in whatever way a secret is printed, it is named, and nothing of it is there.
func TestSecretsAreNotPrinted(t *testing.T) {
	state := TestRoot.State(noon)
	for _, c := range []struct {
		secret fmt.Stringer
		want   string
	}{{TestRoot, "root secret"}, {Key(TestRoot), "key"}, {state, "key state"}} {
		for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
			if got := fmt.Sprintf(verb, c.secret); got != c.want {
				t.Errorf("%s prints %q", verb, got)
			}
		}
	}
}
