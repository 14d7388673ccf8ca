package cmp_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// header is a jar over a Cookie header.
type header []byte

func (h header) Cookies(yield func(name, value []byte) bool) {
	for rest := []byte(h); len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte{';'})
		name, value, found := bytes.Cut(bytes.Trim(pair, " \t"), []byte{'='})
		if found && !yield(name, value) {
			return
		}
	}
}

// backwards is the same header, the last cookie first.
func (h header) backwards() header {
	pairs := bytes.Split(h, []byte{';'})
	slices.Reverse(pairs)
	return bytes.Join(pairs, []byte{';'})
}

func asHeader(v *cookieVector) header {
	pairs := make([]string, 0, len(v.Cookies))
	for _, name := range slices.Sorted(maps.Keys(v.Cookies)) {
		pairs = append(pairs, name+"="+v.Cookies[name])
	}
	return header(strings.Join(pairs, "; "))
}

// sameItems compares ids byte for byte.
func sameItems(a, b []cmp.Item) bool {
	return slices.EqualFunc(a, b, func(a, b cmp.Item) bool {
		return a.List == b.List && a.Granted == b.Granted && bytes.Equal(a.ID, b.ID)
	})
}

func FuzzCookies(f *testing.F) {
	all := seeds(f)
	for i := range all {
		platforms, err := all[i].platforms()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(platforms[0]), []byte(asHeader(&all[i])), "")
	}
	f.Add(uint8(5), []byte("klaro={\"a\":true}; klaro={\"a\":false}"), "")
	f.Add(uint8(6), []byte("x_banner-status=dismissed; x_statistics=allow"), "x_")
	f.Add(uint8(17), []byte("TC_PRIVACY=1@012|26|4221@@4@1592900933049@1592900933049"), "")
	f.Fuzz(func(t *testing.T, of uint8, cookies []byte, renamed string) {
		c, set := cmp.Platform(of), cmp.Settings{Cookie: renamed, Revision: -1}
		kept := bytes.Clone(cookies)
		var s cmp.Scratch
		st, items := c.Read(header(cookies), set, &s)
		if !bytes.Equal(kept, cookies) {
			t.Fatal("the jar was written to")
		}
		if st.State != read.Valid && (len(items) > 0 || st.Decided == cmp.Decides) {
			t.Errorf("%s is %s, %s, with %d items", c, st.State, st.Decided, len(items))
		}
		if len(items) > len(cookies)+64 {
			t.Errorf("%s: %d items out of %d bytes", c, len(items), len(cookies))
		}
		for i, item := range items {
			if len(item.ID) == 0 || len(item.ID) > read.MaxCookie {
				t.Errorf("%s: an id of %d bytes", c, len(item.ID))
			}
			if i > 0 && items[i-1].List == item.List && bytes.Equal(items[i-1].ID, item.ID) {
				t.Errorf("%s: %q twice", c, item.ID)
			}
		}
		// A scratch that was used before reads the same; neither the order of the cookies nor their coming twice matters.
		first, firstItems := st, cloned(items)
		for _, again := range []header{header(cookies), header(cookies).backwards(), slices.Concat(header(cookies),
			header(";"), header(cookies))} {
			st, items := c.Read(again, set, &s)
			if st.State != first.State || st.Decided != first.Decided || st.Objection != first.Objection ||
				st.AtMilli != first.AtMilli || !sameItems(items, firstItems) {
				t.Errorf("%s reads %q as %+v %+v, and again as %+v %+v", c, again, first, firstItems, st, items)
			}
		}
		for _, x := range cmp.Explain(header(cookies)) {
			if len(x.Lines) == 0 {
				t.Errorf("%q: nothing is said", x.Source)
			}
		}
		byName := map[string]string{}
		for name, value := range header(cookies).Cookies {
			if _, again := byName[string(name)]; again || len(value) > read.MaxCookie {
				return
			}
			byName[string(name)] = string(value)
		}
		if renamed == "" || c == platform(t, "complianz") {
			agreeCookies(t, c, byName, set)
		}
	})
}

func cloned(items []cmp.Item) []cmp.Item {
	all := slices.Clone(items)
	for i := range all {
		all[i].ID = bytes.Clone(all[i].ID)
	}
	return all
}

// TestAnotherCookieNeverGrants: whatever else is in the jar, a second cookie of a platform never grants what the first
// alone does not, unless the platform spreads its record over several cookies.
func TestAnotherCookieNeverGrants(t *testing.T) {
	all := seeds(t)
	for i := range all {
		v := &all[i]
		for j := range all {
			other := &all[j]
			if v.CMP != other.CMP || i == j {
				continue
			}
			platforms, err := v.platforms()
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range platforms {
				counts := func(h header) map[string]bool {
					var s cmp.Scratch
					st, items := c.Read(h, v.settings(), &s)
					granted := map[string]bool{}
					for _, item := range items {
						if item.Granted && st.Decided == cmp.Decides {
							granted[item.List.String()+string(item.ID)] = true
						}
					}
					return granted
				}
				both := counts(slices.Concat(asHeader(v), header("; "), asHeader(other)))
				one, two := counts(asHeader(v)), counts(asHeader(other))
				for id := range both {
					if !one[id] && !two[id] {
						t.Errorf("%s and %s: together %s grant %s, which neither does", v.ID, other.ID, c, id)
					}
				}
			}
		}
	}
}
