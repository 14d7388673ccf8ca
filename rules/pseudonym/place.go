package pseudonym

import "github.com/tagwarden/tagwarden/rules/ascii"

// Formats is a set of formats.
type Formats uint32

// With is the set with one more format.
func (s Formats) With(f Format) Formats { return s | 1<<f }

// Has tells whether a format is in the set.
func (s Formats) Has(f Format) bool { return s&(1<<f) != 0 }

// FormatOf returns the format of an identifier's pseudonym by its text alone, so that it is the same at each place of a
// vendor where the id stands: the format of those that its SDK makes, if the text has it; else the one that it seems to
// have; and [Text] for what has none, and for numbers, which may be anything.
func (s Formats) FormatOf(id []byte) Format {
	switch {
	case s.Has(Hex16) && len(id) == 16 && ascii.HexDigits(id):
		return Hex16
	case s.Has(GACid) && GACid.Fits(id) && ascii.IsDigit(id[0]):
		return GACid
	}
	if shape := Shape(id); shape != Digits {
		return shape
	}
	return Text
}

// Free tells whether a place of the format takes ids of any: what stands there tells which. Of others the vendor, or
// what reads its cookie, takes no id of another format.
func (f Format) Free() bool {
	switch f {
	case Auto, UUID, Text, MixpanelDevice, AmplitudeDevice:
		return true
	default:
		return false
	}
}

// AppendShared appends what the pseudonym of an id in its normal form is made of, and tells whether that is more than
// the id: a device of Mixpanel's stands with "$device:" in front, and without.
func (s Formats) AppendShared(dst, id []byte) (_ []byte, more bool) {
	if more = s.Has(MixpanelDevice) && isUUID(id); more {
		dst = append(dst, device...)
	}
	return append(dst, id...), more
}
