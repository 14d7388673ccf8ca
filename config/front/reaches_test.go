package front_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/front"
)

// TestWhatFrontsReach: of each form of origin, which fronts reach it, and what is said where one does not.
func TestWhatFrontsReach(t *testing.T) {
	all := strings.Join(front.Names(), " ")
	const own = "nginx caddy apache haproxy traefik"
	for to, want := range map[string]struct{ by, says string }{
		"http://hits.example": {all, ""}, "https://hits.example": {all, ""}, "https://hits.example:8443": {all, ""},
		"http://hits_1.example": {all, ""},
		"http://localhost:8080": {own + " nextjs", "it is a name of the machine itself"},
		"http://tagwarden:8080": {all, ""},

		"http://127.0.0.1:8080": {own + " nextjs", "cannot be reached by"}, "http://10.0.0.7": {own + " nextjs",
			"cannot be reached by"},
		"https://192.168.1.1:8443": {own + " nextjs", "cannot be reached by"}, "http://169.254.1.1": {own + " nextjs",
			"cannot be reached by"},
		"http://0.0.0.0:8080": {own + " nextjs", "cannot be reached by"},
		"http://203.0.113.7":  {own + " vercel netlify nextjs", "a Worker sends to names alone"},
		"https://203.0.113.7": {own + " vercel netlify nextjs", "names alone"},

		"http://[2001:db8::7]": {own, "cannot be reached by"}, "https://[2001:db8::7]:8443": {own, "cannot be reached by"},
		"http://[::1]:8080": {own, "cannot be reached by"},
		"http://[fd00::1]":  {own, "cannot be reached by"},

		"hits.example": {"", "is no origin"}, "ftp://hits.example": {"", "is no origin"}, "http://": {"", "is no origin"},
		"https://hits.example/":  {"", "is no origin"},
		"https://hits.example/t": {"", "is no origin"}, "https://hits.example?a": {"", "is no origin"},
		"https://hits.example?":  {"", "is no origin"},
		"https://hits.example#a": {"", "is no origin"}, "https://me@hits.example": {"", "is no origin"},
		"https://hits.example:x": {"", "is no origin"},
		"https://hits.example:0": {"", "is no origin"}, "https://hits.example:99999": {"", "is no origin"},
		"https://a;b": {"", "is no origin"},
		"https://a'b": {"", "is no origin"}, "https://a$b": {"", "is no origin"}, "http://[fe80::1%25eth0]": {"",
			"is no origin"}, "https://-a": {"", "is no origin"},
	} {
		var by []string
		for _, name := range front.Names() {
			f, _ := front.Lookup(name)
			err := f.Reaches(to)
			way := shop
			way.To = to
			if _, written := f.Write(way); (written == nil) != (err == nil) {
				t.Errorf("%s, %s: %v, and written: %v", name, to, err, written)
			}
			switch {
			case err == nil:
				by = append(by, name)
			case !strings.Contains(err.Error(), to), !strings.Contains(err.Error(), "https://hits.example"):
				t.Errorf("%s, %s: %v", name, to, err)
			case !strings.Contains(err.Error(), want.says) && want.by != own+" nextjs":
				t.Errorf("%s, %s: %v", name, to, err)
			}
		}
		if got := strings.Join(by, " "); got != want.by {
			t.Errorf("%s is reached by %s, want %s", to, got, want.by)
		}
	}
}
