package iab

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// MaxAC is the longest additional consent string that is looked at, in bytes. One
// that names 4,000 providers has 18,898.
const MaxAC = 32768

// ACString is what Google's additional consent string says of its ad technology providers, which are not vendors of the
// TCF, as [DecodeAC] reads it. It counts only beside a TC string. Its zero value says nothing.
type ACString struct {
	Version              uint8
	consented, disclosed []uint32 // sorted
}

// DecodeAC decodes "1~1.35.41" (consented) or "2~1.35.41~dv.9.21" (consented, and disclosed
// without consent). Ids may come in any order.
func DecodeAC(text []byte) (*ACString, error) {
	if len(text) > MaxAC {
		return nil, tooLong
	}
	version, rest, ok := bytes.Cut(text, []byte("~"))
	consented, disclosed, two := bytes.Cut(rest, []byte("~"))
	switch {
	case !ok || len(version) != 1 || version[0] != '1' && version[0] != '2':
		return nil, acVersion
	case version[0] == '1' && two:
		return nil, acSecondPart
	case version[0] == '2' && !bytes.HasPrefix(disclosed, []byte("dv.")):
		return nil, acNoDisclosed
	case version[0] == '2':
		disclosed = disclosed[len("dv."):]
	}
	a := &ACString{Version: version[0] - '0'}
	all := make([]uint32, 0, bytes.Count(text, []byte("."))+2)
	var f fault
	if all, f = appendIDs(all, consented); f != fine {
		return nil, f
	}
	n := len(all)
	if all, f = appendIDs(all, disclosed); f != fine {
		return nil, f
	}
	a.consented, a.disclosed = all[:n:n], all[n:]
	for _, ids := range [][]uint32{a.consented, a.disclosed} {
		if !slices.IsSorted(ids) {
			slices.Sort(ids)
		}
	}
	return a, nil
}

// maxProvider is the length of the longest id in digits.
const maxProvider = 5

// appendIDs reads ids with dots between them; no text is no ids.
func appendIDs(ids []uint32, text []byte) ([]uint32, fault) {
	if len(text) == 0 {
		return ids, fine
	}
	id, digits := uint32(0), 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && ascii.IsDigit(text[i]):
			id = id*10 + uint32(text[i]-'0')
			if digits++; digits > maxProvider || id == 0 {
				return nil, acID
			}
		case i < len(text) && text[i] != '.':
			return nil, acCharacter
		case digits == 0:
			return nil, acEmptyID
		default:
			ids = append(ids, id)
			id, digits = 0, 0
		}
	}
	return ids, fine
}

// Has tells whether the visitor consented to the provider.
func (a *ACString) Has(id int) bool { return contains(a.consented, id) }

// Disclosed tells whether the provider was disclosed without consent; a string of version 1 does not say.
func (a *ACString) Disclosed(id int) bool { return contains(a.disclosed, id) }

func contains(ids []uint32, id int) bool {
	if id < 1 || id > 99999 {
		return false
	}
	_, found := slices.BinarySearch(ids, uint32(id))
	return found
}
