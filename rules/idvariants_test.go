package rules

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// wideSpaces are the classes of identifiers that a site itself knows a person by.
var wideSpaces = map[hit.Class]bool{hit.UserID: true, hit.Email: true, hit.Phone: true, hit.ExternalID: true}

// TestNamespaces: what a site knows a person by is one namespace for all; the rest is the vendor's own.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	for class := range hit.NumClasses {
		want := class.String() + ":ga4"
		if wideSpaces[class] || class == hit.AdvertisingID {
			want = class.String()
		}
		if got := Namespace(class, "ga4"); got != want {
			t.Errorf("%v: %q, want %q", class, got, want)
		}
	}
}

// inGA4 is a field of ga4 in which identifiers travel in a way: "" in plain.
func inGA4(how string) *idField {
	return &idField{spaces: spacesLike("ga4", "ga4"), hashed: how, format: pseudonym.GACid}
}

// spacesLike are the namespaces of a family whose entries were called first in the first form.
func spacesLike(family string, first ...string) *spaces {
	s := new(spaces)
	for class := range hit.NumClasses {
		s[class].name = Namespace(class, family)
		for _, id := range first {
			s[class].first = append(s[class].first, firstNamespace(class, id))
		}
	}
	return s
}

// variantsOf are the variants of an identifier as lines: whether all events share it, its class, its namespace and its
// text.
func variantsOf(add func(f *idVariants)) (lines []string) {
	f := new(idVariants)
	f.reset()
	f.events = 2
	add(f)
	for _, of := range f.all {
		lines = append(lines, fmt.Sprint(of.event, " ", of.class, " ", of.space, " ", string(f.text[of.from:of.to])))
	}
	return lines
}

// shaOf is the SHA-256 of a text, and nothing of none.
func shaOf(text string) string {
	if text == "" {
		return ""
	}
	return sum256(text)
}

func sum256(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func sumMD5(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }

// TestFormsOfEachClass: every class of identifiers, in every way that it travels, against the rule in words: a hash is
// known as that hash; an address and a number by their hashes alone; what may be an address is known as itself and by
// the address's hashes; the rest as itself.
func TestFormsOfEachClass(t *testing.T) {
	t.Parallel()
	// what it is as an address, as a number, and without blanks around it
	type text struct{ given, mail, digits, tidy string }
	texts := []text{
		{given: ""}, {given: "  "},
		{"u-17", "", "17", "u-17"},
		{" Jane.Doe@Example.com ", "jane.doe@example.com", "", "Jane.Doe@Example.com"},
		{"jane@example.com", "jane@example.com", "", "jane@example.com"},
		{"+49 (0)30 1234567", "", "49301234567", "+49 (0)30 1234567"},
		{"0049301234567", "", "49301234567", "0049301234567"},
		{sum256("jane@example.com"), "", "", sum256("jane@example.com")},
		{strings.ToUpper(sum256("jane@example.com")), "", "", strings.ToUpper(sum256("jane@example.com"))},
		{sumMD5("jane@example.com"), "", "", sumMD5("jane@example.com")},
		{sumMD5("jane@example.com") + "0", "", "", sumMD5("jane@example.com") + "0"},
		{sum256("x")[:63], "", "", sum256("x")[:63]},
	}
	inHex := func(s string, n int) bool { return len(s) == n && strings.Trim(s, "0123456789abcdefABCDEF") == "" }
	for class := range hit.NumClasses {
		if !class.Identifies() {
			continue
		}
		for _, how := range []string{"", "sha256", "md5"} {
			for _, c := range texts {
				if class == hit.Phone && c.digits == "" && !inHex(c.given, 64) && strings.TrimSpace(c.given) != "" {
					continue // what of letters is a number is the business of package contact
				}
				var want []string
				line := func(class hit.Class, space, text string) {
					if text != "" {
						want = append(want, fmt.Sprint(1, " ", class, " ", space, " ", text))
					}
				}
				lower := strings.ToLower(c.tidy)
				known, as := class == hit.UserID || class == hit.ExternalID || made(class), class
				if made(class) {
					as = hit.UserID
				}
				switch {
				case class == hit.Email && inHex(c.given, 64):
					line(hit.Email, "email_sha256", lower)
				case class == hit.Email && inHex(c.given, 32):
					line(hit.Email, "email_md5", lower)
				case class == hit.Phone && inHex(c.given, 64):
					line(hit.Phone, "phone_sha256", lower)
				case class == hit.Phone:
					if c.digits != "" {
						line(hit.Phone, "phone_sha256", sum256(c.digits))
						line(hit.Phone, "phone_sha256", sum256("+"+c.digits))
					}
				default:
					if class != hit.Email {
						line(class, Namespace(class, "ga4"), c.tidy)
					}
					if made(class) && c.tidy != "" {
						// none of these has the form of an SDK's id: it is as likely one that the site gave
						line(hit.UserID, "user_id", c.tidy)
					}
					if c.mail != "" && (wideSpaces[class] || made(class)) {
						line(hit.Email, "email_sha256", sum256(c.mail))
						line(hit.Email, "email_md5", sumMD5(c.mail))
					}
					if known && c.digits != "" && c.given[0] == '+' {
						line(hit.Phone, "phone_sha256", sum256(c.digits))
						line(hit.Phone, "phone_sha256", sum256("+"+c.digits))
					}
					if class == hit.UserID && c.mail == "" && c.given != "" && c.given[0] != '+' && !inHex(c.given, 64) {
						line(class, "user_id_sha256", shaOf(c.tidy))
						if lower != c.tidy {
							line(class, "user_id_sha256", shaOf(lower))
						}
					}
					if known && inHex(c.given, 64) {
						line(as, "user_id_sha256", lower)
						line(hit.Email, "email_sha256", lower)
						line(hit.Phone, "phone_sha256", lower)
					}
				}
				got := variantsOf(func(f *idVariants) { f.add(1, class, inGA4(how), []byte(c.given)) })
				if !slices.Equal(got, want) {
					t.Errorf("%v, %q, %q:\n%q, want\n%q", class, how, c.given, got, want)
				}
			}
		}
	}
}

// TestListsOfHashes: of a list of hashes, those of addresses and numbers are known, in whatever order, with padding or
// without; what is no hash of 32 bytes is left out, and what follows it is not.
func TestListsOfHashes(t *testing.T) {
	t.Parallel()
	raw := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	mail, phone := "1 email email_sha256 "+sum256("a@b.example"), "1 phone phone_sha256 "+sum256("+49301")
	long := base64.RawURLEncoding.EncodeToString(make([]byte, 33))
	short := base64.RawURLEncoding.EncodeToString(make([]byte, 31))
	em, pn := "em."+raw("a@b.example"), "pn."+raw("+49301")
	for text, want := range map[string][]string{
		"": nil, "~": nil, "tv.1": nil, "tv.1~": nil, em: {mail}, pn: {phone}, "tv.1~" + em: {mail}, em + "~" +
			pn: {mail, phone}, pn + "~" + em: {phone, mail},
		em + "=": {mail}, em + "==~" + pn: {mail, phone}, "~~" + em + "~~" + pn + "~": {mail, phone}, em + "~" + em: {mail},
		"em." + long + "~" + pn: {phone}, "em." + short + "~" + pn: {phone}, "em.x~" + em: {mail}, "em~" + em: {mail},
		"em.~" + em:                    {mail},
		"fn." + raw("jane") + "~" + em: {mail}, "EM." + raw("a@b.example"): nil, "e." + raw("x") + "~" + pn: {phone},
		"em0." + raw("x") + "~" + pn: {phone},
		"em." + strings.Replace(raw("a@b.example"), raw("a@b.example")[5:6], "!", 1) + "~" + pn: {phone},
		// of the other alphabet
		"em." + strings.ReplaceAll(strings.ReplaceAll(raw("a@b.example"), "-", "+"), "_", "/"): {mail},
		"em." + strings.ToUpper(sum256("a@b.example")) + "~" + pn:                              {mail, phone},
		"tv.1~em.A@B.example~pn.+49 301 234567": {mail, "1 email email_md5 " + sumMD5("a@b.example"),
			"1 phone phone_sha256 " + sum256("49301234567"), "1 phone phone_sha256 " + sum256("+49301234567")},
		sum256("a@b.example"): {mail}, "A@B.example": {mail, "1 email email_md5 " + sumMD5("a@b.example")},
		"." + raw("x") + "~" + em: {mail},
	} {
		got := variantsOf(func(f *idVariants) { f.add(1, hit.Email, inGA4("user_data"), []byte(text)) })
		if !slices.Equal(got, want) {
			t.Errorf("%q:\n%q, want\n%q", text, got, want)
		}
	}
}

// TestFormsAreKeptOnce: against sets. What an event has already, or all events have, is not kept again; what all events
// share is kept beside an event's own, for the others' sake, except where there are no others.
func TestFormsAreKeptOnce(t *testing.T) {
	t.Parallel()
	type one struct {
		event int32
		space string
		text  string
	}
	f := new(idVariants)
	for round := range 60 {
		f.reset()
		f.events = 1 + round%3
		var want []one
		seen, ofEvent, ofHit, last := uint32(round*7919+1), map[string]bool{}, map[string]bool{}, int32(hit.Shared)
		for range 100 {
			seen = seen*1664525 + 1013904223
			n := seen >> 16
			event := last
			switch n % 7 {
			case 0:
				event = int32(hit.Shared)
			case 1, 2:
				event = int32(n / 7 % uint32(f.events))
			}
			space, text := "s"+strconv.Itoa(int(n/11%2)), "t"+strconv.Itoa(int(n/23%12))
			f.plain(event, hit.UserID, &idField{spaces: &spaces{hit.UserID: {name: space}}}, 0, []byte(text))
			if event != hit.Shared && event != last {
				ofEvent, last = map[string]bool{}, event
			}
			key := space + " " + text
			if ofHit[key] || (event != hit.Shared || f.events == 1) && ofEvent[key] {
				continue
			}
			if event == hit.Shared {
				ofHit[key] = true
			} else {
				ofEvent[key] = true
			}
			want = append(want, one{event, space, text})
		}
		var got []one
		for _, of := range f.all {
			got = append(got, one{of.event, of.space, string(f.text[of.from:of.to])})
		}
		if !slices.Equal(got, want) {
			t.Fatalf("round %d:\n%v, want\n%v", round, got, want)
		}
		if f.shared != len(ofHit) { // all are of the newest form
			t.Errorf("round %d: %d are shared, want %d", round, f.shared, len(ofHit))
		}
		if again := f.grown(); again != len(f.text)+192*len(f.all) || f.grown() != 0 {
			t.Errorf("round %d: grown by %d", round, again)
		}
	}
}

// TestManyVariants: none of more variants than a table holds is lost, and as long as the table is at most half full
// none comes twice.
func TestManyVariants(t *testing.T) {
	t.Parallel()
	in := &idField{spaces: &spaces{hit.UserID: {name: "s"}}}
	for _, event := range []int32{hit.Shared, 0} {
		for _, n := range []int{255, 256, 257, 513, 1500} {
			f := new(idVariants)
			f.reset()
			f.events = 2
			text := func(i int) []byte { return []byte("u" + strconv.Itoa(i)) }
			for i := range n {
				f.plain(event, hit.UserID, in, 0, text(i))
				f.plain(event, hit.UserID, in, 0, text(i))
			}
			count := map[string]int{}
			for _, of := range f.all {
				count[string(f.text[of.from:of.to])]++
			}
			if len(count) != n || len(f.all) != n {
				t.Errorf("of %d forms %d are kept, %d in all", n, len(count), len(f.all))
			}
			f.plain(event, hit.UserID, in, 0, text(0))
			if again := len(f.all) - n; n <= 256 && again != 0 {
				t.Errorf("of %d, the first comes again", n)
			}
		}
	}
}

// TestFormTablesStartAnew: a table that was emptied knows nothing of before, also
// when the count of its rounds begins anew.
func TestFormTablesStartAnew(t *testing.T) {
	t.Parallel()
	f := new(idVariants)
	f.reset()
	f.events = 2
	for _, round := range []uint32{1, 7, ^uint32(0) - 1, ^uint32(0)} {
		f.all, f.text = f.all[:0], f.text[:0]
		f.known.round = round
		f.known.n = 3
		f.plain(0, hit.UserID, &idField{spaces: &spaces{hit.UserID: {name: "s"}}}, 0, []byte("u"))
		f.last = 1
		f.known.clear()
		if f.known.n != 0 || f.known.round == 0 {
			t.Errorf("round %d: %d of round %d", round, f.known.n, f.known.round)
		}
		for _, slot := range f.known.slots {
			if slot.round == f.known.round {
				t.Errorf("after round %d a slot is full", round)
			}
		}
	}
	// A form in the place of another one of the same sum is found behind it.
	of := [2]idVariant{{space: "a", from: 0, to: 1, sum: 511}, {space: "b", from: 0, to: 1, sum: 511}}
	f.reset()
	f.text = []byte("u")
	for i := range of {
		if f.known.newer(f, &of[i]) {
			t.Errorf("%d is there already", i)
		}
		f.known.add(f, &of[i])
		f.all = append(f.all, of[i])
	}
	if !f.known.newer(f, &of[0]) || !f.known.newer(f, &of[1]) || f.known.find(f, &of[0]) == f.known.find(f, &of[1]) ||
		f.known.n != 2 {
		t.Error("one of two forms in the same place is not found")
	}
}

// TestStepsOfVariants: each identifier costs its forms, and what is hashed of it.
func TestStepsOfVariants(t *testing.T) {
	t.Parallel()
	want := map[string]int{"u": costVariant + costDigest, "jane@example.com": costVariant + 2*costDigest}
	f := new(idVariants)
	for again := range 2 {
		if again > 0 {
			want["u"] = costVariant // the hash of an id that comes again is there
		}
		for _, text := range slices.Sorted(maps.Keys(want)) {
			f.add(0, hit.UserID, inGA4(""), []byte(text))
			if got := f.steps(); got != want[text] {
				t.Errorf("%s: %d steps", text, got)
			}
		}
	}
	f.reset()
	f.add(0, hit.Phone, inGA4(""), []byte("+49301234567"))
	f.reset()
	if f.digests != 0 || f.sized != 0 || f.shared != 0 || f.events != 0 || f.older || f.last != hit.Shared ||
		len(f.all)+len(f.text) != 0 {
		t.Errorf("%d digests are left of before", f.digests)
	}
}

// TestOlderForms: an identifier whose text or namespace was another in the first form is looked up in that, too, while
// subjects of older forms may be known; one that was the same is looked up once, as one of the newest.
func TestOlderForms(t *testing.T) {
	t.Parallel()
	in := &idField{spaces: spacesLike("ga4", "ga4", "ga4_mp"), format: pseudonym.GACid}
	for _, older := range []bool{false, true} {
		f := &idVariants{older: older, events: 2}
		f.add(0, hit.ClientID, in, []byte(" 1.2 "))
		f.add(0, hit.UserID, in, []byte("jane@example.com"))
		var got []string
		for _, of := range f.all {
			got = append(got, fmt.Sprint(of.form, " ", of.space, " ", string(f.text[of.from:of.to])))
		}
		mail := []string{
			"2 user_id jane@example.com", "2 email_sha256 " + sum256("jane@example.com"), "2 email_md5 " +
				sumMD5("jane@example.com"),
		}
		want := append([]string{"2 client_id:ga4 1.2"}, mail...)
		if older {
			want = append([]string{"2 client_id:ga4 1.2", "1 client_id:ga4_mp 1.2"}, mail...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("older %t: %q, want %q", older, got, want)
		}
	}
	// What is first met in an older form, and then in the newest, is of the newest.
	f := &idVariants{older: true, events: 1}
	f.add(0, hit.ClientID, in, []byte("1.2"))
	f.add(0, hit.ClientID, &idField{spaces: spacesLike("ga4_mp", "ga4_mp"), format: pseudonym.GACid}, []byte("1.2"))
	if len(f.all) != 2 || f.all[1].form != pseudonym.NewestForm {
		t.Errorf("%+v", f.all)
	}
}
