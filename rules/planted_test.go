package rules_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/curious"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// planted lists the strings of the recordings that must not leave.
func planted(t testing.TB) []string {
	t.Helper()
	return curious.Planted(read(t, filepath.Join(capturesFolder(), "planted.txt")))
}

// readings are those of texts that are sent apart.
func readings(t testing.TB, texts ...string) *curious.Readings {
	t.Helper()
	r, err := curious.Read(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// came are the readings of a hit as it came, without what an endpoint of ours is asked by.
func came(t testing.TB, r *hit.Request) *curious.Readings {
	t.Helper()
	texts := []string{string(r.Path), string(r.Query), string(r.Body)}
	for _, h := range r.Headers {
		texts = append(texts, string(h.Value))
	}
	return readings(t, texts...)
}

// sent are the readings of what is forwarded.
func sent(t testing.TB, x *rules.Explanation) *curious.Readings {
	t.Helper()
	return readings(t, textsOf(t, x)...)
}

// textsOf are the texts that are forwarded, each apart.
func textsOf(t testing.TB, x *rules.Explanation) []string {
	t.Helper()
	body, err := base64.StdEncoding.DecodeString(x.Forward.BodyBase64)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{x.Forward.URL, x.Forward.Body, string(body)}
	for name, value := range x.Forward.Headers {
		texts = append(texts, name, value)
	}
	return texts
}

// among are those of some strings that are found.
func among(strings []string, in *curious.Readings) []string {
	return slices.DeleteFunc(slices.Clone(strings), func(s string) bool { return !in.Holds(s) })
}

// TestPlantedIsSeenOnTheWayIn: what reads what is sent sees in each recording what was planted in it; a recording in
// which it sees nothing, and a string that it sees nowhere, would prove nothing. Of our own recordings it is written
// down what each hit holds; UPDATE_GOLDEN=1 writes it anew, to be held against the recordings.
func TestPlantedIsSeenOnTheWayIn(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	secrets := planted(t)
	nowhere := map[string]bool{}
	for _, s := range secrets {
		nowhere[s] = true
	}
	var all strings.Builder
	in := map[string]int{}
	eachCaptured(t, p, func(t *testing.T, where string, r hit.Request) {
		seen := among(secrets, came(t, &r))
		fmt.Fprintln(&all, strings.TrimSpace(where+": "+strings.Join(seen, " | ")))
		file, _, _ := strings.Cut(where, ":")
		in[file] += len(seen)
		for _, s := range seen {
			delete(nowhere, s)
		}
	})
	for file, n := range in {
		if n == 0 {
			t.Errorf("%s: nothing that was planted is seen in it: it proves nothing", file)
		}
	}
	for s := range nowhere {
		t.Errorf("%q is seen in no recording: looking for it proves nothing", s)
	}
	if capturesFolder() != ownCaptures {
		return
	}
	const golden = "testdata/planted.golden.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(all.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, golden); want != all.String() {
		t.Errorf("%s differs; got\n%s", golden, all.String())
	}
}

// TestWhatIsKeptIsSeen: with every leaf kept, all that was planted in a hit is seen in what is sent of it,
// whole and put together anew, in the wire form of each vendor of which there are recordings. So no form of a
// vendor's hides from the tests what leaves.
func TestWhatIsKeptIsSeen(t *testing.T) {
	t.Parallel()
	p := permitting(t)
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
	secrets := planted(t)
	var j rules.Judgement
	seenOf := map[string]int{}
	eachCaptured(t, p, func(t *testing.T, where string, r hit.Request) {
		seen := among(secrets, readings(t, string(r.Query), string(r.Body)))
		if len(seen) == 0 {
			return
		}
		r.Address = netip.Addr{} // which would be handed on
		for _, how := range []string{"whole", "put together anew"} {
			if reason := readInto(&j, p, &in, r); reason != rules.Unjudged {
				t.Fatalf("%s: %v", where, reason)
			}
			gone := int32(hit.None)
			if how != "whole" {
				gone = harmless(t, &j.Hit, secrets)
			}
			if reason := j.JudgeKeeping(&in, func(i int32) bool {
				return i == gone
			}); reason != rules.Unjudged || !j.Out.Forward {
				t.Fatalf("%s, %s: %v, forward %v", where, how, reason, j.Out.Forward)
			}
			if anew := !bytes.Equal(j.Out.Query, r.Query) || !bytes.Equal(j.Out.Body, r.Body); anew && how == "whole" ||
				!anew && how != "whole" {
				t.Errorf("%s, %s: sent anew: %v", where, how, anew)
			}
			if got := among(secrets, readings(t, string(j.Out.Query), string(j.Out.Body))); !slices.Equal(got, seen) {
				t.Errorf("%s, %s: %q came, and %q is seen in what is sent", where, how, seen, got)
			}
			seenOf[j.Route.Recipient.ID] += len(seen)
		}
	})
	if capturesFolder() != ownCaptures {
		return
	}
	for _, vendors := range owners {
		for _, id := range vendors {
			if seenOf[id] == 0 {
				t.Errorf("%s: nothing is seen in what is sent to it: a leak test proves nothing of it", id)
			}
		}
	}
}

// readInto takes a hit apart in a judgement that was used before; nobody objects.
func readInto(j *rules.Judgement, p *rules.Policy, in *rules.Inputs, r hit.Request) rules.Reason {
	j.Reset()
	r.Headers = append(j.Hit.Request.Headers, r.Headers...)
	j.Hit.Request = r
	if reason := rules.Read(p, j, in, nil); reason != rules.Unjudged {
		return reason
	}
	for range j.Hit.Events {
		j.Objections = append(j.Objections, rules.Objections{})
	}
	return rules.Unjudged
}

// harmless is the first leaf of a hit's body, or of its query where it has none, that holds none of some strings.
func harmless(t testing.TB, h *hit.Hit, secrets []string) int32 {
	t.Helper()
	first := max(h.BodyRoot, h.QueryRoot)
	for i := first; int(i) < len(h.Nodes); i++ {
		n := &h.Nodes[i]
		if n.Kind.Holds() || n.Opened || n.Kind == hit.Raw || n.Label {
			continue
		}
		if len(among(secrets, readings(t, string(h.Text(i))))) == 0 {
			return i
		}
	}
	t.Fatal("each leaf holds something that was planted")
	return hit.None
}
