package contact

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// addressesOf are the addresses in a text, in their normal form.
func addressesOf(text string) (all []string) {
	in := ReadAddresses([]byte(text))
	for one, ok := in.Append(nil); ok; one, ok = in.Append(nil) {
		all = append(all, string(one))
	}
	return all
}

// TestAddressesInEveryDress: however an address is written, its normal form is the same.
func TestAddressesInEveryDress(t *testing.T) {
	t.Parallel()
	for want, texts := range map[string][]string{
		"jane.doe+news@example.com": {
			"jane.doe+news@example.com", "JANE.Doe+News@Example.COM", "  jane.doe+news@example.com\r\n",
			"Jane Doe <jane.doe+news@example.com>", `"Doe, Jane" <jane.doe+news@example.com>`, "<jane.doe+news@example.com>",
			"jane.doe+news@example.com (Jane)", "jane.doe+news@example.com.", "jane.doe+news@example.com.,",
			"mailto:jane.doe+news@example.com", "MAILTO:jane.doe+news@example.com?subject=Hi%20there",
			"mailto:jane.doe%2Bnews%40example.com", "jane.doe%2Bnews%40example.com", "jane.doe%252Bnews%2540example.com",
			"mailto://jane.doe+news@example.com", "E-Mail: jane.doe+news@example.com", "'jane.doe+news@example.com'",
			`"jane.doe+news@example.com"`, `"jane.doe+news"@example.com`, "[jane.doe+news@example.com]",
			"(jane.doe+news@example.com)", "{jane.doe+news@example.com}", "`jane.doe+news@example.com`",
			"\u00a0jane.doe+news@example.com\u00a0", "\u200bjane.doe+news@exam\u200bple.com\ufeff", "jane.doe+news\uff20example.com",
			"\uff4a\uff41\uff4e\uff45.doe+news@example.com", "\u201cjane.doe+news@example.com\u201d", "\u00abJane\u00bb \u2039jane.doe+news@example.com\u203a",
			"jane.doe+news@example\u3002com", "\u202ajane.doe+news@example.com\u202c", "acct:jane.doe+news@example.com",
			"jane.doe+news@example.com/", "<mailto:jane.doe+news@example.com>", "jane.\u00addoe+news@example.com",
		},
		"jan\u00e9@xn--exmple-cua.de": {
			"jan\u00e9@ex\u00e4mple.de", "JAN\u00c9@EX\u00c4MPLE.DE", "jane\u0301@exa\u0308mple.de", "jan\u00e9@xn--exmple-cua.de",
			"jan\u00e9@XN--EXMPLE-CUA.de.", "jan%C3%A9@ex%C3%A4mple.de", "Jan\u00e9 <mailto:jan\u00e9@ex\u00e4mple.de?body=x>", "JANE\u0301@exa\u0308mple.de",
		},
		"o'brien@example.com":      {"o'brien@example.com", "O'Brien@example.com", "'O'Brien@example.com'"},
		"a@xn--strae-oqa.example":  {"a@stra\u00dfe.example", "A@xn--strae-oqa.example"},
		"bounce+x=y.com@list.test": {"bounce+x=y.com@list.test"},
		`"jane doe"@example.com`:   {`"Jane Doe"@example.com`},
		"a_b@sub.example.co.uk":    {"a_b@sub.example.co.uk", "A_B <a_b@sub.example.co.uk>"},
		"jane@localhost":           {"jane@localhost"},
		"100%@example.com":         {"100%@example.com"},
		"a@b_c.example":            {"a@b_c.example"},
	} {
		for _, text := range texts {
			if got := addressesOf(text); !slices.Equal(got, []string{want}) {
				t.Errorf("%q: %q, want %q", text, got, want)
			}
		}
	}
}

// TestListsOfAddresses: of a list every address is found.
func TestListsOfAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"a@b.de, c@d.de": {"a@b.de", "c@d.de"}, "a@b.de,c@d.de": {"a@b.de", "c@d.de"}, "a@b.de;c@d.de": {"a@b.de", "c@d.de"},
		"a@b.de c@d.de": {"a@b.de", "c@d.de"}, "a@b.de\nc@d.de\n": {"a@b.de", "c@d.de"}, "a@b.de|c@d.de": {"a@b.de", "c@d.de"},
		"A <a@b.de>; C <c@d.de>": {"a@b.de", "c@d.de"}, "a@b.de / c@d.de": {"a@b.de", "c@d.de"}, "a@b.de\u3001c@d.de": nil,
		"mailto:a@b.de,c@d.de?cc=e@f.de": {"a@b.de", "c@d.de", "?cc=e@f.de"}, `["a@b.de","c@d.de"]`: {"a@b.de", "c@d.de"},
		"a@b@c.de": {"a@b"}, "a@@b.de": nil, "a@b.de&c@d.de": {"a@b.de", "&c@d.de"},
	} {
		if want == nil && text != "a@@b.de" {
			continue
		}
		if got := addressesOf(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"", " ", "@", "jane", "jane@", "@example.com", "@jane", "jane @ example.com", "jane@ example.com",
		"jane@.", "\xff@\xff", "u-17", "https://example.com/", "jane(at)example.com", "%40", "a@%", "'@'", strings.Repeat("@", 999)} {
		if got := addressesOf(text); got != nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestSpellings: what others hash of an address besides its normal form.
func TestSpellings(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][Spellings]string{
		"jane.d.oe@gmail.com": {"janedoe@gmail.com", ""}, "jane.doe+x.y@googlemail.com": {"janedoe+xy@googlemail.com", ""},
		"janedoe@gmail.com": {}, "jane.doe@example.com": {}, "jane.doe@gmail.com.example": {}, "jane.doe@xgmail.com": {}, "jane": {},
		"a.b@xn--exmple-cua.de": {"", "a.b@ex\u00e4mple.de"}, "a@xn--a": {},
	} {
		for n, text := range want {
			got, ok := AppendSpelling([]byte("x"), []byte(address), n)
			if string(got) != "x"+text || ok != (text != "") {
				t.Errorf("%s, %d: %q %t, want %q", address, n, got[1:], ok, text)
			}
		}
	}
}

// TestNoAllocationForASCII: what is plain ASCII is brought to its normal form in the room that is there.
func TestPlainContactsDoNotAllocate(t *testing.T) {
	room := make([]byte, 0, 256)
	country, _ := FindCountry("DE")
	for _, text := range []string{"Jane.Doe@Example.com", " Jane Doe <jane.doe@example.com>, c@d.de", "mailto:jane@example.com?subject=x",
		"+49 (0)30 1234567 ext. 12", "030/1234567", strings.Repeat("ab", 32), "sha256:" + strings.Repeat("A0", 32), "jane", "@"} {
		in := []byte(text)
		if n := testing.AllocsPerRun(100, func() {
			addresses := ReadAddresses(in)
			for _, ok := addresses.Append(room); ok; _, ok = addresses.Append(room) {
			}
			AppendPhone(room, in, &country)
			AppendPhone(room, in, nil)
			AppendHash(room, in, 32)
			AppendHash(room, in, 16)
		}); n > 0 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

// FuzzAddress: the normal form of a normal form is itself, and no text makes much more than it is.
func FuzzAddress(f *testing.F) {
	for _, text := range []string{"Jane <jane@example.com>, c@d.de", "jan%C3%A9@ex\u00e4mple.de", `"a b"@c`, "\uff20", "a@\u2100.de", "%25%34%30a@b",
		"\u0130@\u0130.de", "a@xn--\u00e4.de", "'/'@x", "a@b.\u3002", "\u00aa@\u00aa", "\ufb01@\ufb01.de", "a@-\u00e4-", "\U0001e943@x"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<10 {
			return
		}
		given := bytes.Clone(text)
		in := ReadAddresses(text)
		for one, ok := in.Append(nil); ok; one, ok = in.Append(nil) {
			if len(one) > 8*len(text)+64 {
				t.Errorf("%q makes %d bytes", text, len(one))
			}
			if again := addressesOf(string(one)); !slices.Equal(again, []string{string(one)}) {
				t.Errorf("%q: %q becomes %q", text, one, again)
			}
			for n := range Spellings {
				AppendSpelling(nil, one, n)
			}
		}
		if !bytes.Equal(text, given) {
			t.Errorf("%q was changed", given)
		}
	})
}
