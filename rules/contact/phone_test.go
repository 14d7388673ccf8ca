package contact

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// numbersOf are the numbers in a text.
func numbersOf(text string, in *Country) (all []string) {
	for rest := []byte(text); rest != nil; {
		var one []byte
		var how Reading
		if one, rest, how = AppendPhone(nil, rest, in); how != NoNumber {
			all = append(all, string(one))
		}
	}
	return all
}

// TestNumbersInEveryDress: however a number is written, its normal form is the same.
func TestNumbersInEveryDress(t *testing.T) {
	t.Parallel()
	de, _ := FindCountry("DE")
	us, _ := FindCountry("us")
	it, _ := FindCountry("IT")
	for _, c := range []struct {
		want  string
		in    *Country
		texts []string
	}{
		{"49301234567", nil, []string{"+49 30 1234567", "+49 (0)30 1234567", "+49 (0) 30 / 12 34 567", "0049301234567",
			"0049 (0)30 1234567",
			"+49 030 1234567", "+490301234567", "tel:+49-30-1234567", "tel:+49-30-1234567;ext=12", "+49.30.1234567",
			"+49 30 1234567 x12",
			"+49 30 1234567 ext. 12", "+49 30 1234567#12", "+49 30 1234567 Durchwahl 12", "+49 30 1234567,,12",
			"\u200e+49 30 1234567",
			"\uff0b\uff14\uff19 30 1234567", "+\u0664\u0669 \u0663\u0660 \u0661\u0662\u0663\u0664\u0665\u0666\u0667",
			"Tel.: +49 30 1234567",
			"49301234567", "490301234567", "+00 49 30 1234567", "(+49) 30 1234567", "%2B49%2030%201234567", "%252B49301234567",
			"+49\u00a030\u00a01234567",
			"'+49301234567"}},
		{"49301234567", &de, []string{"030 1234567", "030/1234567", "(030) 12 34-567", "+49 30 1234567", "30 1234567",
			"030 1234567 ext 9"}},
		{"14155550123", &us, []string{"(415) 555-0123", "415.555.0123", "1-415-555-0123", "+1 415 555 0123",
			"+1 (415) 555-0123 x7"}},
		{"49301234567", &us, []string{"011 49 30 1234567", "+49 30 1234567", "0049 30 1234567"}},
		{"390612345678", &it, []string{"06 1234 5678", "+39 06 1234 5678", "+39 (0)6 1234 5678", "003906 12345678"}},
		{"390612345678", nil, []string{"+39 06 1234 5678", "+39 (06) 12345678"}},
		{"0301234567", nil, []string{"030 1234567", "030/1234567"}},
		{"1234", nil, []string{"1234", "12-34"}},
	} {
		for _, text := range c.texts {
			if got := numbersOf(text, c.in); !slices.Equal(got, []string{c.want}) {
				t.Errorf("%q: %q, want %s", text, got, c.want)
			}
		}
	}
	for text, want := range map[string][]string{
		"+49301234567, +491701234567": {"49301234567", "491701234567"}, "+49301234567+491701234567": {"49301234567",
			"491701234567"},
		"+49301234567;0049 170 1234567": {"49301234567", "491701234567"}, "+49 30 1234567 / +49 170 1234567": {"49301234567",
			"491701234567"},
		"+49 30 1234567 oder +49 170 1234567": {"49301234567", "491701234567"}, "": nil, "-": nil, "jane": nil, "+": nil,
		strings.Repeat("1", 25): nil, strings.Repeat("1", 999): nil, "+49 30 1234567/89": {"4930123456789"},
	} {
		if got := numbersOf(text, nil); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, name := range []string{"", "D", "DEU", "XX", "d\xe9", "49", "D "} {
		if got, ok := FindCountry(name); ok || got != (Country{}) {
			t.Errorf("%q is %+v", name, got)
		}
	}
}

// FuzzPhone: the normal form of a normal form is itself, and it is never longer than what is read.
func FuzzPhone(f *testing.F) {
	for _, text := range []string{"+49 (0)30 1234567 ext 12", "0049+1", "+00", "\u0664", "+39 06 1", "1,2,3,4,5,6,7",
		"\U0001d7ce"} {
		f.Add([]byte(text), "DE")
		f.Add([]byte(text), "")
	}
	f.Fuzz(func(t *testing.T, text []byte, country string) {
		var in *Country
		if of, ok := FindCountry(country); ok {
			in = &of
		}
		given := bytes.Clone(text)
		for rest := text; rest != nil; {
			one, more, how := AppendPhone([]byte{'+'}, rest, in)
			if more != nil && len(more) >= len(rest) {
				t.Fatalf("%q goes on with %q", rest, more)
			}
			if rest = more; len(one) > 1+mostDigits+4 || (how == NoNumber) != (len(one) == 1) {
				t.Errorf("%q makes %q, %d", text, one, how)
			}
			if how != International && how != Within {
				continue
			}
			if again, left, _ := AppendPhone([]byte{'+'}, one, in); !bytes.Equal(again, one) || left != nil {
				t.Errorf("%q: %q becomes %q, %q", text, one, again, left)
			}
		}
		if !bytes.Equal(text, given) {
			t.Errorf("%q was changed", given)
		}
	})
}
