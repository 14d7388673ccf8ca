package scrub

import "bytes"

// passwords finds passwords and codes by what they are called.
type passwords struct{ *view }

// What secrets are called in the languages of the others. A space in a label stands for a dash or an underscore too.
var (
	passwordLabels = newVocabulary(
		"password", "passwords", "passwd", "passphrase", "passcode", "pass", "pwd", "pw", "psw", "pin", "otp",
		"passwort", "kennwort", "losungswort", "kennwörter", "geheimzahl",
		"mot de passe", "motdepasse", "mots de passe", "mdp", "passe", "code secret",
		"contraseña", "contraseÑa", "contrasena", "contrasenya", "clave", "clave secreta", "clave de acceso",
		"pin code", "pin nummer", "code pin", "código pin", "codice pin",
		"parola", "parola d'ordine", "parola di accesso",
		"wachtwoord", "toegangswoord", "pincode",
		"hasło", "hasŁo", "haslo", "kod pin",
		"senha", "palavra passe", "palavrapasse",
	)
	secretLabels = newVocabulary(
		"access code", "security code", "verification code", "confirmation code", "login code", "sms code", "access key",
		"secret key",
		"private key", "api key", "client secret", "session key",
		"zugangscode", "sicherheitscode", "bestätigungscode", "freischaltcode", "aktivierungscode", "einmalcode",
		"zugangsschlüssel", "api schlüssel", "sitzungsschlüssel", "geheim", "geheimnis",
		"jeton", "code d'accès", "code de vérification", "code de sécurité", "clé api", "clé secrète", "clé d'accès",
		"secreto", "código de acceso", "codigo de acceso", "código de verificación", "código de seguridad", "clave api",
		"segreto", "codice di accesso", "codice di verifica", "codice di sicurezza", "chiave api", "chiave segreta",
		"toegangscode", "verificatiecode", "beveiligingscode", "api sleutel", "sleutel api",
		"sekret", "kod dostępu", "kod weryfikacyjny", "klucz api", "klucz dostępu", "klucz tajny",
		"segredo", "código de acesso", "codigo de acesso", "código de verificação", "código de segurança", "chave api",
		"chave de acesso", "chave secreta",
	)
	// secretEnds end words that are labels: "newPassword", "csrfToken".
	secretEnds = newVocabulary(
		"password", "passwort", "kennwort", "wachtwoord", "token", "secret", "schlüssel", "passcode", "contraseña",
	)
	// numbers are called so that stand behind without a joint.
	pinLabels = newVocabulary(
		"pin", "otp", "passcode", "pincode", "geheimzahl", "kod pin", "pin code", "code pin", "código pin",
		"codice pin",
		"access code", "security code", "verification code", "confirmation code", "login code", "zugangscode",
		"sicherheitscode", "bestätigungscode", "freischaltcode", "einmalcode", "code de vérification",
		"código de verificación", "codice di verifica", "verificatiecode", "kod weryfikacyjny", "código de verificação",
	)
	// codeLabels are secrets where they are somebody's: "your code is".
	codeLabels = newVocabulary("code", "código", "codigo", "codice", "kod", "tan")
	somebodys  = newVocabulary(
		"your", "my", "ihr", "dein", "mein", "votre", "ton", "mon", "tu", "su", "mi", "tuo", "suo", "mio", "uw",
		"je", "mijn",
		"twój", "mój", "seu", "teu", "meu",
	)
	// links stand between a label and its value: "the password is".
	links = newVocabulary("is", "ist", "lautet", "est", "es", "è", "jest", "to", "é", "was", "war")
	// noSecrets are what a form says in the place of a password.
	noSecrets = newVocabulary(
		"true", "false", "null", "undefined", "none", "required", "empty", "string", "text", "missing",
		"invalid", "yes",
		"no", "on", "off", "reset", "forgot", "forgotten", "change", "changed", "new", "show", "hide", "wrong",
		"incorrect",
		"weak", "strong", "error", "failed", "removed", "hidden", "redacted", "scrubbed",
	)
)

const (
	minPassword = 4
	maxPassword = 128
)

// at finds what the word calls a secret: joined by ":" or "=", by a word such as "is", and numbers that are called a
// PIN without anything between.
func (in passwords) at(w *word) (finding, bool) {
	i := w.start
	text := in.text[i:min(len(in.text), i+maxLabel)]
	if len(text) < 2 {
		return finding{}, false
	}
	n, own := 0, false
	if passwordLabels.heads.any(text[0], text[1]) {
		in.spend(costTried)
		n = passwordLabels.leading(text)
		own = n > 0
	}
	if n == 0 && secretLabels.heads.any(text[0], text[1]) {
		in.spend(costTried)
		n = secretLabels.leading(text)
	}
	if n == 0 && codeLabels.has(in.of(w.span)) {
		if in.spend(costLookup); !somebodys.has(in.of(in.wordBefore(i))) {
			return in.onceOnly(w)
		}
		f, ok := in.behind(i, w.end, false)
		return f, ok && allDigits(in.of(f.span)) // others are vouchers
	}
	if n == 0 {
		if c := in.after(w.end); c != ':' && c != '=' && c != '"' || w.end-i > maxLabel ||
			secretEnds.ending(in.of(w.span), 5, 1) == "" {
			return finding{}, false
		}
		n = w.end - i
	}
	in.spend(costLookup)
	if equalFold(in.of(in.wordBefore(i)), "palabra") { // "palabra clave": a key word
		return finding{}, false
	}
	return in.behind(i, i+n, own)
}

// onceOnly finds a code of six digits that a parameter holds, "code=482913", as they are sent to a telephone: no number
// of an error, a place or a voucher is written so.
func (in passwords) onceOnly(w *word) (finding, bool) {
	from := w.end + 1
	switch c := in.before(w.start); {
	case in.after(w.end) == ':' && equalFold(in.of(w.span), "tan"): // of a bank
		if in.after(from) == ' ' {
			from++
		}
	case in.after(w.end) != '=' || isSpace(c) && w.start > 0 || c == '_' || c == '-':
		return finding{}, false
	}
	end := in.runEnd(from, fURL)
	return finding{span: span{from, end}, kind: Token}, end-from == 6 && allDigits(in.text[from:end])
}

// joint is what stands between a label and its value.
type joint uint8

const (
	noJoint joint = iota
	byColon
	byEquals
	byLink
)

// joined returns where what is joined to a label that ends at k starts, and by what.
func (in passwords) joined(k int) (start int, how joint) {
	for from := k; k < len(in.text) && k-from < 6; k++ {
		switch c := in.text[k]; c {
		case ':':
			how = byColon
		case '=':
			how = byEquals
		case ' ', '+', '"', '\'', '(', ')', '\\':
		default:
			if how != noJoint || !isWord(c) {
				return k, how
			}
			if end := in.wordEnd(k); (isSpace(in.after(end)) || in.after(end) == ':') && links.has(in.text[k:end]) {
				if c := in.after(end); c == ':' || c == '=' {
					end++
				}
				return end + 1, byLink
			}
			return k, how
		}
	}
	return k, how
}

// behind finds the value behind the label [i, j); own tells that it is a password's.
func (in passwords) behind(i, j int, own bool) (finding, bool) {
	k, how := in.joined(j)
	end, limit := k, min(len(in.text), in.mail.start, k+maxPassword)
	for end < limit && !endsSecret(in.text[end]) {
		end++
	}
	in.spend(end - j)
	for end > k && bytes.IndexByte([]byte(".,:?)'}]"), in.text[end-1]) >= 0 {
		end--
	}
	if end-k < minPassword || k == j || in.text[k] == '[' || in.text[k] == '{' {
		return finding{}, false
	}
	value := in.text[k:end]
	yes := false
	switch how {
	case noJoint:
		yes = in.isPIN(i, j) && len(value) <= 8 && allDigits(value)
	case byLink:
		number := allDigits(value) && (len(value) >= 6 || in.isPIN(i, j))
		yes = number || mixed(value) && value[len(value)-1] != '%'
	default:
		yes = secretLike(value) || own && how == byEquals && !noSecrets.has(value)
	}
	return finding{span: span{k, end}, kind: Token}, yes
}

// isPIN tells whether the label [i, j) is one of pinLabels.
func (in passwords) isPIN(i, j int) bool { return pinLabels.leading(in.text[i:j]) == j-i }

// endsSecret tells whether a secret ends in front of the byte.
func endsSecret(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '"', '&', ',', ';', '<', '>', 0:
		return true
	}
	return false
}

// secretLike tells whether a value that is called a secret can be one: it has a digit, or a sign inside that words do
// not have. A range ("8-20") and a share ("100%") are none.
func secretLike(value []byte) bool {
	digits, others := 0, 0
	for k, c := range value {
		switch {
		case isDigit(c):
			digits++
		case !isWord(c) && c != '-' && c != '\'' && c != '/' && c != '.' && c != '+' && k > 0 && k < len(value)-1:
			others++
		}
	}
	if value[len(value)-1] == '%' && digits == len(value)-1 {
		return false
	}
	if k := bytes.IndexByte(value, '-'); k > 0 && k <= 2 && len(value) <= 6 && digits == len(value)-1 {
		return false
	}
	return digits > 0 || others > 0
}

func allDigits(text []byte) bool {
	for _, c := range text {
		if !isDigit(c) {
			return false
		}
	}
	return len(text) > 0
}
