package objection_test

import (
	"slices"
	"strings"
	"testing"

	plans "github.com/nyaruka/phonenumbers"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/contact"
)

// TestIdentifiersAreRead: what people give becomes what events carry, or is refused for a reason that says what would
// be right and nothing of the value.
func TestIdentifiersAreRead(t *testing.T) {
	t.Parallel()
	const a, b = "a@example.com", "b@example.com"
	sum := strings.Repeat("0f", 32)
	for _, c := range []struct {
		name, value, country string
		want                 []string
		fault                string
	}{
		{"email", " Jane.Doe@Example.com ", "", []string{"Jane.Doe@Example.com"}, ""},
		{"email", "jane@localhost", "", []string{"jane@localhost"}, ""},
		{"email", "Jane Doe <Jane@Example.com>", "", []string{"jane@example.com"}, ""},
		{"email", "MAILTO:" + a + "?subject=x", "", []string{a}, ""},
		{"email", "mailto:a%40example.com", "", []string{a}, ""},
		{"email", a + "; " + b, "", []string{a, b}, ""}, {"email", a + "," + b, "", []string{a, b}, ""},
		{"email", a + " | " + b, "", []string{a, b}, ""}, {"email", a + "\n" + b, "", []string{a, b}, ""},
		{"email", "Jane <" + a + ">, Joe <" + b + ">", "", []string{a, b}, ""}, {"email", a + " / " + b, "", []string{a, b},
			""},
		{"email", `"j d"@example.com`, "", []string{`"j d"@example.com`}, ""},
		{"email", "jan\u00e9@ex\u00e4mple.de", "", []string{"jan\u00e9@ex\u00e4mple.de"}, ""},
		{"email", "jan\u00e9@ex\u00e4mple.de.", "", []string{"jan\u00e9@xn--exmple-cua.de"}, ""},
		{"email", "E-Mail: " + a, "", []string{a}, ""}, {"email", sum, "", []string{sum}, ""},
		{"email", "@", "", nil, "it is no address"}, {"email", "jane@", "", nil, "it is no address"},
		{"email", "@example.com", "", nil, "it is no address"}, {"email", "j ane@example.com", "", nil, "it is no address"},
		{"email", "asked later", "", nil, "it is no address"}, {"email", "a@b@example.com", "", nil, "it is no address"},
		{"email", "nobody, none", "", nil, "it is no address"}, {"email", "jane(at)example.com", "", nil, "it is no address"},

		// A domain that cannot exist is a slip: the objection would be in force for nobody.
		{"email", "jane@shop..example", "", nil, "no domain is named like"}, {"email", "jane@.shop.example", "", nil,
			"no domain is named like"},
		{"email", "jane@-shop.example", "", nil, "no domain is named like"}, {"email", "jane@shop-.example", "", nil,
			"no domain is named like"},
		{"email", "jane@shop.-example", "", nil, "no domain is named like"}, {"email", "jane@shop.example..", "", nil,
			"no domain is named like"},
		{"email", "jane@shop.example-", "", nil, "no domain is named like"}, {"email", "jane%40shop..example", "", nil,
			"no domain is named like"},
		{"email", "jane\uff20shop..example", "", nil, "no domain is named like"}, {"email", "jane@ex\u00e4mple..de", "", nil,
			"no domain is named like"},
		{"email", "Jane <jane@shop..example>", "", nil, "no domain is named like"}, {"email", a + "; jane@shop..example", "",
			nil, "no domain is named like"},
		{"email", "jane@" + strings.Repeat("a", 64) + ".example", "", nil, "no domain is named like"},
		{"email", "jane@" + strings.Repeat("a.", 127) + "example", "", nil, "no domain is named like"},
		{"email", "jane+news@shop-2.example", "", []string{"jane+news@shop-2.example"}, ""}, {"email", "jane@shop.example.",
			"", []string{"jane@shop.example"}, ""},
		{"email", "jane@xn--exmple-cua.de", "", []string{"jane@xn--exmple-cua.de"}, ""},
		{"email", "<" + a + ">", "", []string{a}, ""},
		{"email", a + " (work)", "", []string{a}, ""}, {"email", a + ",", "", []string{a}, ""},

		// What stands behind an address is no part of it, and is not dropped without a word.
		{"email", a + "=foo", "", nil, "something stands behind"}, {"email", a + "&x=1", "", nil, "something stands behind"},
		{"email", a + "?subject=x", "", nil, "something stands behind"},
		{"email", a + "!", "", nil, "something stands behind"},
		{"email", a + "#x", "", nil, "something stands behind"}, {"email", "<" + a + "> later", "", nil,
			"something stands behind"},
		{"email", a + "%3Dfoo", "", nil, "something stands behind"}, {"email", b + "; " + a + "=foo", "", nil,
			"something stands behind"},

		{"phone", "+49 171 3920077", "", []string{"+49 171 3920077"}, ""}, {"phone", "+49 (0)171 3920077", "",
			[]string{"+49 (0)171 3920077"}, ""},
		{"phone", "0049 171 3920077", "", []string{"0049 171 3920077"}, ""}, {"phone", "491713920077", "",
			[]string{"+491713920077"}, ""},
		{"phone", "+1 (713) 920-0771", "", []string{"+1 (713) 920-0771"}, ""}, {"phone", "tel:+49-171-3920077", "",
			[]string{"tel:+49-171-3920077"}, ""},
		{"phone", "0171 3920077", "DE", []string{"+491713920077"}, ""}, {"phone", "171/3920077", "DE",
			[]string{"+491713920077"}, ""},
		{"phone", "(713) 920-0771", "US", []string{"+17139200771"}, ""}, {"phone", "011 49 171 3920077", "US",
			[]string{"+491713920077"}, ""},
		{"phone", "011 15-2345-6789", "AR", []string{"+5491123456789"}, ""}, {"phone", "06 1234 5678", "IT",
			[]string{"+390612345678"}, ""},
		{"phone", "+49 171 3920077, 0049 30 1234567", "", []string{"+491713920077", "+49301234567"}, ""},
		{"phone", "0171 3920077; 030 1234567", "DE", []string{"+491713920077", "+49301234567"}, ""},
		{"phone", "+\u0664\u0669 \u0661\u0667\u0661 \u0663\u0669\u0662\u0660\u0660\u0667\u0667", "",
			[]string{"+\u0664\u0669 \u0661\u0667\u0661 \u0663\u0669\u0662\u0660\u0660\u0667\u0667"}, ""},
		{"phone", "491713920077", "DE", []string{"+491713920077"}, ""}, {"phone", "491713920077", "FR", nil,
			"it is no phone number of its country"},
		{"phone", sum, "", []string{sum}, ""},
		{"phone", "0171", "DE", nil, "it is no phone number of its country"}, {"phone", "0171 1", "DE", nil,
			"it is no phone number of its country"},
		{"phone", "+49171", "", nil, "it is no phone number of its country"}, {"phone", "05361 9", "DE", nil,
			"it is no phone number of its country"}, {"phone", "0151 1234567", "DE", []string{"+491511234567"}, ""},
		{"phone", "01713920077", "", nil, "it has no country: +49 30 1234567 is right"}, {"phone", "(030) 1234567", "", nil,
			"it has no country"},
		{"phone", "1713920077", "", nil, "it has no country"}, {"phone", "0171/3920077", "", nil, "it has no country"},
		{"phone", "+49", "", nil, "it is no phone number"}, {"phone", "+49 1", "", nil, "it is no phone number"},
		{"phone", "+49 171 39200771234567", "", nil, "it is no phone number of its country"}, {"phone", "jane", "", nil,
			"it is no phone number"},
		// What is dialled within one town is in no event: the code of the area is missing.
		{"phone", "920-0771", "US", nil, "it is no phone number of its country"},
		{"phone", "+1 920 0771", "", nil, "it is no phone number of its country"},
		{"phone", "+49 171", "", nil, "it is no phone number of its country"},
		{"phone", "+999 171 3920077", "", nil, "it has no country"}, {"phone", "", "", nil, "it is no phone number"},
		{"phone", "4.91711E+11", "DE", nil, "it is a number as a spreadsheet shows a long one"},
		{"user_id", " 4711 ", "", []string{" 4711 "}, ""}, {"user_id", "4.9E+11", "", nil,
			"it is a number as a spreadsheet shows"},
		{"client_id:ga4", "@", "", []string{"@"}, ""},
		{"client_id:ga4", "0.0", "", nil, "it stands where somebody has no identifier"},
	} {
		got, err := objection.Read(c.name, c.value, c.country)
		var values []string
		for _, one := range got {
			if values = append(values, one.Value); one.Name != c.name {
				t.Errorf("%s %q becomes a %s", c.name, c.value, one.Name)
			}
		}
		switch {
		case c.fault == "" && err != nil, c.fault != "" && (err == nil || !strings.HasPrefix(err.Error(), c.fault)):
			t.Errorf("%s %q, %q: %v, want %q", c.name, c.value, c.country, err, c.fault)
		case !slices.Equal(values, c.want):
			t.Errorf("%s %q, %q: %q", c.name, c.value, c.country, values)
		}
	}
}

// TestNumbersAreFoundAsTheyAreRead: what the ways in make of every country's example numbers, within the country and
// from abroad, is what the way of a hit makes of the number that it is.
func TestNumbersAreFoundAsTheyAreRead(t *testing.T) {
	t.Parallel()
	for _, region := range contact.CountryNames() {
		for _, kind := range []plans.PhoneNumberType{plans.FIXED_LINE, plans.MOBILE, plans.VOIP, plans.PERSONAL_NUMBER} {
			number := plans.GetExampleNumberForType(region, kind)
			if number == nil || !plans.IsValidNumber(number) {
				continue
			}
			want := plans.Format(number, plans.E164)
			for text, country := range map[string]string{
				national(number, region): region, plans.Format(number, plans.INTERNATIONAL): "", want: "",
			} {
				ids, err := objection.Read("phone", text, country)
				if err != nil || len(ids) != 1 {
					t.Errorf("%s: %q: %q, %v", region, text, ids, err)
					continue
				}
				if got, _, _ := contact.AppendPhone([]byte("+"), []byte(ids[0].Value), nil); string(got) != want {
					t.Errorf("%s: %q is found as %s, and is %s", region, text, got, want)
				}
			}
		}
	}
}

// national is a number as it is written within its country. How the library writes Argentina's mobile ones it does not
// read itself.
func national(number *plans.PhoneNumber, region string) string {
	if region == "AR" && plans.GetNumberType(number) != plans.FIXED_LINE {
		return plans.Format(number, plans.E164)
	}
	return plans.Format(number, plans.NATIONAL)
}

// TestMasks: who gave an identifier knows it again, and nobody else learns it.
func TestMasks(t *testing.T) {
	t.Parallel()
	for id, want := range map[objection.ID]string{
		{Name: "email", Value: " Jane.Doe@Example.com"}:         "j***@example.com",
		{Name: "email", Value: "Jane <jane@example.com>"}:       "j***@example.com",
		{Name: "email", Value: "\u00e9ve@ex\u00e4mple.de"}:      "\u00e9***@xn--exmple-cua.de",
		{Name: "phone", Value: "0049 (0)171 3920077"}:           "+49 *** 77",
		{Name: "phone", Value: "+1 713 920 0771"}:               "+1 *** 71",
		{Name: "phone", Value: "030 1234567"}:                   "*** 67",
		{Name: "phone", Value: "112"}:                           "***",
		{Name: "user_id", Value: "customer-4711"}:               "c***1",
		{Name: "user_id", Value: "4711"}:                        "***",
		{Name: "client_id:ga4", Value: "1234567890.17"}:         "1***7",
		{Name: "email_sha256", Value: strings.Repeat("Ab", 32)}: "ababab***",
		{Name: "email_md5", Value: strings.Repeat("Ab", 16)}:    "ababab***",
	} {
		if got := objection.Mask(id); got.Is != want || got.Name != id.Name {
			t.Errorf("%s %q: %+v, want %s", id.Name, id.Value, got, want)
		}
	}
}
