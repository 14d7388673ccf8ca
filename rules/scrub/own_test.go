package scrub

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
)

func compile(t testing.TB, rules ...Rule) *Detectors {
	t.Helper()
	d, err := Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOwnFinds(t *testing.T) {
	t.Parallel()
	d := compile(t,
		Rule{Label: "customer_no", Pattern: `(?i)\bkd-?[0-9]{6}\b`},
		Rule{Label: "loyalty", Pattern: `\b29[0-9]{11}\b`, Checksum: "ean"},
		Rule{Label: "plate", Pattern: `\b[A-Z]{1,3}-[A-Z]{1,2} [0-9]{1,4}\b`},
		Rule{Label: "mail_of_staff", Pattern: `[a-z.]+@staff\.example`},
	)
	for in, want := range map[string]string{
		"KD-123456":                      "[customer_no]",
		"kd123456,KD-654321 and more":    "[customer_no],[customer_no] and more",
		"x=KD%2D123456&y=1":              "x=[customer_no]&y=1",
		url.PathEscape("B-XY 123"):       "[plate]",
		"nothing here":                   "nothing here",
		"card 2912345678906":             "card [loyalty]",
		"card 2912345678902":             "card 2912345678902",
		"a.b@staff.example":              "[mail_of_staff]",
		"KD-123456 jane.doe@example.com": "[customer_no] [email]",
		"ＫＤ－１２３４５６":                      "[customer_no]",
		base64.StdEncoding.EncodeToString([]byte("order of KD-123456")): "[customer_no]",
		"KD-12345": "KD-12345",
	} {
		got, found := d.Append(nil, []byte(in), All)
		if string(got) != want || (found != 0) != (in != want) {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
		again, _ := d.Append(nil, got, All)
		if string(again) != string(got) {
			t.Errorf("%q became %q, and then %q", in, got, again)
		}
	}
	if got, _ := d.Append(nil, []byte("KD-123456 jane@example.com"), All.Without(Own)); string(
		got) != "KD-123456 [email]" {
		t.Errorf("unasked: %q", got)
	}
	if list := d.Locate([]byte("ab KD-123456"), All); len(list) != 1 || list[0] != (Finding{3, 12, Own, "customer_no"}) {
		t.Errorf("located %+v", list)
	}
}

func TestOwnRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", MaxPattern+1)
	for _, r := range []Rule{
		{Label: "", Pattern: "a1"},
		{Label: "A", Pattern: "a1"},
		{Label: "a]", Pattern: "a1"},
		{Label: "a", Pattern: "("},
		{Label: "a", Pattern: `(?=x)`},
		{Label: "a", Pattern: `x*`},
		{Label: "a", Pattern: `\b`},
		{Label: "a", Pattern: `(x|)`},
		{Label: "a", Pattern: `.`},
		{Label: "a", Pattern: `[a-z]{3}`},
		{Label: "a", Pattern: long},
		{Label: "a", Pattern: `(?:[a-z][0-9][a-f]){1,900}`},
		{Label: "a", Pattern: "a1", Checksum: "crc"},
	} {
		_, err := Compile([]Rule{r})
		if of, ok := errors.AsType[*RuleError](err); !ok || of.Msg == "" || of.Part == "" {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if _, err := Compile(make([]Rule, MaxOwn+1)); err == nil {
		t.Error("too many are accepted")
	}
}

func TestChecksums(t *testing.T) {
	t.Parallel()
	for name, list := range map[string][2]string{
		"luhn":             {"4111-1111-1111-1111", "4111-1111-1111-1112"},
		"mod97":            {"DE89 3704 0044 0532 0130 00", "DE88 3704 0044 0532 0130 00"},
		"mod11":            {"3-16-148410-X", "3-16-148411-X"},
		"iso7064_mod11_10": {"86095742719", "86095742718"},
		"ean":              {"4006381333931", "4006381333932"},
		"verhoeff":         {"2363", "2364"},
	} {
		c, ok := parseChecksum(name)
		if !ok || !c.holds([]byte(list[0])) || c.holds([]byte(list[1])) {
			t.Errorf("%s: %v of %s, %v of %s", name, c.holds([]byte(list[0])), list[0], c.holds([]byte(list[1])), list[1])
		}
	}
	if len(Checksums()) != 6 {
		t.Errorf("%v: not all are looked at", Checksums())
	}
}

// TestOwnLinear: patterns whose every match reads all of the text are given up, and what is behind goes whole.
func TestOwnLinear(t *testing.T) {
	t.Parallel()
	d := compile(t, Rule{Label: "bad", Pattern: `z1(?:.*b2)?`}, Rule{Label: "never", Pattern: `z1`, Checksum: "luhn"})
	in := []byte(strings.Repeat("z1 ", 1<<16))
	l := look{want: Of(Own), own: d.own, most: unbounded}
	out, saw := l.append(nil, in)
	if strings.Contains(string(out), "z1") || len(out) > len(in) {
		t.Errorf("%d bytes are left", len(out))
	}
	if most := 2 * costAgain * maxMatches * len(in); saw.steps > most {
		t.Errorf("%d steps for %d bytes, at most %d are right", saw.steps, len(in), most)
	}
	m := NewMeter(32 * len(in))
	if out, _ := d.AppendWithin(&m, nil, in, Of(Own)); !m.Spent() || string(out) != scrubbed {
		t.Errorf("reading the text again and again is not counted: %.40q", out)
	}
}

// TestOwnCost: a detector costs little for text that it reads once, however many matches there are.
func TestOwnCost(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{`\bKD-[0-9]{6}\b`, `\bKD-[0-9]+\b`, `(?i)kd-\w*`, `KD-(?:[0-9]|-)+`} {
		d := compile(t, Rule{Label: "customer_no", Pattern: pattern})
		in := []byte(strings.Repeat("an order of KD-123456 and some words more of text, ", 60))
		l := look{want: Of(Own), own: d.own, most: unbounded}
		out, saw := l.append(nil, in)
		if strings.Contains(string(out), "KD") {
			t.Errorf("%s: left in %q", pattern, out)
		}
		if most := 48 * len(in); saw.steps > most {
			t.Errorf("%s: %d steps for %d bytes, at most %d are right", pattern, saw.steps, len(in), most)
		}
	}
}
