package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// ended is how a verb ended, and what it said.
type ended struct {
	code      int
	out, errs string
}

func endedBy(t *testing.T, args ...string) ended {
	t.Helper()
	var out, errs strings.Builder
	code := run(t.Context(), &terminal{out: &out, err: &errs, now: time.Now}, args)
	return ended{code, out.String(), errs.String()}
}

// shopIn writes the example into a folder below the current one.
func shopIn(t *testing.T, folder string) {
	t.Helper()
	if _, err := config.Init(folder, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// TestNothingToLookAt: where there is nothing that a verb could look at, it says so and is not fine.
func TestNothingToLookAt(t *testing.T) {
	t.Chdir(t.TempDir())
	shopIn(t, "shop")
	shopIn(t, "untested")
	if err := os.RemoveAll("untested/policy/tests"); err != nil {
		t.Fatal(err)
	}
	elsewhere := `{"log":{"entries":[{"request":{"method":"GET","headers":[],
		"url":"https://www.google-analytics.com/g/collect?v=2&tid=G-1&cid=1.2&en=page_view"}}]}}`
	recordings := map[string]string{
		"empty.har":   `{"log":{"entries":[]}}`,
		"other.har":   `{"some":"thing"}`,
		"data.har":    `{"log":{"entries":[{"request":{"method":"GET","url":"data:text/plain,x","headers":[]}}]}}`,
		"empty.jsonl": "",
		"blank.jsonl": "\n \n",
	}
	for name, text := range recordings {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("elsewhere.har", []byte(elsewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	const file, says = "shop/tagwarden.yaml", "there is nothing to look at"
	looking := map[string][]string{ // verbs that look at a recording
		"scan":          {"scan"},
		"scan --config": {"scan", "--config", file},
		"replay":        {"replay", "--config", file},
		"diff":          {"diff", file, file, "--traffic"},
	}
	for name, words := range looking {
		for recording := range recordings {
			for _, all := range [][]string{{recording}, {"shop/sample.har", recording}} {
				got := endedBy(t, append(slices.Clone(words), all...)...)
				if got.code != usage || !strings.Contains(got.errs, says+": no hit is in "+recording) {
					t.Errorf("%s of %v ended with %d: %s", name, all, got.code, got.errs)
				}
			}
		}
		got := endedBy(t, append(slices.Clone(words), "elsewhere.har")...)
		if name == "scan" { // without a policy hits are anybody's
			if got.code != fine {
				t.Errorf("scan ended with %d: %s", got.code, got.errs)
			}
			continue
		}
		if got.code != usage ||
			!strings.Contains(got.errs, says+": of 1 hit none is for a site, vendor or endpoint here (unknown_host 1)") ||
			!strings.Contains(got.errs, "as if they were sent to a site: 127.0.0.1, localhost, shop.example\n") {
			t.Errorf("%s of another host's hits ended with %d: %s", name, got.code, got.errs)
		}
		got = endedBy(t, append(slices.Clone(words), "shop/sample.har", "--host", "shop.exmple")...)
		if got.code != usage ||
			!strings.Contains(got.errs, `no site has the host "shop.exmple": did you mean "shop.example"?`) {
			t.Errorf("%s for a host of no site ended with %d: %s", name, got.code, got.errs)
		}
		for _, host := range []string{"shop.example", "SHOP.example:443"} {
			got := endedBy(t, append(slices.Clone(words), "elsewhere.har", "--host", host)...)
			if got.code != fine || strings.Contains(got.errs, says) {
				t.Errorf("%s with --host %s ended with %d: %s", name, host, got.code, got.errs)
			}
		}
	}
	for _, form := range []string{"text", "json"} {
		got := endedBy(t, "test", "--config", "untested/tagwarden.yaml", "--format", form)
		if got.code != usage || !strings.Contains(got.errs, says+": the policy has no tests") || form == "json" &&
			got.out != "[]\n" {
			t.Errorf("test without tests ended with %d: %s%s", got.code, got.out, got.errs)
		}
	}
}

// TestNothingCompared: a comparison in which nothing travels compares nothing, unless it widens something; where
// anything travels for one of the choices, it does.
func TestNothingCompared(t *testing.T) {
	t.Chdir(t.TempDir())
	shopIn(t, "shop")
	const file = "shop/tagwarden.yaml"
	for _, c := range []struct {
		choice string
		code   int
	}{{"", fine}, {"all", fine}, {"refused", usage}, {"none", usage}} {
		words := []string{"diff", file, file, "--traffic", "shop/sample.har", "--host", "shop.example"}
		if c.choice != "" {
			words = append(words, "--choice", c.choice)
		}
		got := endedBy(t, words...)
		if got.code != c.code {
			t.Errorf("--choice %q ended with %d, want %d: %s%s", c.choice, got.code, c.code, got.out, got.errs)
		}
		const says = "there is nothing to look at: neither policy lets any event of the recorded hits travel\n  hint: without --choice"
		if strings.Contains(got.errs, says) != (c.code == usage) {
			t.Errorf("--choice %q: %s", c.choice, got.errs)
		}
		if different := strings.Contains(got.out, "\nnothing is different\n"); different != (c.code == fine) {
			t.Errorf("--choice %q: %s", c.choice, got.out)
		}
	}
}

// TestDocumentedDiff: each diff that a page shows compares something, between copies of the example, of the recording
// that `init` writes.
func TestDocumentedDiff(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	comparing := regexp.MustCompile(`(?m)^\s*(?:\$ )?(?:\./)?tagwarden (diff .*--traffic.*)$`)
	shown := map[string]bool{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range comparing.FindAllStringSubmatch(string(text), -1) {
			shown[found[1]] = true
		}
	}
	if len(shown) == 0 {
		t.Fatal("no page shows a diff of traffic")
	}
	t.Chdir(t.TempDir())
	shopIn(t, "shop")
	for _, folder := range []string{"main", "branch"} {
		if err := os.CopyFS(folder, os.DirFS("shop")); err != nil {
			t.Fatal(err)
		}
	}
	for command := range shown {
		got := endedBy(t, strings.Fields(command)...)
		if got.code != fine || !strings.Contains(got.out, " as before\n") {
			t.Errorf("%s ended with %d: %s%s", command, got.code, got.out, got.errs)
		}
	}
}
