package signal

// DowngradeGCS appends gcs with every storage type denied that is not in keep. Downgraded is what it stated as granted
// and does no more. What cannot be read is not ok: then nothing is appended.
func DowngradeGCS(dst, text []byte, keep Storage) (out []byte, downgraded Storage, ok bool) {
	if _, valid := readGCS(text); !valid {
		return dst, 0, false
	}
	dst = append(dst, text...)
	at := len(dst) - 2
	for i, s := range [2]Storage{1 << adStorage, 1 << analyticsStorage} {
		if dst[at+i] == '1' && !keep.Has(s) {
			dst[at+i] = '0'
			downgraded |= s
		}
	}
	return dst, downgraded, true
}

// DowngradeGCD does for gcd what [DowngradeGCS] does for gcs: a grant becomes a denial by update, whose letter says
// what the default was.
func DowngradeGCD(dst, text []byte, keep Storage) (out []byte, downgraded Storage, ok bool) {
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
		downgraded |= 1 << i
	}
	return dst, downgraded, true
}
