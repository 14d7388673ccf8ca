package pseudonym

import "github.com/tagwarden/tagwarden/rules/contact"

// Whole tells whether a text is, as a whole, an e-mail address or the international number of a telephone, and how its
// pseudonym is brought to one form: as [Mailbox] or [Dialled].
func Whole(text []byte) (Norm, bool) {
	switch contact.Whole(text) {
	case contact.Address:
		return Mailbox, true
	case contact.Number:
		return Dialled, true
	default:
		return Trimmed, false
	}
}
