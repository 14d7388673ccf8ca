package signal

// Storage is a set of the storage types of Google's consent mode.
type Storage uint8

// Has tells whether all of the types are in the set.
func (s Storage) Has(all Storage) bool { return s&all == all }

// The storage types that more than themselves depends on.
const (
	AdStorage         Storage = 1 << adStorage
	AdUserData        Storage = 1 << adUserData
	AdPersonalization Storage = 1 << adPersonalization
)

// StorageOf is the set of a storage type's name: ad_storage and the like; empty for any other name.
func StorageOf(name []byte) Storage {
	for i, known := range storageNames {
		if string(name) == known {
			return 1 << i
		}
	}
	return 0
}

// StorageIn is the set of storage types that categories stand for, as the site maps them.
func (r *Reader) StorageIn(categories Categories) Storage {
	var set Storage
	for i, c := range r.modes {
		if c != 0 && c&categories == c {
			set |= 1 << i
		}
	}
	return set
}

// LowerGCS appends gcs with every storage type denied that is not in keep. Lowered is what it stated as granted and does no more. What
// cannot be read is not ok: then nothing is appended.
func LowerGCS(dst, text []byte, keep Storage) (out []byte, lowered Storage, ok bool) {
	if _, valid := readGCS(text); !valid {
		return dst, 0, false
	}
	dst = append(dst, text...)
	at := len(dst) - 2
	for i, s := range [2]Storage{1 << adStorage, 1 << analyticsStorage} {
		if dst[at+i] == '1' && !keep.Has(s) {
			dst[at+i] = '0'
			lowered |= s
		}
	}
	return dst, lowered, true
}

// LowerGCD does for gcd what LowerGCS does for gcs: a grant becomes a denial by update, whose letter says what the default was.
func LowerGCD(dst, text []byte, keep Storage) (out []byte, lowered Storage, ok bool) {
	if _, valid := readGCD(text); !valid {
		return dst, 0, false
	}
	dst = append(dst, text...)
	at := len(dst) - len(text) + 2
	for i := range numStorage {
		letter := &dst[at+2*i]
		if keep.Has(1 << i) {
			continue
		}
		switch *letter {
		case 't', 'v': // granted by default
			*letter = 'u'
		case 'r': // denied by default
			*letter = 'q'
		case 'n': // no default
			*letter = 'm'
		default:
			continue
		}
		lowered |= 1 << i
	}
	return dst, lowered, true
}
