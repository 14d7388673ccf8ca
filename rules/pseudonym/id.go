package pseudonym

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// ids is the first of the norms of identifiers that an SDK or a site made: two for each [Format], see [Format.Norm].
const ids Norm = 64

// Norm is how identifiers of the format are brought to one form: as their vendor reads them. Where the vendor refuses
// what is of another form, exact, such an id stays as it stands; else known shapes are brought to one form in it, too.
func (f Format) Norm(exact bool) Norm {
	n := ids + 2*Norm(f)
	if exact {
		n++
	}
	return n
}

// of takes a norm apart; ok is false where it is none of an id's.
func (n Norm) of() (f Format, exact, ok bool) {
	if n < ids {
		return Auto, false, false
	}
	return Format((n - ids) / 2), (n-ids)%2 == 1, true
}

// Fits tells whether an id is one of the format: as its vendor reads it, white space around it apart.
func (f Format) Fits(id []byte) bool {
	var room [64]byte
	_, ok := f.read(room[:0], trim(id), true)
	return ok
}

// Random tells whether an id has the form that SDKs of the format give those which they make at random: what has it
// cannot be guessed, and is no name of a person. UUIDs are random in every format.
func (f Format) Random(id []byte) bool {
	id = trim(id)
	if isUUID(id) {
		return true
	}
	switch f {
	case GACid, GACookie:
		var room [64]byte
		_, ok := f.read(room[:0], id, true)
		return ok
	case Hex16:
		return len(id) >= 16 && ascii.HexDigits(id[:16])
	case Hex32:
		return len(id) == 32 && ascii.HexDigits(id)
	case FBP:
		_, ok := readFBP(id)
		return ok
	case MixpanelDevice, UUID:
		id = bytes.TrimPrefix(id, device)
		return isUUID(id) || fiveGroups(id)
	case AmplitudeDevice:
		id = bytes.TrimSuffix(id, []byte{'R'}) // as the SDKs of mobile devices end it
		return isUUID(id) || len(id) == 22 && base64url(id)
	default:
		return false
	}
}

var device = []byte("$device:")

// appendID appends the normal form of an id.
func appendID(dst []byte, f Format, exact bool, id []byte) []byte {
	base := len(dst)
	dst, ok := f.read(dst, id, exact)
	switch {
	case ok:
		return dst
	case exact:
		return append(dst[:base], id...)
	case isUUID(id):
		return appendLowerASCII(dst[:base], id)
	default:
		return appendWhole(dst[:base], id)
	}
}

// read appends an id as the vendor of the format reads it; ok is false where it is none of the format. Exact: the vendor
// takes ids of the format alone, and reads no more of them than it needs.
func (f Format) read(dst, id []byte, exact bool) (_ []byte, ok bool) {
	switch f {
	case GACid, GACookie:
		cid := afterGA(id)
		return append(dst, cid...), twoNumbers(cid)
	case Hex16:
		if exact && len(id) > 16 {
			id = id[:16] // Matomo reads no more
		}
		return appendLowerASCII(dst, id), len(id) == 16 && ascii.HexDigits(id)
	case Hex32:
		return appendLowerASCII(dst, id), len(id) == 32 && ascii.HexDigits(id)
	case FBP:
		fbp, ok := readFBP(id)
		return append(dst, fbp...), ok
	case UUID, MixpanelDevice:
		made := bytes.TrimPrefix(id, device)
		return appendLowerASCII(dst, made), isUUID(made) || fiveGroups(made)
	case Digits:
		from := len(dst)
		dst = appendWhole(dst, id)
		return dst, ascii.Digits(dst[from:]) && len(dst) > from
	default:
		return dst, false
	}
}

// afterGA cuts what the cookie _ga has in front of the id: "GA1.2-2.", the version, and the parts of the domain and path.
func afterGA(id []byte) []byte {
	if len(id) < 6 || string(id[:2]) != "GA" {
		return id
	}
	for range 2 {
		dot := bytes.IndexByte(id, '.')
		if dot < 0 {
			return id
		}
		id = id[dot+1:]
	}
	return id
}

// twoNumbers knows two numbers with a dot between them.
func twoNumbers(id []byte) bool {
	random, made, found := bytes.Cut(id, []byte{'.'})
	return found && digits(random, 20) && digits(made, 20)
}

// digits tells whether a text is 1 to most digits.
func digits(text []byte, most int) bool {
	return len(text) > 0 && len(text) <= most && ascii.Digits(text)
}

// readFBP returns the four parts of an id of Meta's cookie _fbp; libraries that refresh it put a part of their own behind
// them.
func readFBP(id []byte) ([]byte, bool) {
	if !isFBP(id) {
		return nil, false
	}
	end := len(id)
	rest := id[5:]
	made, rest, found := bytes.Cut(rest, []byte{'.'})
	random, behind, more := bytes.Cut(rest, []byte{'.'})
	if more {
		end -= len(behind) + 1
	}
	return id[:end], found && digits(made, 20) && digits(random, 20) && len(behind) <= 16
}

// fiveGroups knows the ids that Mixpanel's SDK made before, and PostHog's likewise: five numbers in hexadecimal, "-"
// between them, 40 characters or more in all.
func fiveGroups(id []byte) bool {
	groups, n := 0, 0
	for _, c := range id {
		switch {
		case c == '-' && n > 0:
			groups, n = groups+1, 0
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f':
			n++
		default:
			return false
		}
	}
	return groups == 4 && n > 0 && len(id) >= 40
}

func base64url(id []byte) bool {
	for _, c := range id {
		if !ascii.IsAlnum(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func appendLowerASCII(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, ascii.Lower(c))
	}
	return dst
}

// longestWhole is how many digits a whole number may have to be read: as many as the largest double has that every
// library writes without an exponent.
const longestWhole = 22

// appendWhole appends an id; one that is a whole number, written as those with a fraction are ("12345.0", "1.2345E4"), in
// its digits. An exponent counts where a dot stands before it: "12e4" is a name like any other.
func appendWhole(dst, id []byte) []byte {
	base := len(dst)
	dot := bytes.IndexByte(id, '.')
	if dot <= 0 || len(id) > 2*longestWhole || !digits(bytes.TrimPrefix(id[:dot], []byte{'-'}), longestWhole) {
		return append(dst, id...)
	}
	fraction, exponent := id[dot+1:], 0
	if at := bytes.IndexAny(fraction, "eE"); at >= 0 {
		power := bytes.TrimPrefix(fraction[at+1:], []byte{'+'})
		fraction = fraction[:at]
		if !digits(power, 2) {
			return append(dst, id...)
		}
		for _, c := range power {
			exponent = 10*exponent + int(c-'0')
		}
	}
	if !digits(fraction, longestWhole) || exponent > longestWhole {
		return append(dst, id...)
	}
	dst = append(dst, id[:dot]...)
	for i := range max(exponent, len(fraction)) {
		switch {
		case i >= len(fraction):
			dst = append(dst, '0')
		case i < exponent:
			dst = append(dst, fraction[i])
		case fraction[i] != '0': // no whole number
			return append(dst[:base], id...)
		}
	}
	return dst
}
