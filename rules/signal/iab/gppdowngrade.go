package iab

import "bytes"

// urlLetters is the alphabet of six bits a character (base64url).
const urlLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// DowngradeGPP appends a GPP string that says opted out of sale, sharing and targeted advertising wherever it says not
// opted out; all else stays as it is. Ok is false where the string cannot be read, or holds a US
// section whose place for them is not known.
func DowngradeGPP(dst, text []byte) (out []byte, ok bool) {
	if len(text) > MaxGPP {
		return dst, false
	}
	header, rest, more := bytes.Cut(text, []byte("~"))
	var ids [maxSection]uint8
	n, f := gppHeader(header, &ids)
	if f != fine || more != (n > 0) || more && bytes.Count(rest, []byte("~"))+1 != n {
		return dst, false
	}
	from, at := len(dst), len(dst)+len(header)+1
	dst = append(dst, text...)
	for _, id := range ids[:n] {
		section, _, _ := bytes.Cut(dst[min(at, len(dst)):], []byte("~"))
		at += len(section) + 1
		switch {
		case id == sectionUSP:
			if _, f := decodeUSP(section); f != fine {
				return dst[:from], false
			}
			if section[2] == 'N' {
				section[2] = 'Y'
			}
		case id >= sectionUS && id <= lastSection:
			if !downgradeUS(int(id), section) {
				return dst[:from], false
			}
		case id > lastSection:
			return dst[:from], false
		}
	}
	return dst, true
}

// downgradeUS does in place what [DowngradeGPP] does for one section.
func downgradeUS(id int, section []byte) bool {
	if id >= sectionMD && len(section) > 0 && int(sixBits[section[0]]) == id {
		return false // a header of the documents stands first
	}
	var s usSection
	if s.read(id, section) != fine {
		return false
	}
	for _, place := range [...]int{s.layout.sale, s.layout.sharing, s.layout.targeted} {
		if place == none || s.value(place) != notOptedOut {
			continue
		}
		bit := 6 + 2*place // fields of two bits never lie across two characters
		letter, shift := &section[bit/6], 4-bit%6
		six := sixBits[*letter]&^(3<<shift) | optedOut<<shift
		*letter = urlLetters[six]
	}
	return true
}
