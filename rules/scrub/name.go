package scrub

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/names"
)

// personNames finds names by what they are called.
type personNames struct{ *view }

// nameLabels are what forms and SDKs call the names of persons, in lower case and without "_" and "-": those of the
// table of names, and "username". "name" alone is none of them: products, events and campaigns have names too.
var nameLabels = newVocabulary(append(names.Labels(), "username", "attn", "policyholder",
	"versicherungsnehmer", "rekeninghouder", "verzekeringnemer", "tenaamstelling", "addressee")...)

const (
	maxNameLabel = 24 // bytes of a label, with what joins its words
	maxNameWords = 4
)

// at finds what a label at the word [i, j) calls a person's name, joined by ":" or "=", and, where the caller expects
// names, words that start with a capital. No pattern tells a name from other words; so without a label or an expecting
// caller none is found.
func (in personNames) at(i, j int) (finding, bool) {
	if !in.want.Has(Name) {
		return finding{}, false
	}
	if in.want.expects(Name) && in.named(span{i, j}) {
		return finding{span: span{i, in.end(i)}, kind: Name}, true
	}
	if flags[in.after(j)]&fJoint == 0 || isWord(in.after(i+1)) && !nameLabels.heads.any(in.text[i], in.after(i+1)) {
		return finding{}, false
	}
	if c := in.before(i); c == '_' || c == '-' {
		return finding{}, false
	}
	start := in.label(i)
	if start == 0 || start >= in.mail.start {
		return finding{}, false
	}
	end := min(in.end(start), in.mail.start)
	value := in.text[start:end]
	if end <= start || noNames.has(value) ||
		!in.named(span{start, end}) && !bytes.ContainsAny(value, " +'") && in.after(end) == ' ' {
		return finding{}, false
	}
	return finding{span: span{start, end}, kind: Name}, true
}

// noNames are what stands in the place of a name.
var noNames = newVocabulary("true", "false", "null", "undefined", "none", "required", "empty", "string", "text",
	"missing", "invalid", "yes", "no")

// label returns where the value of a label at i starts, 0 where there is no such label or value.
func (in personNames) label(i int) int {
	var compact [maxNameLabel]byte
	n, k := 0, i
	for ; k < len(in.text) && k-i < maxNameLabel; k++ {
		c := in.text[k]
		if isLetter(c) || c >= 0x80 {
			compact[n] = ascii.Lower(c)
			n++
		} else if c != '_' && c != '-' && c != ' ' {
			break
		}
	}
	in.spend(k - i)
	c := in.after(k)
	if n < 4 || c != ':' && c != '=' && c != '"' && c != '\'' && c != ']' && c != '>' || !nameLabels.has(compact[:n]) {
		return 0
	}
	if k = in.written(i, k); k < 0 {
		return -k
	}
	joined := false
	for start := k; k < len(in.text) && k-start < 6; k++ {
		switch in.text[k] {
		case ':', '=':
			joined = true
		case '"', '\'', ' ', ']':
		default:
			if joined && (isLetter(in.text[k]) || in.text[k] >= 0x80) {
				return k
			}
			return 0
		}
	}
	return 0
}

// written returns where the value behind a label [i, k) stands that is written as data are: between tags of XML, as the
// next in a row, "first_name","Jane", with its length in front as PHP writes it. It is less than zero then; else it is
// k. A name begins with a letter.
func (in personNames) written(i, k int) int {
	at := 0
	switch c, before := in.after(k), in.before(i); {
	case c == '>' && before == '<':
		at = k + 1
	case c == '"' && before == '"' && in.after(k+1) == ',':
		if at = k + 2; in.after(at) == ' ' {
			at++
		}
		if in.after(at) != '"' {
			return k
		}
		at++
	case c == '"' && before == '"' && hasFold(in.text[k+1:], ";s:"):
		for at = k + len(`";s:`); isDigit(in.after(at)) && at < k+8; at++ {
		}
		if in.after(at) != ':' || in.after(at+1) != '"' {
			return k
		}
		at += 2
	default:
		return k
	}
	if c := in.after(at); !isLetter(c) && c < 0x80 {
		return k
	}
	return -at
}

// end returns where the name that starts at i ends: up to four words with spaces, dashes, dots or apostrophes between;
// behind a space only words that start with a capital, and the small ones that names have.
func (in personNames) end(i int) int {
	end := in.wordEnd(i)
	for n := 1; n < maxNameWords; n++ {
		c := in.after(end)
		k := end + 1
		if c == '.' && isSpace(in.after(k)) {
			k++
		}
		if k >= len(in.text) || !isWord(in.text[k]) || isDigit(in.text[k]) ||
			!isSpace(c) && c != '-' && c != '.' && c != '\'' {
			break
		}
		next := in.wordEnd(k)
		if isSpace(c) && in.labels(span{k, next}) { // "Vorname: Jane Nachname: Doe"
			break
		}
		if w := (span{k, next}); isSpace(c) && !in.named(w) && !particles.has(in.of(w)) {
			break
		}
		end = next
	}
	in.spend(end - i)
	return end
}

// labels tells whether a word is the label of another name, or of a password, or the first of its words.
func (in personNames) labels(w span) bool {
	if c := in.after(w.end); c == ':' || c == '=' {
		return passwordLabels.has(in.of(w)) || in.label(w.start) != 0
	} else if !isSpace(c) {
		return false
	}
	return nameLabels.heads.any(in.text[w.start], in.after(w.start+1)) && in.label(w.start) != 0
}

// particles are the small words inside names.
var particles = newVocabulary("van", "von", "de", "der", "den", "del", "di", "da", "du", "la", "le", "ter", "zu", "af",
	"el", "al", "bin", "y", "e", "dos", "das")
