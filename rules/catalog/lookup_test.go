package catalog

import (
	"fmt"
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
				for _, name := range []string{fmt.Sprintf("a%03dbc", i), fmt.Sprintf("aa%da", i), "", "a"} {
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
						steps += (at - l.start([]byte(l[at].name)) + len(l)) % len(l)
					}
				}
				if steps > names {
					t.Errorf("%s: %d names are found after %d steps", f.ID, names, steps)
				}
			}
		}
	}
}
