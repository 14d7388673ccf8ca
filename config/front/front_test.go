package front_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/front"
)

// shop is a site that has one path passed on, and hits one whose host is tagwarden's alone.
var (
	shop = front.Way{Site: "shop", Hosts: []string{"shop.example", "www.shop.example"}, Base: "/t",
		To: "http://127.0.0.1:8080", Body: 1 << 20}
	hits = front.Way{Site: "hits", Hosts: []string{"hits.shop.example"}, To: "https://10.0.0.7:8443", Body: 4 << 20}
)

// TestFronts: UPDATE_GOLDEN=1 writes the files anew; what changed is then to be tried with the program itself.
func TestFronts(t *testing.T) {
	for _, name := range front.Names() {
		f, _ := front.Lookup(name)
		var all strings.Builder
		for _, way := range []front.Way{shop, hits} {
			if f.Remote {
				way.To = "https://hits.example"
			}
			parts, err := f.Write(way)
			if f.Remote && way.Base == "" {
				if err == nil {
					t.Errorf("%s passes on what has no path", name)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, p := range parts {
				all.WriteString("-- " + p.Name + " --\n" + p.Text)
			}
		}
		file := "testdata/" + name + ".golden"
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file, []byte(all.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != all.String() {
			t.Errorf("%s is not as in %s: %v", name, file, err)
		}
	}
}

// TestFrontsAreRead: what has a form of its own is of that form.
func TestFrontsAreRead(t *testing.T) {
	read := map[string]func([]byte, any) error{"vercel.json": json.Unmarshal, "tagwarden.yml": yaml.Unmarshal}
	for _, name := range front.Names() {
		f, _ := front.Lookup(name)
		way := shop
		if f.Public {
			way.To = "https://hits.example"
		}
		parts, err := f.Write(way)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			file, _, _ := strings.Cut(p.Name, " ")
			if read[file] == nil {
				continue
			}
			var into map[string]any
			if err := read[file]([]byte(p.Text), &into); err != nil || len(into) == 0 {
				t.Errorf("%s: %v", file, err)
			}
			delete(read, file)
		}
	}
	if len(read) > 0 {
		t.Errorf("nobody writes %v", read)
	}
}

// TestPattern: what is passed on is what is below the base, and nothing that only begins alike.
func TestPattern(t *testing.T) {
	pattern := regexp.MustCompile(shop.Pattern())
	for path, want := range map[string]bool{
		"/t/g/collect": true, "/t/": true, "/t": true, "/t?a": true, "/.well-known/gpc.json": true,
		"/.well-known/gpc.json?a": true,
		"/terms":                  false, "/": false, "/a/t/": false, "/.well-known/gpcxjson": false,
		"/.well-known/gpc.json5": false,
	} {
		if got := pattern.MatchString(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	if dotted := (front.Way{Base: "/t.t"}); regexp.MustCompile(dotted.Pattern()).MatchString("/txt/") {
		t.Error("a dot stands for any byte")
	}
}

func TestEachFrontSaysWhatItLogs(t *testing.T) {
	names := front.Names()
	for i, name := range names {
		f, known := front.Lookup(name)
		if !known || f.Log == "" || f.About == "" || slices.Contains(names[:i], name) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if _, known := front.Lookup("iis"); known {
		t.Error("a front is known that is none")
	}
}
