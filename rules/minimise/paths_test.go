package minimise

import (
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestPersonalPaths: of the paths in testdata/paths.tsv nothing is left of what stands for a person, an order or a way
// in, and ordinary ones stay as they are: as a page's address, as an address alone, in every class of addresses.
func TestPersonalPaths(t *testing.T) {
	t.Parallel()
	env := testEnv()
	text, err := os.ReadFile("testdata/paths.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range []hit.Class{hit.URL, hit.Referrer} {
		a := must(t, Spec{Kind: URL}, class)
		personal, stayed, ordinary, gone := 0, 0, 0, 0
		for line := range strings.Lines(string(text)) {
			cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if len(cells) != 3 {
				t.Fatalf("%q is no language, path and part of it", line)
			}
			path, secret := cells[1], cells[2]
			for _, host := range []string{"https://shop.example", ""} {
				got, _ := apply(t, a, Value{Bytes: []byte(host + path)}, env)
				switch {
				case secret == "-" && got != host+path:
					gone++
					t.Errorf("%v %s: %q", cells[0], host+path, got)
				case secret != "-" && strings.Contains(got, secret):
					stayed++
					t.Errorf("%v %s: %q", cells[0], host+path, got)
				}
			}
			if secret == "-" {
				ordinary++
			} else {
				personal++
			}
		}
		t.Logf("%v: %d of %d personal paths stay, %d of %d ordinary ones go", class, stayed/2, personal, gone/2, ordinary)
		if personal < 60 || ordinary < 60 {
			t.Errorf("%d personal paths and %d ordinary ones show too little", personal, ordinary)
		}
	}
}
