package scrub

// secrets are prefixes that mark a secret, with the least number of characters that follow. Publishable keys are not among them.
var secrets = []struct {
	prefix string
	rest   int
}{
	{"AKIA", 16}, {"ASIA", 16}, {"AIza", 35}, {"AGE-SECRET-KEY-", 20}, {"EAA", 40}, {"SG.", 30}, {"SK", 32},
	{"dop_v1_", 32}, {"ghp_", 30}, {"gho_", 30}, {"ghu_", 30}, {"ghs_", 30}, {"ghr_", 30}, {"github_pat_", 22}, {"glpat-", 20},
	{"hf_", 30}, {"npm_", 30}, {"phx_", 30}, {"pypi-", 50}, {"rk_live_", 10}, {"rk_test_", 10}, {"shpat_", 30}, {"sk_live_", 10},
	{"sk_test_", 10}, {"sk-ant-", 20}, {"sk-proj-", 20}, {"whsec_", 20}, {"xoxa-", 10}, {"xoxb-", 10}, {"xoxe-", 10}, {"xoxp-", 10},
	{"xoxr-", 10}, {"xoxs-", 10}, {"ya29.", 20},
}

// minSecret is the length of the shortest secret; only those that start with "SG." and "ya29." have a dot inside.
const minSecret = 15

// secret finds tokens of RFC 7519 and keys with a well-known prefix at the word [i, j).
func (s *scan) secret(i, j int) (finding, bool) {
	switch s.text[i] {
	case 'e':
		return s.jwt(i, j)
	case 'A', 'E', 'S', 'd', 'g', 'h', 'n', 'p', 'r', 's', 'w', 'x', 'y':
		return s.key(i)
	}
	return finding{}, false
}

// key finds secrets by their prefix.
func (s *scan) key(i int) (finding, bool) {
	if !s.want.Has(Key) || s.before(i) == '_' || s.before(i) == '-' {
		return finding{}, false
	}
	t := s.text[i:]
	if len(t) < minSecret || s.urlEnd(i)-i < minSecret && t[2] != '.' && t[4] != '.' {
		return finding{}, false
	}
	for k := range secrets {
		p := secrets[k].prefix
		if p[0] != t[0] || len(t) < len(p)+secrets[k].rest || string(t[:len(p)]) != p {
			continue
		}
		end, digit := s.runEnd(i+len(p), fURL), false
		for _, c := range s.text[i+len(p) : end] {
			digit = digit || isDigit(c)
		}
		if p == "SG." && s.after(end) == '.' {
			end = s.runEnd(end+1, fURL)
		}
		if digit && end-i-len(p) >= secrets[k].rest {
			return finding{span: span{i, end}, kind: Key}, true
		}
	}
	return finding{}, false
}

// jwt finds tokens: "eyJ" and two more parts, or a header that names an algorithm or a type.
func (s *scan) jwt(i, j int) (finding, bool) {
	if !s.want.Has(JWT) || j-i < 8 || string(s.text[i:i+3]) != "eyJ" {
		return finding{}, false
	}
	end := s.urlEnd(i)
	if !header(s.text[i:end]) && (s.after(end) != '.' || !hasFold(s.text[min(end+1, len(s.text)):], "eyj")) {
		return finding{}, false
	}
	for parts := 1; parts < 5 && s.after(end) == '.'; parts++ {
		next := s.runEnd(end+1, fURL)
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
	return contains(text, `"alg"`) || contains(text, `"typ"`) || contains(text, `"enc"`)
}
