package rules

import (
	"bytes"
	"crypto/md5" //nolint:gosec // hashes of placeholders are known by it; it protects nothing here
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/contact"
)

// placeholders are texts that stand where there is no identifier, as SDKs and sites send them; capitals make no
// difference, nor do quotes and brackets around one. A name that somebody may have is not among them, nor is "test":
// people try things out with it, and who objects as "test" means it.
//
// Sources: what PostHog refuses to identify anybody by (person-merge-service.ts: illegal ids, quoted ones too); what
// Mixpanel counts as nobody's (mixpanel-import: badUserIds); what Amplitude drops and Apple sends where tracking is
// limited (zeros); what Google Analytics, spreadsheets and languages write for nothing; names of fields that a tag
// manager left in place of their values; how shops call a customer without an account, in the languages that they
// speak (Magento's group "NOT LOGGED IN", "guest" and its translations in WooCommerce, Shopware and PrestaShop); what
// frameworks call whoever has not signed in (anonymousUser in Spring Security, AnonymousUser in Django); and the one
// Android id that a fault of the system gave to whole series of devices (Android issue 10603).
var placeholders = []string{
	// nothing, in languages and formats
	"-1", "NaN", "Infinity", "-Infinity", "null", "nil", "none", "None", "undefined", "false", "true", "n/a", "na", "N.A.",
	"#N/A", "#NV", "#REF!", "#NAME?", "#VALUE!", "[object Object]",
	"not set", "not-set", "not_set", "(not set)", "not provided", "(other)",
	// somebody, whoever that is
	"anonymous", "anon", "guest", "unknown", "unidentified", "not_authenticated", "not authenticated", "unauthenticated",
	"not logged in", "not_logged_in", "logged_out", "logged out", "no user", "nouser", "no_user",
	"guest user", "guest_user", "anonymous user", "anonymous_user", "anonymousUser",
	"anonym", "gast", "unbekannt", "nicht angemeldet", // German
	"anonyme", "invité", "inconnu", "visiteur", // French
	"anónimo", "anonimo", "invitado", "desconocido", // Spanish
	"ospite", "sconosciuto", // Italian
	"anoniem", "onbekend", // Dutch
	"anonimowy", "gość", "gosc", "nieznany", // Polish
	"anônimo", "convidado", "visitante", "desconhecido", // Portuguese
	// a field in place of its value
	"id", "email", "e-mail", "phone", "distinctid", "distinct_id", "user_id", "userid", "user id", "user-id", "client_id",
	"clientid", "client id", "device_id", "deviceid", "customer_id", "customerid", "anonymous_id", "anonymousid",
	"external_id", "advertising_id", "gaid", "idfa", "idfv", "uid", "uuid",
	// Android's
	"9774d56d682e549c",
}

// nobodys are the placeholders as they are looked for.
var nobodys = tabled()

type placeholderTables struct {
	words   map[string]struct{} // in lower case
	lengths [256]uint32         // of the words, by their first byte: a bit for each
	hashes  map[string]struct{} // in hexadecimal, of each in every way that it may be written, of no text, and of zeros
	starts  [1 << 10]uint64     // of the hashes, by their first four digits: a bit for each
}

func tabled() *placeholderTables {
	t := &placeholderTables{words: map[string]struct{}{}, hashes: map[string]struct{}{}}
	for _, text := range append(PlaceholderTexts(), "") {
		inside, _ := unwrapped([]byte(text))
		if low := lowered(nil, inside); len(low) > 0 {
			t.words[string(low)] = struct{}{}
			t.lengths[low[0]] |= 1 << len(low)
		}
		long, short := sha256.Sum256([]byte(text)), md5.Sum([]byte(text)) //nolint:gosec // see above
		for _, sum := range [][]byte{long[:], short[:]} {
			at := uint(sum[0])<<8 | uint(sum[1])
			t.starts[at/64] |= 1 << (at % 64)
			t.hashes[hex.EncodeToString(sum)] = struct{}{}
		}
	}
	return t
}

// PlaceholderTexts lists placeholders as they are mostly written: each as it is, in lower and in upper case, and zeros.
// It is for whoever asks a store what it holds of them; [Placeholder] knows more.
func PlaceholderTexts() []string {
	all := []string{"0", "00000000-0000-0000-0000-000000000000", "0000000000000000"}
	for _, text := range placeholders {
		all = append(all, text)
		for _, other := range [2]string{strings.ToLower(text), strings.ToUpper(text)} {
			if other != text {
				all = append(all, other)
			}
		}
	}
	return all
}

// How long a placeholder in words may be, and an address of two of them, in bytes.
const (
	longestPlaceholder = 24
	longestEmpty       = 2*longestPlaceholder + 1
)

// Placeholder tells whether an identifier is a text that stands where there is none, so that it is of nobody, and of
// everybody who has none: zeros, "null", "anonymous", a field that was not filled in, or the hash of one. Nobody can
// object by it, no objection is looked up by it, and it joins nothing.
func Placeholder(id []byte) bool {
	if placeholder(id) {
		return true
	}
	var room [2 * sha256.Size]byte
	for _, size := range [...]int{sha256.Size, md5.Size} {
		if hash, ok := contact.AppendHash(room[:0], id, size); ok && placeholderHash(hash) {
			return true
		}
	}
	return false
}

// placeholder is [Placeholder] without hashes. Nearly all identifiers leave it at their first bytes.
func placeholder(id []byte) bool {
	id, opened := unwrapped(id)
	switch {
	case len(id) == 0:
		return true
	case len(id) > 2*sha256.Size:
		return false
	case repeated(id):
		return true
	case len(id) > longestPlaceholder:
		return len(id) <= longestEmpty && emptyAddress(id)
	case ascii.IsDigit(id[0]) && id[0] != '9':
		return false
	}
	if bytes.IndexByte(id, '@') >= 0 {
		return emptyAddress(id)
	}
	return word(id) || opened && macro(id)
}

// word tells whether a text is one of the placeholders, apart from capitals.
func word(id []byte) bool {
	if nobodys.lengths[ascii.Lower(id[0])]>>len(id)&1 == 0 {
		return false
	}
	var room [longestPlaceholder]byte
	_, ok := nobodys.words[string(lowered(room[:0], id))]
	return ok
}

// lowered adds a text with letters of ASCII in lower case.
func lowered(dst, text []byte) []byte {
	for _, c := range text {
		dst = append(dst, ascii.Lower(c))
	}
	return dst
}

// unwrapped takes blanks, quotes and brackets in pairs off a text, and what Mixpanel has in front of a device's id;
// opened says whether there were brackets.
func unwrapped(id []byte) (inside []byte, opened bool) {
	for id = bytes.TrimSpace(id); len(id) >= 2; id = bytes.TrimSpace(id[1 : len(id)-1]) {
		if (id[0] == '$' || id[0] == '#') && id[1] == '{' { // ${user_id}, #{user_id}
			id = id[1:]
		}
		switch [2]byte{id[0], id[len(id)-1]} {
		case [2]byte{'"', '"'}, [2]byte{'\'', '\''}, [2]byte{'`', '`'}:
		case [2]byte{'{', '}'}, [2]byte{'[', ']'}, [2]byte{'(', ')'}, [2]byte{'<', '>'}, [2]byte{'%', '%'}:
			opened = true
		default:
			return bytes.TrimPrefix(id, []byte("$device:")), opened
		}
	}
	return id, opened
}

// macro tells whether a text that stood in brackets names a field: what a tag manager or an ad server was to put there
// is missing ({{Customer ID}}, %%PLAYER_ID%%).
func macro(id []byte) bool {
	n := len(id)
	return n > 3 && ascii.EqualFold(id[n-2:], "id") && strings.IndexByte("_- .", id[n-3]) >= 0 &&
		!bytes.ContainsAny(id, "0123456789")
}

// repeated tells whether a text is nothing but one letter or digit, again and again, or marks alone: zeros however many
// and however grouped, any other from eight on ("ffffffff-ffff-ffff-ffff-ffffffffffff", "+1111111111"), "***", "--".
func repeated(id []byte) bool {
	var one byte
	n := 0
	for _, c := range id {
		switch {
		case n > 0 && c != one && (ascii.IsAlnum(c) || c >= 0x80), c == '@':
			return false
		case !ascii.IsAlnum(c) && c < 0x80:
			continue
		}
		one = c
		n++
	}
	return n == 0 || one == '0' || n >= 8 && (ascii.IsHex(one) || one|0x20 == 'x')
}

// emptyAddress tells whether both sides of an e-mail address are placeholders: null@null.com, undefined@undefined.
func emptyAddress(id []byte) bool {
	name, domain, found := bytes.Cut(id, []byte{'@'})
	if !found {
		return false
	}
	if dot := bytes.IndexByte(domain, '.'); dot >= 0 {
		domain = domain[:dot]
	}
	return len(name) > 0 && len(domain) > 0 && placeholder(name) && placeholder(domain)
}

// placeholderHash tells whether a text is a hash of a placeholder, in hexadecimal.
func placeholderHash(id []byte) bool {
	if len(id) != 2*md5.Size && len(id) != 2*sha256.Size {
		return false
	}
	var at uint
	for _, c := range id[:4] {
		if !ascii.IsHex(c) {
			return false
		}
		at = at<<4 | uint(ascii.Hex(c))
	}
	if nobodys.starts[at/64]>>(at%64)&1 == 0 {
		return false
	}
	var room [2 * sha256.Size]byte
	_, ok := nobodys.hashes[string(lowered(room[:0], id))]
	return ok
}
