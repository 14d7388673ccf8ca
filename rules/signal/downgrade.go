package signal

// Mode is what is said of each storage type of consent mode. Its zero value says nothing.
type Mode [numStorage]choice

// ReadMode reads what one parameter of consent mode states: gcs, gcd, npa, or ga4_mp_consent under its key. Ok is false
// where the parameter is none of these.
func ReadMode(signal string, key, text []byte) (mode Mode, ok bool) {
	mode, _, ok = readMode(signal, key, text)
	if signal == "ga4_mp_consent" && string(text) == "GRANTED" { // it shows no act, and is stated all the same
		mode.Grant(StorageOf(key))
	}
	return mode, ok
}

// readMode is ReadMode; readable is false where a part of the text is unclear.
func readMode(signal string, key, text []byte) (mode Mode, readable, ok bool) {
	switch signal {
	case "gcd":
		mode, readable = readGCD(text)
	case "gcs":
		mode, readable = readGCS(text)
	case "npa":
		mode[adPersonalization], readable = readNPA(text)
	case "ga4_mp_consent":
		mode, readable = readProtocol(key, text)
	default:
		return mode, false, false
	}
	return mode, readable, true
}

// And puts two readings together; the stricter holds.
func (m *Mode) And(other Mode) {
	for s := range m {
		m[s] = stricter(m[s], other[s])
	}
}

// Settled is what may be stated where the page said m: what it denies, and what cannot be read, is denied; what it
// grants stays granted if keep has it; of what it does not speak, ours holds.
func (m Mode) Settled(keep Storage, ours Mode) Mode {
	for s, c := range m {
		switch c {
		case notSet:
			m[s] = ours[s]
		case granted, byDefault:
			if m[s] = granted; !keep.Has(1 << s) {
				m[s] = denied
			}
		case denied, declined, unclear:
			m[s] = denied
		}
	}
	return m
}

// Least puts together what is stated of several events: denied where one of them is, granted where all are.
func (m *Mode) Least(other Mode) {
	for s, c := range other {
		switch {
		case m[s] == denied || c == denied:
			m[s] = denied
		case m[s] == notSet || c == notSet:
			m[s] = notSet
		default:
			m[s] = granted
		}
	}
}

// Grant states storage types as granted.
func (m *Mode) Grant(types Storage) {
	for s := range m {
		if types.Has(1 << s) {
			m[s] = granted
		}
	}
}

// Denied is the set of storage types that are denied.
func (m *Mode) Denied() Storage {
	var set Storage
	for s, c := range m {
		if c == denied || c == declined {
			set |= 1 << s
		}
	}
	return set
}

// Granted is the set of storage types that are granted.
func (m *Mode) Granted() Storage {
	var set Storage
	for s, c := range m {
		if c == granted || c == byDefault {
			set |= 1 << s
		}
	}
	return set
}

// AppendMode appends a value of gcs, gcd or ga4_mp_consent that states a mode, in the form of a text that can be read.
// Ok is false where there is nothing to be stated.
func AppendMode(dst []byte, signal string, key, form []byte, mode Mode) (out []byte, ok bool) {
	from := len(dst)
	switch signal {
	case "gcs":
		dst = append(dst, form...)
		for i, s := range [2]int{adStorage, analyticsStorage} {
			dst[from+2+i] = [...]byte{notSet: '-', byDefault: '1', granted: '1', denied: '0', unclear: '0'}[mode[s]]
		}
	case "gcd":
		dst = append(dst, form...)
		for s := range numStorage {
			dst[from+2+2*s] = [...]byte{notSet: 'l', byDefault: 'r', granted: 'r', denied: 'p', unclear: 'p'}[mode[s]]
		}
	case "ga4_mp_consent":
		of := StorageOf(key)
		switch {
		case of == 0:
		case mode.Denied().Has(of):
			dst = append(dst, "DENIED"...)
		case mode.Granted().Has(of):
			dst = append(dst, "GRANTED"...)
		}
	}
	return dst, len(dst) > from
}

// DowngradeGCS appends gcs with every storage type denied that is not in keep; of those that it does not speak of, what
// is settled. What cannot be read is not ok: then nothing is appended.
func DowngradeGCS(dst, text []byte, keep Storage, settled Mode) (out []byte, ok bool) {
	if _, valid := readGCS(text); !valid {
		return dst, false
	}
	dst = append(dst, text...)
	at := len(dst) - 2
	for i, s := range [2]int{adStorage, analyticsStorage} {
		switch letter := &dst[at+i]; {
		case *letter == '1' && !keep.Has(1<<s):
			*letter = '0'
		case *letter == '-' && settled[s] == denied:
			*letter = '0'
		case *letter == '-' && settled[s] == granted:
			*letter = '1'
		}
	}
	return dst, true
}

// DowngradeGCD does for gcd what [DowngradeGCS] does for gcs: a grant becomes a denial by update, whose letter says
// what the default was.
func DowngradeGCD(dst, text []byte, keep Storage, settled Mode) (out []byte, ok bool) {
	if _, valid := readGCD(text); !valid {
		return dst, false
	}
	dst = append(dst, text...)
	at := len(dst) - len(text) + 2
	for s := range numStorage {
		switch letter := &dst[at+2*s]; *letter {
		case 'l': // not set
			switch settled[s] {
			case denied:
				*letter = 'p'
			case granted:
				*letter = 'r'
			default:
			}
		case 't', 'v', 'r', 'n':
			if !keep.Has(1 << s) {
				*letter = denials[*letter]
			}
		}
	}
	return dst, true
}

// denials are letters of gcd: a denial by update in place of a grant: the letter says what the default was.
var denials = [256]byte{'t': 'u', 'v': 'u', 'r': 'q', 'n': 'm'}

// DowngradeUSP appends a US privacy string that says that the visitor opted out of sale, where it says that they did
// not. What cannot be read is not ok.
func DowngradeUSP(dst, text []byte) (out []byte, ok bool) {
	if len(text) != 4 || text[0] != '1' {
		return dst, false
	}
	for _, c := range text[1:] {
		if c != 'Y' && c != 'N' && c != '-' {
			return dst, false
		}
	}
	dst = append(dst, text...)
	if at := len(dst) - 2; dst[at] == 'N' {
		dst[at] = 'Y'
	}
	return dst, true
}
