package visitor_test

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
)

var update = flag.Bool("update", false, "write what is found into the files that say what is wanted")

// email is a subject of signed links.
var email = objection.Subject{Space: "email", Hash: [16]byte{1}, Ledger: [16]byte{2}, Feed: [16]byte{3}}

func token(t testing.TB, c visitor.Claim) string {
	t.Helper()
	if c.Subjects == nil {
		c.Subjects = []objection.Subject{email}
	}
	text, err := visitor.Sign(&testKey, c)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var (
	unsubscribe = visitor.Claim{Kind: visitor.Unsubscribe, Scopes: []string{"own-product-ads"}, Site: "shop",
		Campaign: "spring", Expires: noon.Add(time.Hour)}
	manage = visitor.Claim{Kind: visitor.Manage, Site: "shop", Expires: noon.Add(time.Hour)}
)

// TestGoldenPages: every page in every language, as it is sent, and sound.
func TestGoldenPages(t *testing.T) {
	for _, lang := range visitor.Languages() {
		w := serve(t)
		query := "?lang=" + lang
		link, managed := "/privacy/u/"+token(t, unsubscribe), "/privacy/u/"+token(t, manage)
		pages := map[string]*answer{
			"first":   w.browser().get("/privacy/" + query),
			"missing": w.browser().get("/privacy/nowhere/at/all" + query),
			"link":    w.browser().get(link + query),
		}
		some := w.browser("_ga=123.456", visitor.Cookie+"=own-product-ads/surveys/vendor:matomo/gone")
		some.headers["Sec-GPC"] = "1"
		pages["some"] = some.get("/privacy/" + query + "&done=saved")
		all := w.browser(visitor.Cookie + "=all")
		pages["all"] = all.get("/privacy/" + query + "&done=objected")
		all.headers["Origin"], all.headers["Sec-Fetch-Site"] = "https://elsewhere.example", "cross-site"
		pages["origin"] = all.post("/privacy/"+query, "do=back")
		w.browser().post(link, "do=object")
		pages["link_done"] = w.browser().get(link + query + "&done=objected")
		pages["manage"] = w.browser().get(managed + query)
		w.now = noon.Add(2 * time.Hour)
		pages["link_old"] = w.browser().get(link + query)
		pages["link_late"] = w.browser().post(link+query, "do=back")
		w.store.err = objection.ErrPoisoned
		pages["unsaved"] = w.browser("_ga=123.456").post("/privacy/"+query, "do=all")
		w.site.ReadsGPC, w.site.GPC, w.site.Style = false, false, []byte("body { margin: 0 }")
		w.site.Languages = slices.DeleteFunc(w.site.Languages, func(l visitor.Language) bool { return l.Tag != lang })
		w.site.Languages[0].Purposes, w.site.Languages[0].Vendors = nil, nil
		pages["empty"] = w.browser().get("/privacy/")
		for name, page := range pages {
			if got := page.header("Content-Type"); got != "text/html; charset=utf-8" {
				t.Fatalf("%s: %q: %s", name, got, page.text)
			}
			file := filepath.Join("testdata", name+"."+lang+".html")
			if *update {
				if err := os.WriteFile(file, []byte(page.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			wanted, err := os.ReadFile(file)
			if err != nil || string(wanted) != page.text {
				t.Errorf("%s is not what is sent (%v): -update writes it", file, err)
			}
			sound(t, name+"."+lang, page.text, lang)
		}
	}
}

// sound checks what a browser and a screen reader need of a page.
func sound(t *testing.T, name, text, lang string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	ids, labels, inputs, references := map[string]bool{}, map[string]string{}, []string{}, []string{}
	buttons, headings, last, status := 0, 0, 0, 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		at := attributes(n)
		if id, ok := at["id"]; ok && (ids[id] || id == "" || strings.ContainsAny(id, " \t\n")) {
			t.Errorf("%s: the id %q is given twice, or is none", name, id)
		} else if ok {
			ids[id] = true
		}
		for _, key := range []string{"aria-labelledby", "aria-describedby"} {
			if at[key] != "" {
				references = append(references, at[key])
			}
		}
		switch n.Data {
		case "html":
			if at["lang"] != lang {
				t.Errorf("%s: its language is %q", name, at["lang"])
			}
		case "input":
			if at["type"] != "hidden" {
				inputs = append(inputs, at["id"])
			}
		case "label":
			labels[at["for"]] = content(n)
		case "button":
			buttons++
			if content(n) == "" || at["type"] != "submit" || at["name"] != "do" {
				t.Errorf("%s: a button says nothing, or does nothing", name)
			}
		case "form":
			if at["method"] != "post" || at["action"] != "?lang="+lang {
				t.Errorf("%s: a form goes to %q by %q", name, at["action"], at["method"])
			}
		case "fieldset":
			if n.FirstChild.NextSibling.Data != "legend" {
				t.Errorf("%s: a fieldset has no legend", name)
			}
		case "h1", "h2", "h3":
			level := int(n.Data[1] - '0')
			if level > last+1 || n.Data == "h1" && headings > 0 {
				t.Errorf("%s: heading %d follows %d", name, level, last)
			}
			headings, last = headings+1, level
		case "script", "style", "img", "iframe", "object", "base", "svg":
			t.Errorf("%s: there is a <%s>", name, n.Data)
		}
		for _, key := range []string{"style", "onclick", "onsubmit", "tabindex"} {
			if v, ok := at[key]; ok && v != "-1" {
				t.Errorf("%s: %s=%q", name, key, v)
			}
		}
		if at["role"] == "status" {
			status++
		}
	}
	for _, id := range inputs {
		if id == "" || labels[id] == "" {
			t.Errorf("%s: the input %q has no label", name, id)
		}
	}
	for _, id := range references {
		if !ids[id] {
			t.Errorf("%s: nothing has the id %q", name, id)
		}
	}
	if headings == 0 || !ids["content"] || strings.Contains(text, "ZgotmplZ") ||
		strings.ContainsAny(text, "{}") || status > 1 {
		t.Errorf("%s: no heading, no content, or something that was not filled in", name)
	}
	seen := map[string]bool{}
	for _, label := range labels {
		if seen[label] {
			t.Errorf("%s: two controls are called %q", name, label)
		}
		seen[label] = true
	}
}

func attributes(n *html.Node) map[string]string {
	all := map[string]string{}
	for _, a := range n.Attr {
		all[a.Key] = a.Val
	}
	return all
}

func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// TestContrast: text has a contrast of at least 4.5 to 1 and what marks a control of 3 to 1 (WCAG 2.2,
// 1.4.3 and 1.4.11), by day and by night.
func TestContrast(t *testing.T) {
	style, err := os.ReadFile("pages/style.css")
	if err != nil {
		t.Fatal(err)
	}
	property := regexp.MustCompile(`(--[a-z-]+): (#[0-9a-f]{6});`)
	day, night, found := bytes.Cut(style, []byte("@media (prefers-color-scheme: dark)"))
	if !found {
		t.Fatal("there is no night")
	}
	day, night = day[:bytes.IndexByte(day, '}')], night[:bytes.Index(night, []byte("}\n}"))]
	for i, colours := range []map[string]string{{}, {}} {
		for _, m := range property.FindAllSubmatch([][]byte{day, night}[i], -1) {
			colours[string(m[1])] = string(m[2])
		}
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"--text", "--page", 4.5}, {"--text", "--card", 4.5}, {"--soft", "--page", 4.5}, {"--soft", "--card", 4.5},
			{"--accent", "--page", 4.5}, {"--accent", "--card", 4.5},
			{"--on-accent", "--accent", 4.5}, {"--on-tint", "--tint", 4.5}, {"--on-warn", "--warn", 4.5},
			{"--edge", "--card", 3}, {"--focus", "--page", 3}, {"--focus", "--card", 3},
		} {
			a, b := luminance(t, colours[pair.front]), luminance(t, colours[pair.back])
			if ratio := (max(a, b) + .05) / (min(a, b) + .05); ratio < pair.least {
				t.Errorf("%s on %s, %s: %.2f, less than %g", pair.front, pair.back, []string{"by day", "by night"}[i],
					ratio, pair.least)
			}
		}
	}
	// Every colour is one of these properties: what is tested is what is shown.
	_, rules, _ := bytes.Cut(style, []byte("*, *::before"))
	if at := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl|opacity`).Find(rules); at != nil {
		t.Errorf("%s is a colour that no test looks at", at)
	}
}

// luminance is WCAG's relative luminance.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil || len(colour) != 7 {
		t.Fatalf("%q is no colour", colour)
	}
	sum := 0.0
	for shift, weight := range map[int]float64{16: .2126, 8: .7152, 0: .0722} {
		c := float64(n>>shift&0xff) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
