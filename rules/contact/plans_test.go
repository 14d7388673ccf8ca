package contact

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	plans "github.com/nyaruka/phonenumbers"
)

// notClaimed are national writings that are read by what the country's numbers begin with, which is not known here: the
// ways in ask the library.
var notClaimed = map[string]string{
	"AR": "a mobile number is written with 15 behind the area's code, and has a 9 before it from abroad",
}

// kindsOfNumbers are those that a person may have.
var kindsOfNumbers = map[string]plans.PhoneNumberType{
	"fixed": plans.FIXED_LINE, "mobile": plans.MOBILE, "personal": plans.PERSONAL_NUMBER, "voip": plans.VOIP,
	"fixed or mobile": plans.FIXED_LINE_OR_MOBILE,
}

// TestNumbersOfAllCountries: the library's example numbers of every country, in every writing that the library has for
// them, are read as the number that they are; and the table says of each country what the library's metadata says.
func TestNumbersOfAllCountries(t *testing.T) {
	t.Parallel()
	regions := plans.GetSupportedRegions()
	var known []string
	for region := range regions {
		known = append(known, region)
	}
	slices.Sort(known)
	if got := CountryNames(); !slices.Equal(got, known) {
		t.Fatalf("the table knows %q\nthe library %q", got, known)
	}
	read := func(text string, in *Country) string {
		out, rest, _ := AppendPhone(nil, []byte(text), in)
		if rest != nil {
			t.Errorf("%s: %q is left of it", text, rest)
		}
		return string(out)
	}
	examples := 0
	for _, region := range known {
		of, _ := FindCountry(region)
		if want := strconv.Itoa(plans.GetCountryCodeForRegion(region)); of.code != want || of.Name != region {
			t.Errorf("%s: %+v, want the code %s", region, of, want)
		}
		for kind, what := range kindsOfNumbers {
			number := plans.GetExampleNumberForType(region, what)
			if number == nil || !plans.IsValidNumber(number) {
				continue
			}
			examples++
			want := strings.TrimPrefix(plans.Format(number, plans.E164), "+")
			international := plans.Format(number, plans.INTERNATIONAL)
			national := plans.Format(number, plans.NATIONAL)
			code, rest, _ := strings.Cut(international, " ")
			for _, text := range []string{
				"+" + want, international, plans.Format(number, plans.RFC3966), "00" + want, "00 " + international[1:],
				"tel:+" + want + ";ext=12", international + " ext. 12", international + " x12", international + "#12",
				strings.ReplaceAll(international, " ", "\u00a0"), strings.ReplaceAll(international, " ", "-"),
				arabic(international), wide(international), "(" + code + ") " + rest,
			} {
				for _, in := range []*Country{nil, &of} {
					if in != nil && in.exit == "000" && strings.HasPrefix(text, "00") {
						continue // 00 is nothing there
					}
					if got := read(text, in); got != want {
						t.Errorf("%s, %s: %q is read as %s, want %s", region, kind, text, got, want)
					}
				}
			}
			if code != international && !zeroKept(code[1:]) {
				for _, text := range []string{code + " (0)" + rest, code + " 0" + rest, "00" + code[1:] + "0" + rest} {
					if got := read(text, nil); got != want {
						t.Errorf("%s, %s: %q is read as %s, want %s", region, kind, text, got, want)
					}
				}
			}
			if got := read(national, &of); got != want && notClaimed[region] == "" {
				t.Errorf("%s, %s: %q within the country is read as %s, want %s", region, kind, national, got, want)
			}
			if of.exit != "" {
				if got := read(of.exit+" "+want, &of); got != want {
					t.Errorf("%s, %s: %s %s is read as %s", region, kind, of.exit, want, got)
				}
			}
		}
	}
	if examples < 600 {
		t.Errorf("only %d examples were read", examples)
	}
}

// arabic and wide are a text with its digits in another script.
func arabic(text string) string { return inDigits(text, '\u0660') }
func wide(text string) string   { return strings.ReplaceAll(inDigits(text, '\uff10'), "+", "\uff0b") }

func inDigits(text string, zero rune) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + zero
		}
		return r
	}, text)
}
