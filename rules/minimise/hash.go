package minimise

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// hashes writes the hash by which vendors match.
var hashes = minimiser{
	name: "hash",
	done: "hashed",
	params: []parameter{
		{Param: Param{Name: "function", Type: Enum, Values: []string{"sha256"}, Required: true, Short: true,
			About: "the hash that vendors match by"},
			at: func(s *Spec) any { return &s.Hash }},
	},
	classes: hashable,
	compile: compileHash,
	apply:   hash,
	measure: Hashed,
	words: Words{
		"": {
			"en": "sent as a hash (SHA-256), by which the recipient can recognise the value in its own data",
			"de": "als Hashwert (SHA-256) weitergegeben, mit dem der Empfänger den Wert in seinen eigenen " +
				"Daten wiedererkennen kann",
			"fr": "transmission sous forme d’empreinte (SHA-256), par laquelle le destinataire peut " +
				"reconnaître la valeur dans ses propres données",
		},
	},
}

func compileHash(a *Action) error {
	if a.spec.Hash != "sha256" {
		return wrong("function", "must be sha256")
	}
	return nil
}

// hash writes SHA-256 in hex of the value as vendors normalise it for matching: e-mail addresses trimmed and
// in lower case, phone numbers as the digits of E.164, birth dates as digits, the rest trimmed and in lower
// case. What is such a hash already passes.
func hash(a *Action, dst []byte, v Value, _ *Env) ([]byte, Outcome) {
	if v.Kind == BoolValue {
		return dst, Dropped
	}
	if isSHA256(v.Bytes) {
		return dst, Kept
	}
	base := len(dst)
	switch a.class {
	case hit.Phone:
		dst = pseudonym.AppendNormal(dst, pseudonym.Dialled, v.Bytes)
	case hit.BirthDate:
		for _, c := range v.Bytes {
			if ascii.IsDigit(c) {
				dst = append(dst, c)
			}
		}
	case hit.Gender:
		dst = pseudonym.AppendNormal(dst, pseudonym.Mailbox, v.Bytes)
		if len(dst) > base { // vendors ask for the first letter
			dst = dst[:base+1]
		}
	default:
		dst = pseudonym.AppendNormal(dst, pseudonym.Mailbox, v.Bytes)
	}
	if len(dst) == base {
		return dst, Dropped
	}
	sum := sha256.Sum256(dst[base:])
	return hex.AppendEncode(dst[:base], sum[:]), Rewritten
}

func isSHA256(b []byte) bool {
	return len(b) == 64 && ascii.HexDigits(b)
}
