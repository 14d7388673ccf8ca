package proxy

import (
	"cmp"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

var updateCentres = flag.Bool("update", false, "write what is found into the files that say what is wanted")

// preset is what `tagwarden init --example NAME` makes, "" for what it makes without, with every assessment approved.
func preset(t *testing.T, name string, now time.Time) *config.Loaded {
	t.Helper()
	made, err := config.InitExample(name, t.TempDir(), nil, now)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	if made.ApproverKey == "" {
		return loaded
	}
	private, err := os.ReadFile(made.ApproverKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range loaded.Assessments {
		approval, err := basis.Sign(a.Document, a.Digest, strings.TrimSpace(string(private)))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(loaded.Source.Dir, config.AssessmentsFolder, a.Document.ID+".yaml")
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		if text, err = config.WithApproval(text, approval); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if loaded, err = config.Load(made.Server); err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestPresetCentres holds the preference centres of what `init` makes, to be read: in each language, in France; and of
// what is sold in the United States, in California with Global Privacy Control.
func TestPresetCentres(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	pages := visitor.New(visitor.Options{Now: func() time.Time { return now }})
	for _, name := range append(config.Examples(), "") {
		loaded := preset(t, name, now)
		site := sitePage(loaded, "shop", now)
		for _, place := range []string{"FR", "US-CA"} {
			if place != "FR" && name != "us-opt-out" {
				continue
			}
			region, err := rules.ParseRegion(place)
			if err != nil {
				t.Fatal(err)
			}
			where := visitor.Where{Region: region, OptOut: region.Regime() == rules.OptOut, Keeps: region.KeepsGPC(now)}
			for _, lang := range visitor.Languages() {
				var request fasthttp.Request
				request.SetRequestURI("/privacy/?lang=" + lang)
				file := cmp.Or(name, "init")
				if place != "FR" {
					request.Header.Set("Sec-GPC", "1")
					file += "-" + place
				}
				var ctx fasthttp.RequestCtx
				ctx.Init(&request, nil, nil)
				pages.Serve(&ctx, site, "/privacy/", netip.Addr{}, where)
				page := string(ctx.Response.Body())
				holdsCentre(t, file+"."+lang, page)
			}
		}
	}
}

func holdsCentre(t *testing.T, name, page string) {
	t.Helper()
	file := filepath.Join("visitor", "testdata", "presets", name+".html")
	if *updateCentres {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(filepath.Clean(file)); err != nil || page != string(want) {
		t.Errorf("%s is another one (go test -update writes it anew), %v", name, err)
	}
}
