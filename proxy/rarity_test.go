package proxy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

const rareProfile = `profiles:
  small:
    classes:
      event_name: keep
      client_id: { pseudonymise: { rotate: week } }
      screen: { rare: { k: 3, days: 2 } }
      language: { rare: { k: 3, with: [screen] } }
`

// shown is what a vendor got of screen and language.
func shown(t *testing.T, request string) (screen, language string) {
	t.Helper()
	sr, ul := regexp.MustCompile(`[?&]sr=([^& ]*)`).FindStringSubmatch(request),
		regexp.MustCompile(`[?&]ul=([^& ]*)`).FindStringSubmatch(request)
	if sr == nil || ul == nil {
		t.Fatalf("the vendor got %s", request)
	}
	return sr[1], ul[1]
}

// look sends a page view from a network and returns what the vendor got of it.
func look(t *testing.T, r *running, v *rawhttp.Vendor, from, screen, language string) (string, string) {
	t.Helper()
	target := fmt.Sprintf("/t/g/collect?v=2&tid=G-1&cid=1.1700000000&en=page_view&sr=%s&ul=%s", screen, language)
	r.ask(t, get(target, yes+"X-Forwarded-For: "+from+"\r\n"))
	all := v.Requests()
	return shown(t, all[len(all)-1].Target)
}

func TestRareValues(t *testing.T) {
	v, c := standIn(t), newClock("2026-11-24T12:00:00Z")
	file := shop(t, v.Addr(), map[string]string{"policy/profiles.yaml": rareProfile})
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(string(text), "192.0.2.0/24", "127.0.0.0/8", 1))
	r := start(t, file, c.option)
	for n := range 3 {
		if sr, ul := look(t, r, v, fmt.Sprintf("198.51.%d.7", n), "1920x1080", "de"); sr != "other" || ul != "other" {
			t.Errorf("visitor %d of three: %s, %s", n, sr, ul)
		}
	}
	if err := r.stop(t); err != nil { // what was counted survives
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(file), "data", "rarity")); err != nil {
		t.Error(err)
	}
	r = start(t, file, c.option)
	if sr, ul := look(t, r, v, "198.51.9.7", "1920x1080", "de"); sr != "1920x1080" || ul != "de" {
		t.Errorf("after three: %s, %s", sr, ul)
	}
	// A common screen with a language that nobody has with it is rare, and one network may come as often as it likes.
	for n := range 20 {
		if sr, ul := look(t, r, v, fmt.Sprintf("198.51.77.%d", n), "1920x1080", "fr"); sr != "1920x1080" || ul != "other" {
			t.Errorf("visit %d: %s, %s", n, sr, ul)
		}
		if sr, _ := look(t, r, v, fmt.Sprintf("198.51.77.%d", n), "1234x777", "de"); sr != "other" {
			t.Errorf("visit %d: %s", n, sr)
		}
	}
	c.set("2026-11-25T12:00:00Z")
	if sr, _ := look(t, r, v, "198.51.1.1", "1920x1080", "de"); sr != "1920x1080" {
		t.Errorf("a day later: %s", sr)
	}
	c.set("2026-11-26T12:00:00Z")
	if sr, ul := look(t, r, v, "198.51.1.1", "1920x1080", "de"); sr != "other" || ul != "de" {
		t.Errorf("two days later: %s, %s", sr, ul)
	}
}
