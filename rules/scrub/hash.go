package scrub

var hashLabels = []string{"em", "hem", "email", "mail", "hash", "md5", "sha1", "sha256", "gravatar", "avatar", "hashed"}

// hash finds MD5, SHA-1 and SHA-256 in hex that a label ties to a person, or that the caller expects: who has a list of addresses has
// the address to each hash.
func (s *scan) hash(i, j int) (finding, bool) {
	if n := j - i; !s.want.Has(Hash) || n != 32 && n != 40 && n != 64 {
		return finding{}, false
	}
	for _, c := range s.text[i:j] {
		if !isHex(c) {
			return finding{}, false
		}
	}
	if !s.want.expects(Hash) && !s.labelled(i, 2, hashLabels) {
		return finding{}, false
	}
	return finding{span: span{i, j}, kind: Hash}, true
}
