package scrub

// hashes finds hashes that stand for persons.
type hashes struct{ *view }

var hashLabels = newLabels(hashBit, "em", "hem", "email", "mail", "hash", "md5", "sha1", "sha256",
	"gravatar", "avatar", "hashed")

// at finds MD5, SHA-1 and SHA-256 in hex that a label ties to a person, or that the caller expects: who has a list of
// addresses has the address to each hash.
func (in hashes) at(w *word) (finding, bool) {
	if n := w.end - w.start; n < 32 || n != 32 && n != 40 && n != 64 || w.all&fHex == 0 || !in.want.Has(Hash) {
		return finding{}, false
	}
	if !in.want.expects(Hash) && !in.labelled(w.start, 2, hashLabels) {
		return finding{}, false
	}
	return finding{span: w.span, kind: Hash}, true
}
