package signal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// The short strings, read a second time by expressions.
var (
	gcsForm = regexp.MustCompile(`^G1([01-])([01-])$`)
	gcdForm = regexp.MustCompile(
		`^[0-9]{2}([lpqmutrnv])[0-9]([lpqmutrnv])[0-9]([lpqmutrnv])[0-9]([lpqmutrnv])[0-9](?s:.*)$`)
)

// letterMeans is what the letters of gcd and the signs of gcs stand for, in the words of
// choiceNames but for a state that nobody chose.
var letterMeans = map[string]choice{
	"0": denied, "1": byDefault, "-": notSet,
	"l": notSet, "p": denied, "q": declined, "m": declined, "u": declined,
	"t": byDefault, "r": granted, "n": granted, "v": granted,
}

// agreeMode reads gcs and gcd both ways. What cannot be read grants nothing that the expression does not find.
func agreeMode(t *testing.T, text string) {
	t.Helper()
	all, ok := readGCS([]byte(text))
	check := func(name string, form *regexp.Regexp) {
		t.Helper()
		found := form.FindStringSubmatch(text)
		if len(text) > 32 {
			found = nil
		}
		if ok != (found != nil) {
			t.Fatalf("%s %q: read %t, and it has the form: %t", name, text, ok, found != nil)
		}
		for s := range all {
			switch {
			case found == nil:
				if name == "gcs" && all[s] == granted {
					t.Fatalf("gcs %q grants", text)
				}
			case s+1 < len(found) && all[s] != letterMeans[found[s+1]], s+1 >= len(found) && all[s] != notSet:
				t.Fatalf("%s %q: %s is %d", name, text, storageNames[s], all[s])
			}
		}
	}
	check("gcs", gcsForm)
	all, ok = readGCD([]byte(text))
	check("gcd", gcdForm)
}

var (
	someGCS = []string{"G111", "G100", "G1--", "G1-1", "G101"}
	someGCD = []string{"13r3r3r3r5", "13p3q3m3u5l1", "11t1n1v1l1l1", "13l3l3l3l1l1", "13v3t3v3t3" +
		strings.Repeat("x", 22)}
)

func TestBrokenMode(t *testing.T) {
	t.Parallel()
	for _, whole := range slices.Concat(someGCS, someGCD) {
		for text := range signaltest.EachByte(whole) {
			agreeMode(t, text)
		}
	}
	// One storage type that cannot be read leaves the others, and grants nothing itself.
	for s := range storageNames {
		for _, letter := range "RxL0 " {
			text := []byte("13r3r3r3r5")
			text[2+2*s] = byte(letter)
			all, ok := readGCD(text)
			for other, c := range all {
				if want := map[bool]choice{true: unclear, false: granted}[other == s]; ok || c != want {
					t.Errorf("%s: %s is %d, want %d", text, storageNames[other], c, want)
				}
			}
		}
	}
	for _, text := range []string{"13r3r3r3rx", "13r3r3rxr5", "13r3rxr3r5", "13rxr3r3r5"} {
		// it breaks off: what follows is not known
		all, ok := readGCD([]byte(text))
		if at := (strings.IndexByte(text, 'x') - 3) / 2; ok || all[at] != unclear {
			t.Errorf("%s: %v %t", text, all, ok)
		}
	}
}

// FuzzMode: the readers agree with the expressions, and what Google is told is no more than what may be told: what the
// page granted stays where it may, what it did not speak of is what is settled, and nothing else changes.
func FuzzMode(f *testing.F) {
	for _, text := range slices.Concat(someGCS, someGCD, []string{"", "G1", "13R3r3r3r5", "13r3r3r3r", "1xr3r3r3r5",
		"13r3r3r3rx", someGCD[4] + "x"}) {
		for keep := range 256 {
			f.Add(text, byte(keep))
		}
	}
	f.Fuzz(func(t *testing.T, text string, may byte) {
		agreeMode(t, text)
		keep := Storage(may & 15)
		var settled Mode
		for s := range settled {
			settled[s] = [2]choice{denied, granted}[may>>4>>s&1]
			if may>>s&1 == 1 && may>>4>>(3-s)&1 == 1 {
				settled[s] = notSet
			}
		}
		for _, of := range []struct {
			downgrade func(dst, text []byte, keep Storage, settled Mode) ([]byte, bool)
			read      func(text []byte) ([numStorage]choice, bool)
			lowered   choice
		}{{DowngradeGCS, readGCS, denied}, {DowngradeGCD, readGCD, declined}} {
			before, readable := of.read([]byte(text))
			out, ok := of.downgrade([]byte("x"), []byte(text), keep, settled)
			if ok != readable {
				t.Fatalf("%q: downgraded %t, readable %t", text, ok, readable)
			}
			if !ok {
				if string(out) != "x" {
					t.Fatalf("%q: %q", text, out)
				}
				continue
			}
			after, readable := of.read(out[1:])
			if !readable || len(out) != 1+len(text) {
				t.Fatalf("%q became %q", text, out)
			}
			for s := range after {
				stated := before[s] == granted || before[s] == byDefault
				want := before[s]
				if stated && !keep.Has(1<<s) {
					want = of.lowered
				}
				if before[s] == notSet && (len(text) > 4 || s < 2) {
					want = settled[s]
				}
				if after[s] != want && (after[s] != byDefault || want != granted) {
					t.Fatalf("%q became %q, keeping %b, settled %v: %s", text, out, keep, settled, storageNames[s])
				}
			}
		}
	})
}

// TestStricter: of two readings of a storage type the stricter holds, whichever comes
// first; a choice says more than a state.
func TestStricter(t *testing.T) {
	order := []choice{notSet, byDefault, granted, unclear, denied, declined}
	for i, a := range order {
		for j, b := range order {
			if got, want := stricter(a, b), order[max(i, j)]; got != want {
				t.Errorf("%d and %d: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestReadNPA(t *testing.T) {
	for text, want := range map[string]choice{"1": denied, "true": denied, "0": notSet, "false": notSet, "": notSet,
		"2": unclear, "TRUE": unclear, "11": unclear, "yes": unclear} {
		if got, ok := readNPA([]byte(text)); got != want || ok != (want != unclear) {
			t.Errorf("%q: %d, %t", text, got, ok)
		}
	}
}

func TestReadProtocol(t *testing.T) {
	for s, name := range storageNames {
		for text, want := range map[string]choice{"DENIED": denied, "GRANTED": notSet, "": unclear, "granted": unclear,
			"DENIED ": unclear} {
			all, ok := readProtocol([]byte(name), []byte(text))
			var alone [numStorage]choice
			alone[s] = want
			if all != alone || ok != (want != unclear) {
				t.Errorf("%s %q: %v %t", name, text, all, ok)
			}
		}
	}
	if all, _ := readProtocol([]byte("ad"), []byte("DENIED")); all != [numStorage]choice{} {
		t.Errorf("%v", all)
	}
}

// TestExplainMode: gcs speaks of two storage types, gcd of four, in words for people.
func TestExplainMode(t *testing.T) {
	const say = "ad_storage: %s\nanalytics_storage: %s\nad_user_data: %s\nad_personalization: %s"
	const state, dark = "granted, but nothing shows that the visitor chose: no consent", "unknown: no consent"
	const yes, unset = "granted by the visitor", "not set"
	const not, no = "denied, but nothing shows that the visitor said so", "denied by the visitor"
	for _, c := range []struct {
		explain func([]byte) ([]string, bool)
		text    string
		says    string
		ok      bool
	}{
		{ExplainGCS, "G110", "ad_storage: " + state + "\nanalytics_storage: " + not, true},
		{ExplainGCS, "G1-1", "ad_storage: " + unset + "\nanalytics_storage: " + state, true},
		{ExplainGCS, "G1", "ad_storage: " + dark + "\nanalytics_storage: " + dark, false},
		{ExplainGCD, "13r3p3l3t5", fmt.Sprintf(say, yes, not, unset, state), true},
		{ExplainGCD, "13q3m3u3l5", fmt.Sprintf(say, no, no, no, unset), true},
		{ExplainGCD, "13R3p3l3t5", fmt.Sprintf(say, dark, not, unset, state), false},
	} {
		if lines, ok := c.explain([]byte(c.text)); strings.Join(lines, "\n") != c.says || ok != c.ok {
			t.Errorf("%s: %t\n%s", c.text, ok, strings.Join(lines, "\n"))
		}
	}
	for storage, want := range map[string]string{
		"ad_storage": "marketing", "analytics_storage": "analytics", "ad_user_data": "marketing",
		"ad_personalization": "marketing", "other": "other",
	} {
		if got := DefaultCategory(storage); got != want {
			t.Errorf("%s: %s, want %s", storage, got, want)
		}
	}
}
