package visitor_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules"
)

// TestScript: what a site includes is small, is the readable file without its comments, and may be kept.
func TestScript(t *testing.T) {
	w := serve(t)
	a := w.browser().get("/privacy/tagwarden.js")
	if len(a.text) > 1120 || len(a.text) < 300 || a.header("Content-Type") != "text/javascript; charset=utf-8" ||
		a.header("Cache-Control") != "public, max-age=604800" {
		t.Errorf("%d bytes\n%s", len(a.text), a.Header.Header())
	}
	source, err := os.ReadFile("pages/tagwarden.js")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for line := range strings.Lines(string(source)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			code.WriteString(line + "\n")
		}
	}
	if code.String() != a.text || !strings.Contains(a.text, visitor.Cookie) || strings.Contains(a.text, "eval") ||
		strings.Contains(a.text, "document.cookie=") {
		t.Error("it is not the file")
	}
	if a.header("Access-Control-Allow-Origin") != "*" || a.header("Access-Control-Allow-Credentials") != "" {
		t.Error("a page of another origin cannot load it as a module")
	}
	tag := a.header("ETag")
	b := w.browser()
	for asked, want := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200} {
		b.headers["If-None-Match"] = asked
		if again := b.get("/privacy/tagwarden.js"); again.StatusCode() != want || (again.text == "") != (want == 304) ||
			again.header("ETag") != tag {
			t.Errorf("%s: %d", asked, again.StatusCode())
		}
	}
}

// TestMirror: the script that copies a platform's choice is the readable file without its comments, sets nothing but
// its own cookie, posts to the endpoint for choices and nowhere else, and is small.
func TestMirror(t *testing.T) {
	w := serve(t)
	a := w.browser().get("/privacy/tagwarden-mirror.js")
	if len(a.text) > 8<<10 || len(a.text) < 1024 || a.header("Content-Type") != "text/javascript; charset=utf-8" ||
		a.header("Cache-Control") != "public, max-age=86400" || a.header("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d bytes\n%s", len(a.text), a.Header.Header())
	}
	if strings.Count(a.text, "d.cookie =") != 1 || !strings.Contains(a.text, "'tagwarden-choices'") {
		t.Error("it sets another cookie than its own")
	}
	if strings.Count(a.text, "fetch(") != 1 || !strings.Contains(a.text, "fetch(new URL('choices', own)") {
		t.Error("it asks elsewhere")
	}
	for _, never := range []string{"\n//", "eval", "XMLHttpRequest", "sendBeacon", "localStorage", "innerHTML"} {
		if strings.Contains(a.text, never) {
			t.Errorf("it holds %q", never)
		}
	}
}

func TestTheme(t *testing.T) {
	w := serve(t)
	if strings.Contains(w.browser().get("/privacy/").text, "theme.css") {
		t.Error("a style that is not there")
	}
	w.site.Style = []byte(":root { --accent: #123456 }")
	page := w.browser().get("/privacy/").text
	if ours, theirs := strings.Index(page, `href="style.css"`), strings.Index(page, `href="theme.css"`); ours < 0 ||
		theirs < ours {
		t.Error("the site's style does not come behind ours")
	}
	if a := w.browser().get("/privacy/theme.css"); a.text != string(w.site.Style) || a.header("ETag") == "" {
		t.Error(a.text)
	}
}

func TestGPC(t *testing.T) {
	w := serve(t)
	if a := w.browser().get("/.well-known/gpc.json"); a.text != `{"gpc":true,"lastUpdate":"2026-03-01"}` ||
		a.header("ETag") == "" {
		t.Error(a.text)
	}
	w.site.ReadsGPC, w.site.GPC = false, false
	if a := w.browser().get("/.well-known/gpc.json"); a.text != `{"gpc":false,"lastUpdate":"2026-03-01"}` {
		t.Error(a.text)
	}
}

func TestNotice(t *testing.T) {
	w := serve(t)
	for _, lang := range visitor.Languages() {
		if a := w.browser().get("/privacy/notice?lang=" + lang); !strings.Contains(a.text, `<html lang="`+lang+`">`) ||
			a.header("Content-Language") != lang {
			t.Errorf("%s: %s", lang, a.text)
		}
	}
	w.site.Languages[0].Notice = nil
	if a := w.browser().get("/privacy/notice"); a.StatusCode() != 404 {
		t.Errorf("%d", a.StatusCode())
	}
}

// TestMirrorIsWhatVisitorsAreTold: the script's cookie has the name, and lasts as long, as notices say.
func TestMirrorIsWhatVisitorsAreTold(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("pages/tagwarden-mirror.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"cookie: name = '" + rules.MirrorCookie + "'", fmt.Sprintf("write(text, %de6)",
			int(rules.MirrorFor.Seconds())/1_000_000),
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the script has no %s", want)
		}
	}
}
