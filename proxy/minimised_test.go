package proxy_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWhatIsRememberedLeavesAlike: vendors are sent the same with memo on and off, at the first sight of values and
// later, and behind a reload that changes what becomes of them.
func TestWhatIsRememberedLeavesAlike(t *testing.T) {
	t.Parallel()
	sent := map[string][]string{}
	for _, memo := range []string{"on", "off"} {
		v := startVendor(t)
		file := folder(t, v.URL)
		write(t, file, "memo: "+memo+"\n"+read(t, file))
		profiles := filepath.Join(filepath.Dir(file), "policy", "profiles.yaml")
		titled := strings.Replace(read(t, profiles), "url: url,", "url: url, page_title: scrub,", 1)
		write(t, profiles, titled)
		r := start(t, file)
		hits := func() {
			for i := range 4 {
				hit := strings.Replace(permitted(), "cid=57020550", "cid=6702055"+string(rune('0'+i%2)), 1)
				if a := r.send(t, hit); a.status/100 != 2 {
					t.Fatal(a)
				}
			}
		}
		hits()
		write(t, profiles, strings.Replace(titled, "page_title: scrub, ", "", 1))
		r.reloaded(t)
		hits()
		for _, text := range v.got() {
			sent[memo] = append(sent[memo], strings.ReplaceAll(text, strings.TrimPrefix(v.URL, "http://"), "vendor"))
		}
	}
	if !slices.Equal(sent["on"], sent["off"]) || len(sent["on"]) != 8 {
		t.Errorf("with memo:\n%s\nwithout:\n%s", strings.Join(sent["on"], "\n\n"), strings.Join(sent["off"], "\n\n"))
	}
	for i, text := range sent["on"] {
		if titled := strings.Contains(text, "dt=Your%20orders"); titled != (i < 4) {
			t.Errorf("of hit %d, of which four came before the reload:\n%s", i, text)
		}
	}
}
