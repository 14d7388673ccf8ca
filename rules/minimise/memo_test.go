package minimise

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// memory is a Memo that remembers everything, and counts.
type memory struct {
	made     map[Sum]Made
	recalled int
}

func (m *memory) Recall(salt uint64, value []byte) (Sum, Made, bool) {
	hash := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, salt), value...))
	sum := Sum{binary.LittleEndian.Uint64(hash[:]), binary.LittleEndian.Uint64(hash[8:])}
	made, known := m.made[sum]
	if known {
		m.recalled++
	}
	return sum, made, known
}

func (m *memory) Remember(sum Sum, made Made) {
	made.Bytes = bytes.Clone(made.Bytes)
	m.made[sum] = made
}

// sampled are values that are minimised in many ways.
var sampled = []string{
	"Red shoes - Shop", "jane.doe@example.com", "Order of KD-123456",
	"https://shop.example/p/red-shoes?utm_source=a&email=jane@example.com#top",
	"see https://shop.example/account/48213/orders and write", "https://shop.example/", "/relative/48213", "$direct",
	"", "short", "1234567",
	"12.50", "+49 170 1234567", "4111 1111 1111 1111", "true", "1920x1080", "%6aane%40example.com", "a%20b", "[email]",
	"https://h.example/\xff",
}

// TestMemoChangesNothing: an action makes the same of a value whether somebody remembers or not, for all minimisers,
// classes, kinds and values, with a site's own detectors and without; and it costs as much.
func TestMemoChangesNothing(t *testing.T) {
	chars := 4
	specs := []Spec{
		{Kind: Keep}, {Kind: Scrub}, {Kind: URL, URL: URLSpec{Query: []string{"utm_source"}}},
		{Kind: URL, URL: URLSpec{Path: "none"}},
		{Kind: Generalise, Generalise: "origin"}, {Kind: Generalise, Generalise: "bucket"},
		{Kind: Only, Only: []string{"short"}},
		{Kind: Rare, Rare: RareSpec{K: 5}}, {Kind: Truncate, Truncate: TruncateSpec{Chars: &chars}}, {Kind: Pseudonymise},
		{Kind: Hash, Hash: "sha256"},
		{Kind: Replace, Replace: "x"}, {Kind: Drop},
	}
	for _, env := range []*Env{testEnv(), ownEnv(t)} {
		mind, asks := &memory{made: map[Sum]Made{}}, 0
		for class := range hit.NumClasses {
			for _, spec := range specs {
				for _, within := range []Spec{{Kind: Drop}, specs[2], {Kind: Rare, Rare: RareSpec{K: 5}}} {
					a, err := Compile(spec, class)
					if err != nil {
						continue
					}
					if inside, err := Compile(within, hit.URL); err == nil && within.Kind != Drop {
						a.Inside(inside)
					}
					for _, text := range sampled {
						for kind := TextValue; kind <= NullValue; kind++ {
							asks += rememberedTwice(t, a, Value{Class: class, Bytes: []byte(text), Kind: kind}, env, mind)
						}
					}
				}
			}
		}
		if mind.recalled == 0 || mind.recalled >= asks {
			t.Errorf("of %d values %d were remembered", asks, mind.recalled)
		}
	}
}

// rememberedTwice holds what an action makes of a value against what it makes of it where it is remembered.
func rememberedTwice(t *testing.T, a *Action, v Value, env *Env, mind *memory) int {
	t.Helper()
	apply := func(memo Memo, steps int) (string, Outcome, int) {
		with, meter := *env, scrub.NewMeter(steps)
		with.Memo, with.Work = memo, &meter
		out, outcome := a.Append([]byte("before "), v, &with)
		taken, _ := meter.Taken()
		return string(out), outcome, taken
	}
	out, outcome, steps := apply(nil, 1<<30)
	apply(mind, 0) // what was not looked over is not remembered
	for range 3 {
		if again, kept, cost := apply(mind, 1<<30); again != out || kept != outcome || cost != steps {
			t.Errorf("%s of %q: %q, %v, %d steps; remembered %q, %v, %d", a.Canon(), v.Bytes, out, outcome,
				steps, again, kept, cost)
		}
	}
	return 1
}

// TestRememberedClassesAreNobodys: no class is remembered whose values are somebody's.
func TestRememberedClassesAreNobodys(t *testing.T) {
	for class := range hit.NumClasses {
		if remembered.has(class) && (isID(class) || identifiers.has(class) && class != hit.Custom || derivable.has(class) ||
			hashable.has(class)) {
			t.Errorf("%v is remembered", class)
		}
	}
}
