package minimise

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// FuzzAgentSigns: what is written of a user agent is the same as where each sign is looked for on its own.
func FuzzAgentSigns(f *testing.F) {
	for _, agent := range []string{
		"", "Mozilla/", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36 Edg/141.0.1.2",
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "curl/8.5.0", "okhttp/12345",
		"Chrome/1 XChrome/2",
		"Mozilla/5.0 (Windows NT 10.0) XChrome/12 Chrome/13", "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
		"Mozilla/5.0 (Windows) Chrome/",
		"Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2) bingbot Applebot", "Mozilla/5.0 (Windows) Chrome/99999 Edge/9",
	} {
		f.Add([]byte(agent))
	}
	for _, b := range coarse.Browsers {
		f.Add([]byte("Mozilla/5.0 (Macintosh) Chrome/7 " + b.Product + "12.3"))
	}
	for _, b := range coarse.Bots {
		f.Add([]byte("x" + b))
	}
	f.Add([]byte(strings.Repeat("Chrome/", maxAgent/7) + "Googlebot"))
	f.Fuzz(func(t *testing.T, agent []byte) {
		want, wanted := agentBySearch(nil, agent)
		if got, ok := appendAgent(nil, agent); ok != wanted || !bytes.Equal(got, want) {
			t.Errorf("%q became %q, %v; looked for one by one: %q, %v", agent, got, ok, want, wanted)
		}
	})
}

func BenchmarkAgent(b *testing.B) {
	agent := []byte("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36")
	var room []byte
	for b.Loop() {
		room, _ = appendAgent(room[:0], agent)
	}
}

func BenchmarkAgentBySearch(b *testing.B) {
	agent := []byte("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36")
	var room []byte
	for b.Loop() {
		room, _ = agentBySearch(room[:0], agent)
	}
}

// agentBySearch is appendAgent with each sign looked for on its own.
func agentBySearch(dst, agent []byte) ([]byte, bool) {
	agent = agent[:min(len(agent), maxAgent)]
	for _, b := range coarse.Bots {
		if bytes.Contains(agent, []byte(b)) {
			return append(append(append(dst, "Mozilla/5.0 (compatible; "...), b...), ')'), true
		}
	}
	for _, c := range coarse.Clients {
		if bytes.HasPrefix(agent, []byte(c)) {
			if major := digitsAt(agent[len(c):]); len(major) > 0 {
				return append(append(dst, c...), major...), true
			}
		}
	}
	if !bytes.HasPrefix(agent, []byte("Mozilla/")) {
		return dst, false
	}
	platform := platformOf(agent)
	if platform == "" {
		return dst, false
	}
	dst = append(append(append(dst, "Mozilla/5.0 ("...), platform...), ')')
	if bytes.Contains(agent, []byte("Mobile")) {
		dst = append(dst, " Mobile"...)
	}
	for _, b := range coarse.Browsers {
		if major := productBySearch(agent, b.Product); len(major) > 0 {
			return appendProduct(append(dst, ' '), b.Written, major, productBySearch(agent, "Chrome/")), true
		}
	}
	return dst, true
}

// productBySearch returns the major version behind a product's name, nil where it does not occur.
func productBySearch(agent []byte, name string) []byte {
	for from := 0; ; {
		i := bytes.Index(agent[from:], []byte(name))
		if i < 0 {
			return nil
		}
		i += from
		from = i + len(name)
		if i == 0 || !ascii.IsLetter(agent[i-1]) {
			return digitsAt(agent[from:])
		}
	}
}
