package scrub

import "bytes"

// secrets finds secrets by their form.
type secrets struct{ *view }

// secretForm is what a secret starts with, and how many characters follow at least.
type secretForm struct {
	prefix string
	rest   int
}

// secretForms are prefixes that mark a secret, with the least number of characters that follow, as their makers publish
// them. Publishable keys are not among them.
var secretForms = []secretForm{
	{"AKIA", 16}, {"ASIA", 16}, {"AIza", 35}, {"AGE-SECRET-KEY-", 20}, {"APP_USR-", 20}, {"ATATT3", 30}, {"EAA", 40},
	{"GOCSPX-", 20}, {"LTAI", 16}, {"NRAK-", 20},
	{"PMAK-", 24}, {"SG.", 30}, {"SK", 32}, {"dckr_pat_", 20}, {"dop_v1_", 32}, {"figd_", 20}, {"ghp_", 30}, {"gho_", 30},
	{"ghu_", 30}, {"ghs_", 30},
	{"ghr_", 30}, {"github_pat_", 22}, {"gldt-", 20}, {"glpat-", 20}, {"glrt-", 20}, {"hf_", 30}, {"hvs.", 20},
	{"lin_api_", 30}, {"npm_", 30}, {"pat-eu1-", 20},
	{"pat-na1-", 20}, {"phx_", 30}, {"pypi-", 50}, {"rk_live_", 10}, {"rk_test_", 10}, {"rzp_live_", 10}, {"sbp_", 30},
	{"shpat_", 30}, {"shpca_", 30},
	{"shppa_", 30}, {"shpss_", 30}, {"sk_live_", 10}, {"sk_test_", 10}, {"sk-ant-", 20}, {"sk-proj-", 20}, {"sq0atp-", 20},
	{"sq0csp-", 20}, {"whsec_", 20},
	{"xapp-", 20}, {"xoxa-", 10}, {"xoxb-", 10}, {"xoxe-", 10}, {"xoxp-", 10}, {"xoxr-", 10}, {"xoxs-", 10}, {"ya29.", 20},
}

// minSecret is the length of the shortest secret; only those that start with "SG.",
// "hvs." and "ya29." have a dot inside.
const minSecret = 15

// secretIndex holds secretForms by their first two bytes.
var secretIndex = func() (by [256][]secretForm) {
	for _, f := range secretForms {
		n := headOf(f.prefix)
		by[n] = append(by[n], f)
	}
	return by
}()

// at finds tokens of RFC 7519 and keys with a well-known prefix at a word.
func (in secrets) at(w *word) (finding, bool) {
	if in.text[w.start] == 'e' {
		return in.jwt(w)
	}
	if len(in.text)-w.start >= minSecret && len(secretIndex[pair(in.text[w.start], in.text[w.start+1])]) > 0 {
		return in.key(w)
	}
	return finding{}, false
}

// key finds secrets by their prefix.
func (in secrets) key(w *word) (finding, bool) {
	i := w.start
	if !in.want.Has(Key) || in.before(i) == '_' || in.before(i) == '-' {
		return finding{}, false
	}
	t := in.text[i:]
	if in.urlEnd(w)-i < minSecret && t[2] != '.' && t[3] != '.' && t[4] != '.' {
		return finding{}, false
	}
	for _, form := range secretIndex[pair(t[0], t[1])] {
		in.spend(2 * costTried)
		p := form.prefix
		if len(t) < len(p)+form.rest || string(t[:len(p)]) != p {
			continue
		}
		end, digit := in.runEnd(i+len(p), fURL), false
		for _, c := range in.text[i+len(p) : end] {
			digit = digit || isDigit(c)
		}
		if p == "SG." && in.after(end) == '.' {
			end = in.runEnd(end+1, fURL)
		}
		if digit && end-i-len(p) >= form.rest {
			return finding{span: span{i, end}, kind: Key}, true
		}
	}
	return finding{}, false
}

// maxPEM bounds how far behind the start of a private key its end is looked for.
const maxPEM = 16 << 10

// pem finds private keys as RFC 7468 writes them, at the dashes in front: to the end line, or all that follows.
func (in secrets) pem(i int) (finding, bool) {
	t := in.text[i:]
	if !in.want.Has(Key) || in.before(i) == '-' || !hasFold(t, "-----begin ") {
		return finding{}, false
	}
	head := t[:min(len(t), 64)]
	if !contains(head, "PRIVATE KEY") {
		return finding{}, false
	}
	end := len(in.text)
	t = t[:min(len(t), maxPEM)]
	if k := bytes.Index(t, []byte("-----END ")); k >= 0 {
		if n := bytes.Index(t[k+5:], []byte("-----")); n >= 0 && n < 64 {
			end = i + k + 5 + n + 5
		}
	}
	end = min(end, in.mail.start)
	in.spend(end - i)
	return finding{span: span{i, end}, kind: Key}, true
}

// jwt finds tokens: "eyJ" and two more parts, or a header that names an algorithm or a type.
func (in secrets) jwt(w *word) (finding, bool) {
	i, j := w.start, w.end
	if !in.want.Has(JWT) || j-i < 8 || string(in.text[i:i+3]) != "eyJ" {
		return finding{}, false
	}
	end := in.urlEnd(w)
	in.spend(2 * min(end-i, 120))
	if !header(in.text[i:end]) && (in.after(end) != '.' || !hasFold(in.text[min(end+1, len(in.text)):], "eyj")) {
		return finding{}, false
	}
	for parts := 1; parts < 5 && in.after(end) == '.'; parts++ {
		next := in.runEnd(end+1, fURL)
		if next == end+1 {
			if parts > 1 { // an unsigned token ends with a dot
				end = next
			}
			break
		}
		end = next
	}
	return finding{span: span{i, end}, kind: JWT}, true
}

// header tells whether the base64url text starts with an object that has "alg", "typ" or "enc" among its first bytes.
func header(run []byte) bool {
	var buf [96]byte
	text, _ := appendBase64(buf[:0], run[:min(len(run), 120)])
	for k := 0; k+5 <= len(text); k++ {
		if text[k] != '"' || text[k+4] != '"' {
			continue
		}
		switch string(text[k+1 : k+4]) {
		case "alg", "typ", "enc":
			return true
		}
	}
	return false
}
