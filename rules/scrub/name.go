package scrub

import "bytes"

// nameLabels are what forms and SDKs call the names of persons, in lower case and without "_" and "-". "name" alone is none of them:
// products, events and campaigns have names too.
var nameLabels = newVocabulary(
	"firstname", "lastname", "fullname", "givenname", "familyname", "middlename", "maidenname", "surname", "forename", "fname", "lname", "username",
	"customername", "billingname", "shippingname", "cardholder", "cardholdername", "recipientname",
	"vorname", "nachname", "familienname", "geburtsname",
	"prenom", "prénom", "nomdefamille", "nomcomplet",
	"apellido", "apellidos", "nombrecompleto", "nombreyapellidos", "primerapellido",
	"cognome", "voornaam", "achternaam", "imie", "imię", "nazwisko", "sobrenome", "nomecompleto", "förnamn", "efternamn", "fornavn", "etternavn", "etunimi", "sukunimi",
)

const (
	maxNameLabel = 24 // bytes of a label, with what joins its words
	maxNameWords = 4
)

// name finds what a label at the word [i, j) calls a person's name, joined by ":" or "=", and, where the caller expects names, words that
// start with a capital. No pattern tells a name from other words; so without a label or an expecting caller none is found.
func (s *scan) name(i, j int) (finding, bool) {
	if !s.want.Has(Name) {
		return finding{}, false
	}
	if s.want.expects(Name) && s.named(span{i, j}) {
		return finding{span: span{i, s.nameEnd(i)}, kind: Name}, true
	}
	if flags[s.after(j)]&fJoint == 0 || isWord(s.after(i+1)) && !nameLabels.heads.any(s.text[i], s.after(i+1)) {
		return finding{}, false
	}
	if c := s.before(i); c == '_' || c == '-' {
		return finding{}, false
	}
	start := s.nameLabel(i)
	if start == 0 || start >= s.mail.start {
		return finding{}, false
	}
	end := min(s.nameEnd(start), s.mail.start)
	value := s.text[start:end]
	if end <= start || noNames.has(value) || !s.named(span{start, end}) && !bytes.ContainsAny(value, " +'") && s.after(end) == ' ' {
		return finding{}, false
	}
	return finding{span: span{start, end}, kind: Name}, true
}

// noNames are what stands in the place of a name.
var noNames = newVocabulary("true", "false", "null", "undefined", "none", "required", "empty", "string", "text", "missing", "invalid", "yes", "no")

// nameLabel returns where the value of a label at i starts, 0 where there is no such label or value.
func (s *scan) nameLabel(i int) int {
	var compact [maxNameLabel]byte
	n, k := 0, i
	for ; k < len(s.text) && k-i < maxNameLabel; k++ {
		c := s.text[k]
		if isLetter(c) || c >= 0x80 {
			compact[n] = lower(c)
			n++
		} else if c != '_' && c != '-' && c != ' ' {
			break
		}
	}
	s.spend(k - i)
	if c := s.after(k); n < 4 || c != ':' && c != '=' && c != '"' && c != '\'' && c != ']' || !nameLabels.has(compact[:n]) {
		return 0
	}
	joined := false
	for start := k; k < len(s.text) && k-start < 6; k++ {
		switch s.text[k] {
		case ':', '=':
			joined = true
		case '"', '\'', ' ', ']':
		default:
			if joined && (isLetter(s.text[k]) || s.text[k] >= 0x80) {
				return k
			}
			return 0
		}
	}
	return 0
}

// nameEnd returns where the name that starts at i ends: up to four words with spaces, dashes, dots or apostrophes between; behind a space only
// words that start with a capital, and the small ones that names have.
func (s *scan) nameEnd(i int) int {
	end := s.wordEnd(i)
	for n := 1; n < maxNameWords; n++ {
		c := s.after(end)
		k := end + 1
		if c == '.' && isSpace(s.after(k)) {
			k++
		}
		if k >= len(s.text) || !isWord(s.text[k]) || isDigit(s.text[k]) || !isSpace(c) && c != '-' && c != '.' && c != '\'' {
			break
		}
		next := s.wordEnd(k)
		if w := (span{k, next}); isSpace(c) && !s.named(w) && !particles.has(s.of(w)) {
			break
		}
		end = next
	}
	s.spend(end - i)
	return end
}

// particles are the small words inside names.
var particles = newVocabulary("van", "von", "de", "der", "den", "del", "di", "da", "du", "la", "le", "ter", "zu", "af", "el", "al", "bin", "y", "e", "dos", "das")
