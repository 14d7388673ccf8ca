package pseudonym

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Format is the form in which a vendor expects an identifier.
type Format uint8

// The formats, with the form they write.
const (
	Auto  Format = iota // "auto": the form of the original
	GACid               // "ga_cid": 10 digits, a dot, 10 digits of a time in seconds (Google Analytics cid)
	Hex16               // "hex16": 16 hex digits (Matomo _id)
	Hex32               // "hex32": 32 hex digits
	// "uuid": RFC 9562 version 4, or version 7 with a made-up time where the original is of version 7
	UUID
	FBP            // "fbp": fb.1.<13 digits of a time in milliseconds>.<10 digits> (Meta _fbp)
	Digits         // "digits": as many digits as the original has, at least 10 and at most 15
	MixpanelDevice // "mixpanel_device": $device:<uuid>
	Text           // "text": 22 characters of base64url
	GACookie       // "ga_cookie": GA1.1.<cid> (the value of the cookie _ga, where a field takes it whole)
	// "amplitude_device": a UUID; what is read may be 22 characters of base64url, or end with "R"
	AmplitudeDevice

	numFormats
)

var formatNames = [numFormats]string{"auto", "ga_cid", "hex16", "hex32", "uuid", "fbp", "digits", "mixpanel_device",
	"text", "ga_cookie",
	"amplitude_device"}

// String returns the format's name as catalog files write it.
func (f Format) String() string {
	if f < numFormats {
		return formatNames[f]
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// ParseFormat returns the format of that name; "" is [Auto].
func ParseFormat(name string) (Format, bool) {
	if name == "" {
		return Auto, true
	}
	for f, n := range formatNames {
		if n == name {
			return Format(f), true
		}
	}
	return Auto, false
}

// Times inside pseudonyms lie between 2018-02-01 and 2025-08-31: plausible, and nothing
// to do with when the original was made.
const (
	firstSecond = 1_517_443_200
	seconds     = 239_241_600
)

// AppendFormat appends mac in the format. Of the original only its shape is looked at (which format it has, how many
// digits, whether it is a UUID of version 7): none of its bytes are used. Times are made from mac.
func AppendFormat(dst []byte, mac *[32]byte, f Format, original []byte) []byte {
	if f == Auto {
		f = Shape(original)
	}
	a, b := binary.BigEndian.Uint64(mac[:]), binary.BigEndian.Uint64(mac[8:])
	switch f {
	case GACookie:
		return AppendFormat(append(dst, "GA1.1."...), mac, GACid, nil)
	case GACid:
		dst = strconv.AppendUint(dst, 1_000_000_000+a%1_147_483_648, 10)
		dst = append(dst, '.')
		return strconv.AppendUint(dst, firstSecond+b%seconds, 10)
	case Hex16:
		return appendHex(dst, mac[:8])
	case Hex32:
		return appendHex(dst, mac[:16])
	case UUID, AmplitudeDevice:
		return appendUUID(dst, mac, original)
	case FBP:
		dst = append(dst, "fb.1."...)
		dst = strconv.AppendUint(dst, firstSecond*1000+b%(seconds*1000), 10)
		dst = append(dst, '.')
		return strconv.AppendUint(dst, 1_000_000_000+a%9_000_000_000, 10)
	case Digits:
		return appendDigits(dst, a, len(original))
	case MixpanelDevice:
		return appendUUID(append(dst, "$device:"...), mac, nil)
	default:
		return base64.RawURLEncoding.AppendEncode(dst, mac[:16])
	}
}

// Shape returns the format that an identifier seems to have, [Text] where it has none.
func Shape(id []byte) Format {
	switch {
	case isUUID(id):
		return UUID
	case len(id) > 8 && string(id[:8]) == "$device:":
		return MixpanelDevice
	case isFBP(id):
		return FBP
	case isCid(id):
		return GACid
	case len(id) > 6 && string(id[:4]) == "GA1." && ascii.IsDigit(id[4]) && id[5] == '.' && isCid(id[6:]):
		return GACookie
	case len(id) == 32 && ascii.HexDigits(id):
		return Hex32
	case len(id) == 16 && ascii.HexDigits(id) && !ascii.Digits(id):
		return Hex16
	case ascii.Digits(id):
		return Digits
	}
	return Text
}

const hexDigits = "0123456789abcdef"

func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// appendUUID writes a UUID of RFC 9562, section 5.4, or 5.7 where the original is one such.
func appendUUID(dst []byte, mac *[32]byte, original []byte) []byte {
	u := [16]byte(mac[:16])
	u[6] = u[6]&0x0f | 0x40
	if isUUID(original) && original[14] == '7' {
		millis := uint64(firstSecond*1000) + binary.BigEndian.Uint64(mac[16:])%(seconds*1000)
		u[0], u[1], u[2], u[3], u[4], u[5] = byte(millis>>40), byte(millis>>32), byte(millis>>24), byte(millis>>16),
			byte(millis>>8), byte(millis)
		u[6] = u[6]&0x0f | 0x70
	}
	u[8] = u[8]&0x3f | 0x80
	for i, c := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// appendDigits writes n digits, at least 10 and at most 15 (more would not survive as a JSON number), the first not 0.
func appendDigits(dst []byte, a uint64, n int) []byte {
	low := uint64(1_000_000_000)
	for i := 10; i < min(n, 15); i++ {
		low *= 10
	}
	return strconv.AppendUint(dst, low+a%(9*low), 10)
}

func isUUID(id []byte) bool {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return false
	}
	dashes := 0
	for _, c := range id {
		dashes += int(inUUID[c])
	}
	return dashes == 4
}

// inUUID counts the dashes of a UUID: 0 of a hexadecimal digit, 1 of a dash, and
// more than there may be of anything else.
var inUUID = func() (of [256]uint8) {
	for c := range of {
		switch {
		case c == '-':
			of[c] = 1
		case !ascii.IsHex(byte(c)):
			of[c] = 5
		}
	}
	return of
}()

// isFBP knows "fb.", how many dots the cookie's domain has (0 to 2), a time and a number.
func isFBP(id []byte) bool {
	return len(id) > 5 && string(id[:3]) == "fb." && id[3] >= '0' && id[3] <= '2' && id[4] == '.'
}

func isCid(id []byte) bool {
	n := len(id) - 11
	return n >= 6 && n <= 10 && id[n] == '.' && ascii.Digits(id[:n]) && ascii.Digits(id[n+1:])
}
