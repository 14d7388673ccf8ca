package scrub

import "slices"

// tokens finds secrets by what they are called.
type tokens struct{ *view }

// tokenLabels are words that name a secret when ":", "=" or "/" and its value follow.
var tokenLabels = newVocabulary(
	"token", "password", "passwd", "pwd", "passwort", "secret", "apikey", "bearer", "jsessionid", "phpsessid",
	"reset", "verify", "confirm",
	"magic", "invite", "activate", "otp", "sessionid", "signature", "credential", "authorization",
)

// Labels of two words: those that start the first, and those that are the second.
var (
	compoundStarts = newVocabulary("api", "access", "id", "refresh", "auth", "session")
	compoundEnds   = newVocabulary("key", "token", "secret", "id", "code")
)

// minToken is the shortest bare token that an expecting caller gets found.
const minToken = 20

// at finds values that the word labels a secret, and, where the caller expects it, long mixes of letters and digits.
func (in tokens) at(w *word) (finding, bool) {
	i, j := w.start, w.end
	if !in.want.Has(Token) {
		return finding{}, false
	}
	if in.want.expects(Token) && flags[in.before(i)]&fURL == 0 {
		end := in.urlEnd(w)
		if end-i >= minToken && mixed(in.text[i:end]) && !isUUID(in.text[i:end]) && !contains(in.text[i:end], "--") {
			return finding{span: span{i, end}, kind: Token}, true
		}
	}
	if isLetter(in.text[i]) || w.some&fHigh != 0 {
		if f, ok := passwords(in).at(w); ok {
			return f, true
		}
	}
	if j-i > 16 || !isLetter(in.text[i]) {
		return finding{}, false
	}
	label := in.text[i:j]
	switch in.after(j) {
	case '_', '-':
		in.spend(costTried)
		if !tokenLabels.has(label) && compoundStarts.starts(label) {
			return in.compound(j)
		}
	case ':', '=', '/', ' ', '+', '"', '\'':
		if tokenLabels.has(label) {
			return in.behindLabel(label, j)
		}
	}
	return finding{}, false
}

// compound finds the value of labels such as "api_key" and "access-token".
func (in tokens) compound(j int) (finding, bool) {
	end := in.wordEnd(j + 1)
	if !compoundEnds.has(in.text[j+1 : end]) {
		return finding{}, false
	}
	return in.behindLabel(in.text[j+1:end], end)
}

// behindLabel finds the value behind a label that ends at j.
func (in tokens) behindLabel(label []byte, j int) (finding, bool) {
	k, joined := j, false
	for k < len(in.text) && k-j < 5 {
		c := in.text[k]
		if c == ':' || c == '=' || c == '/' {
			joined = true
		} else if !isSpace(c) && c != '"' && c != '\'' {
			break
		}
		k++
	}
	in.spend(3*costTried + k - j)
	least := 4
	if !joined || in.after(j) == '/' || equalFold(label, "id") || equalFold(label, "code") {
		least = 16
	}
	if !joined && !equalFold(label, "bearer") || k == j {
		return finding{}, false
	}
	end, limit := k, min(len(in.text), in.mail.start)
	for end < limit && in.text[end] != '/' &&
		(flags[in.text[end]]&(fStd|fLocal) != 0 || in.text[end] == '=' || in.text[end] == '!' || in.text[end] == '$') {
		end++
	}
	in.spend(end - k)
	for end > k && (in.text[end-1] == '.' || in.text[end-1] == '\'') {
		end--
	}
	if end <= k {
		return finding{}, false
	}
	value := in.text[k:end]
	if len(value) < least || !mixed(value) && len(value) < 16 && !hasDigit(value) {
		return finding{}, false
	}
	return finding{span: span{k, end}, kind: Token}, true
}

func hasDigit(text []byte) bool {
	return slices.ContainsFunc(text, isDigit)
}

// mixed tells whether letters and digits both occur.
func mixed(text []byte) bool {
	var seen uint16
	for _, c := range text {
		seen |= flags[c]
	}
	return seen&fDigit != 0 && seen&fLetter != 0
}

// isUUID tells whether the text has the form of RFC 9562: 8-4-4-4-12 hex digits.
func isUUID(text []byte) bool {
	if len(text) != 36 {
		return false
	}
	for k, c := range text {
		if k == 8 || k == 13 || k == 18 || k == 23 {
			if c != '-' {
				return false
			}
		} else if !isHex(c) {
			return false
		}
	}
	return true
}
