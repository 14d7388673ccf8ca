package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// branded compiles a policy whose site has lines of its own, and files beside the server file.
func branded(t *testing.T, lines string, logos map[string]besideFile) (*Loaded, error) {
	t.Helper()
	files := base(t)
	hosts := "hosts: [shop.example]"
	files["tagwarden.yaml"] = []byte(strings.Replace(string(files["tagwarden.yaml"]), hosts, hosts+lines, 1))
	source := SourceOf(files)
	source.logos = logos
	return Compile(source, basis.Past{})
}

// TestLogos: a logo is told by its content, and bounded.
func TestLogos(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ content, kind string }{
		{"\x89PNG\r\n\x1a\n....", "image/png"},
		{"\xff\xd8\xff\xe0", "image/jpeg"},
		{"GIF89a.", "image/gif"},
		{"RIFF....WEBPVP8 ", "image/webp"},
		{`<svg xmlns="http://www.w3.org/2000/svg"/>`, "image/svg+xml"},
		{"\ufeff<?xml version=\"1.0\"?>\n<!-- x --><!DOCTYPE svg [<!ENTITY a \"b\">]>\n" +
			`<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="&a;"></s:svg>`, "image/svg+xml"},
		{`<svg></svg>`, ""},
		{`<html xmlns="http://www.w3.org/2000/svg"><svg/></html>`, ""},
		{"<!doctype html><html></html>", ""},
		{"", ""},
		{"RIFF....WAVE....", ""},
	} {
		loaded, err := branded(t, "\n    privacy: { logo: ./logo }",
			map[string]besideFile{"./logo": {content: []byte(c.content)}})
		switch {
		case c.kind == "":
			if err == nil || !strings.Contains(err.Error(), "the logo is no picture that browsers show") {
				t.Errorf("%q: %v", c.content, err)
			}
		case err != nil:
			t.Errorf("%q: %v", c.content, err)
		case loaded.Logo("shop").Type != c.kind || string(loaded.Logo("shop").Content) != c.content:
			t.Errorf("%q is %s", c.content, loaded.Logo("shop").Type)
		}
	}
	for want, file := range map[string]besideFile{
		"cannot read the logo: permission denied": {err: errors.New("permission denied")},
		"the logo is longer than 128 KiB":         {content: []byte("GIF89a" + strings.Repeat("x", maxLogoBytes))},
	} {
		_, err := branded(t, "\n    privacy: { logo: ./logo }", map[string]besideFile{"./logo": file})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
	if loaded, err := branded(t, "", nil); err != nil || loaded.Logo("shop") != nil {
		t.Errorf("there is a logo, or %v", err)
	}
}

// TestCalled: a site is called by its name, else by what visitors see in the address bar.
func TestCalled(t *testing.T) {
	t.Parallel()
	both := Text{"de": "Laden", "fr": "Boutique"}
	for _, c := range []struct {
		site Site
		want string
	}{
		{Site{Name: Text{"": "Shop"}, Hosts: []string{"a.example"}}, "Shop"},
		{Site{Name: both}, "Laden"},
		{Site{Origins: []string{"https://shop.example", "http://shop.example:8080", "https://shop.example.de"},
			Hosts: []string{"localhost", "t.shop.example"}}, "shop.example, shop.example.de"},
		{Site{Hosts: []string{"localhost", "127.0.0.1", "shop.example", "t.shop.example"}}, "shop.example, t.shop.example"},
		{Site{Hosts: []string{"localhost", "127.0.0.1"}}, "localhost, 127.0.0.1"},
	} {
		if got := c.site.Called("de"); got != c.want {
			t.Errorf("%+v is called %s", c.site, got)
		}
	}
}

func TestTextIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     Text
		lang     string
		want, in string
	}{
		{Text{"": "x"}, "de", "x", ""},
		{Text{"de": "x", "en": "y"}, "de", "x", ""},
		{Text{"de-AT": "x", "en": "y"}, "de", "x", ""},
		{Text{"de": "x", "en": "y"}, "fr", "y", "en"},
		{Text{"es": "x", "de": "y"}, "fr", "y", "de"},
		{Text{"": "x", "en": "y"}, "fr", "x", ""},
		{nil, "fr", "", ""},
	} {
		if text, in := c.text.In(c.lang); text != c.want || in != c.in {
			t.Errorf("%v in %s: %q, %q", c.text, c.lang, text, in)
		}
	}
}

// TestPageLanguages: what a site may list is what the pages can speak.
func TestPageLanguages(t *testing.T) {
	t.Parallel()
	for _, f := range FieldsOf(reflect.TypeFor[Privacy]()) {
		if f.Name == "languages" && strings.Join(f.Rule.Enum, " ") != strings.Join(PageLanguages(), " ") {
			t.Errorf("languages may be %v, and the pages speak %v", f.Rule.Enum, PageLanguages())
		}
	}
}
