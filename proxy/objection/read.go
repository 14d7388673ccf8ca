package objection

import (
	"errors"
	"strings"

	plans "github.com/nyaruka/phonenumbers"

	"github.com/tagwarden/tagwarden/rules/contact"
)

// What an identifier is not.
var (
	errNoAddress = errors.New("it is no address: name@example.com is one")
	errNoNumber  = errors.New("it is no phone number: +49 30 1234567 is one")
	errLength    = errors.New("it is no phone number of its country: it has too many digits, or too few")
	errNoCountry = errors.New("it has no country: +49 30 1234567 is right, with the country's code in front; or say " +
		"whose numbers are meant: country (DE), --country, or phone_country of the site")
)

// Read brings an identifier that somebody gave to what an event may carry, each of them where the value lists several
// addresses or numbers. Country is whose phone numbers are meant where one does not say, ISO 3166-1, "" where nobody
// knows. The error says why no event can carry it; nothing of the value is in it.
func Read(name, value, country string) ([]ID, error) {
	if err := Unmatchable(name, value); err != nil {
		return nil, err
	}
	ids, err := []ID{{name, value}}, error(nil)
	switch {
	case name == "email" && !hashed(value, 32) && !hashed(value, 16):
		ids, err = readAddresses(value)
	case name == "phone" && !hashed(value, 32):
		ids, err = readNumbers(value, country)
	}
	for _, one := range ids {
		if err == nil {
			err = Unmatchable(name, one.Value)
		}
	}
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// hashed tells whether a value is a hash of so many bytes.
func hashed(value string, size int) bool {
	_, ok := contact.AppendHash(nil, []byte(value), size)
	return ok
}

// readAddresses reads a list of addresses. One that stands alone is kept as it was written, for whoever is told of it
// later.
func readAddresses(value string) (ids []ID, err error) {
	in := contact.ReadAddresses([]byte(value))
	for one, ok := in.Append(nil); ok; one, ok = in.Append(nil) {
		ids = append(ids, ID{"email", string(one)})
	}
	value = strings.TrimSpace(value)
	switch {
	case len(ids) == 0 || strings.Count(value, "@") > len(ids) || torn(value):
		return nil, errNoAddress
	}
	if err := asWritten(value); err != nil {
		return nil, err
	}
	if len(ids) == 1 && !strings.ContainsAny(value, " \t\r\n<>()[]{}\"',;:|%/`") && !strings.HasSuffix(value, ".") {
		ids[0].Value = value
	}
	return ids, nil
}

// torn tells whether words stand beside addresses that are no names in front of one in brackets: an address with a
// blank in it would be taken for another one.
func torn(value string) bool {
	if strings.ContainsAny(value, "<(\"") {
		return false
	}
	for field := range strings.FieldsFuncSeq(value, func(r rune) bool {
		return blank(r) || strings.ContainsRune(",;|",
			r)
	}) {
		if !strings.ContainsAny(field, "@%\uff20\ufe6b") && !strings.HasSuffix(field, ":") && field != "/" {
			return true
		}
	}
	return false
}

// readNumbers reads a list of phone numbers. One that stands alone and is read on the way of a hit as what it is, is
// kept as it was written.
func readNumbers(value, country string) (ids []ID, err error) {
	for rest := []byte(value); rest != nil; {
		own, more, how := contact.AppendPhone(nil, rest, nil)
		if how == contact.NoNumber {
			return nil, errNoNumber
		}
		number, err := readNumber(string(own), how, country)
		if err != nil {
			return nil, err
		}
		one := ID{"phone", number}
		if how == contact.International && number == "+"+string(own) && len(ids) == 0 && more == nil {
			one.Value = strings.TrimSpace(value)
		}
		ids, rest = append(ids, one), more
	}
	return ids, nil
}

// begun tells whether digits without a sign in front are a number of the country with its code: a spreadsheet takes the
// plus off.
func begun(digits, country string) bool {
	number, err := plans.Parse("+"+digits, plans.UNKNOWN_REGION)
	return err == nil && plans.IsValidNumber(number) &&
		int(number.GetCountryCode()) == plans.GetCountryCodeForRegion(country)
}

// fewest is how many digits a number has, without its country's code, that may be one though its country's plan does
// not know it: plans change. A shorter one is an area's or a network's code.
const fewest = 7

// cut tells whether a number is too short for anybody to have it.
func cut(number *plans.PhoneNumber) bool {
	return len(plans.GetNationalSignificantNumber(number)) < fewest && !plans.IsValidNumber(number)
}

// readNumber asks the plan of its country for a number, and returns it as E.164 writes it.
func readNumber(digits string, how contact.Reading, country string) (string, error) {
	of := country
	switch {
	case how == contact.International, len(digits) > 10 && digits[0] != '0' && (country == "" || begun(digits, country)):
		digits, of = "+"+digits, plans.UNKNOWN_REGION
	case country == "":
		return "", errNoCountry
	}
	number, err := plans.Parse(digits, of)
	switch {
	case errors.Is(err, plans.ErrInvalidCountryCode):
		return "", errNoCountry
	case err != nil:
		return "", errNoNumber
	case plans.IsPossibleNumberWithReason(number) != plans.IS_POSSIBLE, cut(number):
		return "", errLength
	}
	return plans.Format(number, plans.E164), nil
}
