package catalog

import (
	"fmt"
	"strings"
	"testing"
)

// TestLookup: every name is found, and no other, however like each other they are.
func TestLookup(t *testing.T) {
	t.Parallel()
	names := map[string]int32{}
	for n := range 300 {
		if n%50 == 0 {
			l := newLookup(names)
			for i := range 300 {
				name := fmt.Sprintf("a%03dbc", i)
				for _, name := range []string{name, name + "\x00", name[:6] + "\x00", name + "def", fmt.Sprintf("aa%da", i),
					"", "a", "\x00"} {
					to, ok := l.find([]byte(name))
					if want, is := names[name]; ok != is || to != want {
						t.Fatalf("%d names: %q leads to %d, %v; want %d, %v", len(names), name, to, ok, want, is)
					}
				}
			}
		}
		names[fmt.Sprintf("a%03dbc", n)] = int32(n + 1)
	}
}

// TestLookupByLength: names are told apart at any length, also where they begin or end alike.
func TestLookupByLength(t *testing.T) {
	t.Parallel()
	const letters = "abcdefghijklmnopqrstuvwxyz"
	names := map[string]int32{}
	for n := range len(letters) + 1 {
		for _, name := range []string{letters[:n], letters[len(letters)-n:], strings.Repeat("a", n),
			strings.Repeat("\x00", n)} {
			names[name] = int32(len(names) + 1)
		}
	}
	l := newLookup(names)
	for name, want := range names {
		if to, ok := l.find([]byte(name)); !ok || to != want {
			t.Errorf("%q leads to %d, %v; want %d", name, to, ok, want)
		}
		for at := range name {
			other := []byte(name)
			other[at] ^= 0x80
			if to, ok := l.find(other); ok {
				t.Errorf("%q leads to %d, as if it were %q", other, to, name)
			}
		}
	}
}

// TestVendorsLookups: what the vendors' fields are called is found at the first look, or the next few.
func TestVendorsLookups(t *testing.T) {
	t.Parallel()
	for _, f := range Builtins() {
		v, err := Compile(f, nil, Names())
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.states {
			for _, l := range []lookup{v.states[i].members, v.states[i].keys} {
				steps, names := 0, 0
				for at := range l {
					if l[at].to != 0 {
						names++
						steps += (at - l.start([]byte(l[at].name), l[at].begins) + len(l)) % len(l)
					}
				}
				if steps > names {
					t.Errorf("%s: %d names are found after %d steps", f.ID, names, steps)
				}
			}
		}
	}
}
