package minimise

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

var quantities = []hit.Class{hit.Revenue, hit.Performance, hit.Interaction}

// TestQuantities: fields that say how much or how often pass numbers, yes and no, currencies and the words of
// browsers, on every basis, and nothing else.
func TestQuantities(t *testing.T) {
	with, without := testEnv(), testEnv()
	with.Consented = true
	check := func(id string, want string) {
		t.Helper()
		for _, class := range quantities {
			keeps := must(t, Spec{Kind: Keep}, class)
			for _, env := range []*Env{with, without} {
				if got := text(t, keeps, id, env); got != want {
					t.Errorf("%v: %q becomes %q, want %q", class, id, got, want)
				}
			}
		}
	}
	for _, number := range []string{
		"", "0", "1", "-1", "+1", "08", "79.99", "-79.99", "1,234.50", "1.234,50", "1.234.567,89", "1,234,567.89",
		"1,234,567", "12,5", "1e3", "7.5E-3", "1e+10",
		"80%", "12,99 €", "€12.99", "$ 5", "R$ 5,00", "EUR 12", "12 EUR", "chf12", "250ms", "3.5s", "100 zł", "12\u00a0€",
		"1764323112345", "1764323112345678901",
		"2500.3000000000466", "true", "FALSE", "yes", "EUR", "usd", "click", "rageclick", "copy", "allow_all", "purchase",
		"+1234567", "4111111111111112", "null",
	} {
		check(number, number)
	}
	for _, other := range []string{
		"Jane", "Ola", "jane.doe@example.com", "+49 151 23456789", "+4915123456789", "+12345678", "0151 23456789",
		"015123456789", "601 234 567", "601.234.567",
		"4111111111111111", "4111111111111111.0", "-4111111111111111", "4111 1111 1111 1111", "DE89370400440532013000",
		"203.0.113.77", "1984-03-07", "07.03.1984",
		"cust-48213", "red", "12 Monkeys", "EURO", "EUR12.", "1..2", "1e", "--1", "12,", "1e1000", "%", "€", "1 2",
		"click click", "0123", "٤٢",
		strings.Repeat("click", 8),
	} {
		check(other, dropped)
	}
	cases := detectedCases(t)
	for i := range cases {
		c := &cases[i]
		for _, class := range quantities {
			if got := text(t, must(t, Spec{Kind: Keep}, class), c.In, with); got != dropped && c.left(got) != "" &&
				!ascii.Digits(got) {
				t.Errorf("%v: %q leaves as %q", class, c.In, got)
			}
		}
	}
}

// TestQuantitiesAsNumbers: a number of JSON is looked at like its text.
func TestQuantitiesAsNumbers(t *testing.T) {
	env := testEnv()
	for _, class := range quantities {
		keeps := must(t, Spec{Kind: Keep}, class)
		for number, want := range map[string]Outcome{"79.99": Kept, "-1": Kept, "1e3": Kept, "4111111111111111": Dropped,
			"4111111111111111.5": Dropped, "17643231123": Kept} {
			if _, got := apply(t, keeps, Value{Bytes: []byte(number), Kind: NumberValue}, env); got != want {
				t.Errorf("%v: %s is %v, want %v", class, number, got, want)
			}
		}
	}
}
