package scrub

var hashLabels = newLabels(hashBit, "em", "hem", "email", "mail", "hash", "md5", "sha1", "sha256", "gravatar", "avatar", "hashed")

// hash finds MD5, SHA-1 and SHA-256 in hex that a label ties to a person, or that the caller expects: who has a list of addresses has
// the address to each hash.
func (s *scan) hash(w *word) (finding, bool) {
	if n := w.end - w.start; n < 32 || n != 32 && n != 40 && n != 64 || w.all&fHex == 0 || !s.want.Has(Hash) {
		return finding{}, false
	}
	if !s.want.expects(Hash) && !s.labelled(w.start, 2, hashLabels) {
		return finding{}, false
	}
	return finding{span: w.span, kind: Hash}, true
}
