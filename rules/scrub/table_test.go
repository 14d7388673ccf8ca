package scrub

import (
	"regexp"
	"testing"
)

// TestDetectors: each detector of the table has a name of its own, finds what its case holds where nothing else is
// looked for, and is the one that finds it.
func TestDetectors(t *testing.T) {
	t.Parallel()
	cases := [NumKinds]string{
		Email:      "to jane.doe@example.com",
		Phone:      "call +49 30 901820",
		Card:       "paid by 4111 1111 1111 1111",
		IBAN:       "to DE89 3704 0044 0532 0130 00",
		NationalID: "ssn 219-09-9999",
		IP:         "from 203.0.113.77",
		MAC:        "at 00:1b:44:11:3a:b7",
		JWT:        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
		Key:        "AKIAIOSFODNN7EXAMPLE",
		Geo:        "at 52.520008, 13.404954",
		Address:    "in 12 Example Street",
		BirthDate:  "born 1984-03-07",
		Token:      "token=a8f3k2m9",
		Hash:       "md5 9e107d9d372bb6826bd81d3542a419d6",
		Name:       "firstname=Jane",
		Own:        "of KD-123456",
	}
	own := compile(t, Rule{Label: "customer_no", Pattern: `\bKD-[0-9]{6}\b`})
	name, seen := regexp.MustCompile(`^[a-z]+$`), map[string]bool{}
	for k, d := range detectors {
		k := Kind(k)
		if !name.MatchString(d.name) || seen[d.name] {
			t.Errorf("the kind %d has no name of its own: %q", k, d.name)
		}
		seen[d.name] = true
		if _, found := own.Append(nil, []byte(cases[k]), Of(k)); found != Of(k) {
			t.Errorf("%v does not find what %q holds: %b", k, cases[k], found)
		}
		if _, found := own.Append(nil, []byte(cases[k]), All.Without(k)); found.Has(k) {
			t.Errorf("%v is found where it is not looked for", k)
		}
	}
}
