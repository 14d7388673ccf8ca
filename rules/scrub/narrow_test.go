package scrub

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// wantsOf are sets of kinds that callers look for.
func wantsOf() []Set {
	all := []Set{All, everything, All.WithPlus(), everything.WithPlus()}
	for k := range NumKinds {
		all = append(all, Of(k), Of(k).Expecting(k), All.Without(k))
	}
	return all
}

// checkNarrowed tells whether a text is passed over alike with what may be found in it as with all that is looked for.
func checkNarrowed(t *testing.T, text []byte, want Set) (found Set) {
	l := look{want: want, most: unbounded}
	out, saw := l.pass(nil, text, 0)
	narrowed := l
	narrowed.want = l.narrow(text)
	if narrowed.want&^want != 0 {
		t.Errorf("%q: %b is looked for, of %b", text, narrowed.want, want)
	}
	gives, seen := narrowed.pass(nil, text, 0)
	if seen.found != saw.found || string(gives) != string(out) {
		t.Errorf("%q holds %q (%b of %b): narrowed to %b it gives %q", text, out, saw.found, want, narrowed.want, gives)
	}
	return saw.found
}

// TestNarrowedFindsAll: no detector says that it cannot do without something that a text lacks in
// which it finds what it looks for: in the cases, in each part of them from one word to another, and
// in those with a byte changed or left out.
func TestNarrowedFindsAll(t *testing.T) {
	t.Parallel()
	wants, random := wantsOf(), rand.New(rand.NewPCG(1, 2))
	each := [NumKinds]int{}
	check := func(text string) {
		if len(text) > mostNarrowed {
			return
		}
		found := checkNarrowed(t, []byte(text), everything)
		for k := range NumKinds {
			if found.Has(k) {
				each[k]++
			}
		}
		checkNarrowed(t, []byte(text), wants[random.IntN(len(wants))])
	}
	for _, c := range foundCases(t) {
		check(c.In)
		words := strings.Fields(c.In)
		for i := range words {
			for j := i + 1; j <= min(len(words), i+8); j++ {
				check(strings.Join(words[i:j], " "))
				check(strings.Join(words[i:j], "+"))
			}
		}
		for range min(len(c.In), 40) {
			i := random.IntN(len(c.In))
			check(c.In[:i] + c.In[i+1:])
			check(c.In[:i] + string("0a.- :@/'+"[random.IntN(10)]) + c.In[i+1:])
			check(c.In[i:])
			check(c.In[:i])
		}
	}
	signs := strings.Split(" !\"#$%'()*+,-./:;<=>?[]_{|}~", "")
	for _, label := range []string{
		"tel", "pin", "pw", "password", "your code", "api_key", "token", "born", "lat", "surname", "ssn", "nif", "Reisepass",
		"ip", "c", "ul A", "md5", "A u", "bearer",
	} {
		for _, sign := range signs {
			for _, joint := range []string{sign, sign + " ", sign + sign, "\"" + sign, sign + "\""} {
				for _, value := range []string{
					"1", "12", "1234", "12345", "123456", "1234567", "7.3.84", "7 May 1984", "hunter2!", "abcd", "Jane", "3.1234",
					"3.123", "AB1234567", "10.1.2.33", "::1:2a", "B.5",
				} {
					check(label + joint + value)
					check(value + joint + label)
				}
			}
		}
	}
	for k, n := range each {
		if Kind(k) != Own && n < 20 {
			t.Errorf("%v was found %d times: too few to show anything", Kind(k), n)
		}
	}
}

// TestNarrowed: what may be found in values of every day.
func TestNarrowed(t *testing.T) {
	for _, c := range []struct {
		value string
		want  Set
	}{
		{"59.9", 0},
		{"SKU-422", 0},
		{"2.0", 0},
		{"1784.5", Of(NationalID, Geo, BirthDate)},
		{"a1b2", 0},
		{"Main 5", Of(Token, Name)},
		{"Mainweg 5", Of(Address, Token, Name)},
		{"jane@example", Of(Email)},
		{"10.0.0.1", Of(IP, Geo, BirthDate, NationalID)},
		{"iPhone 15 (2 cases)", Of(Address, Token, Name, IBAN, MAC, Key, Email)},
		{"café 12", All},
		{"a%20b", All},
		{"G-BENCH12345", All},
	} {
		l := look{want: All, most: unbounded}
		if got := l.narrow([]byte(c.value)) & All; got != c.want {
			var kinds []string
			for k := range NumKinds {
				if got.Has(k) {
					kinds = append(kinds, k.String())
				}
			}
			t.Errorf("%q: %v", c.value, kinds)
		}
	}
	long := look{want: All, most: unbounded}
	if long.narrow([]byte(strings.Repeat("a ", mostNarrowed))) != All {
		t.Error("a long value is narrowed")
	}
}

// FuzzNarrow: what is found in a text is found where it is looked for alone.
func FuzzNarrow(f *testing.F) {
	for i, c := range foundCases(f) {
		f.Add([]byte(c.In), uint8(i))
	}
	wants := wantsOf()
	f.Fuzz(func(t *testing.T, text []byte, which uint8) {
		checkNarrowed(t, text, wants[int(which)%len(wants)])
	})
}
