package contact

import (
	"bytes"

	"golang.org/x/net/idna"
)

// Spellings is how many spellings of an address [AppendSpelling] knows besides its normal form.
const Spellings = 2

// AppendSpelling appends another spelling of an address in its normal form, that others hash: 0: without the dots before
// "@gmail.com" and "@googlemail.com", as Google asks for (Campaign Manager 360, enhanced conversions: "Remove all periods
// that precede the domain name"); 1: with the domain's labels in the letters that people write. Ok is false where that
// is the address itself, and nothing is appended.
func AppendSpelling(dst, address []byte, n int) (out []byte, ok bool) {
	at := bytes.LastIndexByte(address, '@')
	if at < 0 {
		return dst, false
	}
	local, domain := address[:at], address[at+1:]
	switch {
	case n == 0 && (string(domain) == "gmail.com" || string(domain) == "googlemail.com"):
		if bytes.IndexByte(local, '.') < 0 {
			return dst, false
		}
		for _, c := range local {
			if c != '.' {
				dst = append(dst, c)
			}
		}
		return append(dst, address[at:]...), true
	case n == 1 && bytes.Contains(domain, []byte("xn--")) && len(domain) <= longestDomain:
		written, err := idna.Lookup.ToUnicode(string(domain))
		if err != nil || written == string(domain) {
			return dst, false
		}
		return append(append(dst, address[:at+1]...), written...), true
	}
	return dst, false
}
