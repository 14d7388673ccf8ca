package config

import (
	"fmt"
	"strings"
	"testing"
)

// withWindows is the base with a ledger's settings, and windows of it, in the last line.
func withWindows(t *testing.T, before, windows string) map[string][]byte {
	t.Helper()
	files := base(t)
	files["tagwarden.yaml"] = append(files["tagwarden.yaml"], "ledger: { "+before+"windows: "+windows+" }\n"...)
	return files
}

// TestWindows: each form that is read, and how records of the log call it.
func TestWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, windows, names string }{
		{"", "[]", ""},
		{"retain: 90d, ", "[{ site: shop, retain: 30d }]", "site shop 30d"},
		{"retain: 90d, ", "[{ purpose: measure, retain: 89d }]", "purpose measure 89d"},
		{"", "[{ purpose: measure, retain: 24h }]", "purpose measure 1d"},
		{"", "[{ site: shop, purpose: measure, retain: 3650d }]", "site shop, purpose measure 3650d"},
		{"retain: 90d, ", "[{ site: shop, retain: 30d }, { purpose: measure, retain: 30d }, { site: shop, purpose: measure, retain: 2d }]",
			"site shop 30d; purpose measure 30d; site shop, purpose measure 2d"},
		{"seal: 12h, ", "[{ site: shop, retain: 1d }]", "site shop 1d"},
	} {
		loaded, err := compiled(withWindows(t, c.before, c.windows))
		if err != nil {
			t.Errorf("%s%s: %v", c.before, c.windows, err)
			continue
		}
		var names []string
		for i := range loaded.Server.Ledger.Windows {
			w := &loaded.Server.Ledger.Windows[i]
			names = append(names, w.Name()+" "+w.Retain.String())
		}
		if got := strings.Join(names, "; "); got != c.names {
			t.Errorf("%s: %q, want %q", c.windows, got, c.names)
		}
	}
}

// TestWindowsThatAreFaults: what is wrong with one is said where it stands, with what would be right.
func TestWindowsThatAreFaults(t *testing.T) {
	t.Parallel()
	many := make([]string, mostWindows+1)
	for i := range many {
		many[i] = fmt.Sprintf("{ site: shop, retain: %dd }", i+1)
	}
	for _, c := range []struct {
		before, windows string
		at              string // what the fault is about, as it stands in the file: its place is that
		says            string
	}{
		{"", "[{ retain: 30d }]", "{ retain: 30d }",
			"it is about every record: add site or purpose, or make ledger.retain shorter"},
		{"", "[{ site: \"\", purpose: \"\", retain: 30d }]", "{ site: \"\", ", "it is about every record"},
		{"", "[{ site: shpo, retain: 30d }]", "shpo", `there is no site "shpo": did you mean "shop"?`},
		{"", "[{ purpose: mesure, retain: 30d }]", "mesure", `there is no purpose "mesure": did you mean "measure"?`},
		{"", "[{ site: nothing-like-it, retain: 30d }]", "nothing-like-it", `there is no site "nothing-like-it"`},
		{"", "[{ site: Shop, retain: 30d }]", "Shop", `there is no site "Shop"`},
		{"", "[{ site: shop }]", "{ site: shop }", `missing key "retain"`},
		{"", "[{ site: shop, retain: 23h }]", "23h", "at least"},
		{"", "[{ site: shop, retain: 0d }]", "0d", "at least"},
		{"", "[{ site: shop, retain: 3651d }]", "3651d", "at most"},
		{"", "[{ site: shop, retain: 30 }]", "30", "is no span of time"},
		{"", "[{ site: shop, retain: 1w }]", "1w", "is no span of time"},
		{"", "[{ site: shop, retain: -1d }]", "-1d", "is no span of time"},
		{"", "[{ site: shop, retian: 30d }]", "retian", "retain"},
		{"", "[{ site: [shop], retain: 30d }]", "[shop]", ""},
		{"", "{ site: shop, retain: 30d }", "{ site: shop, ", ""},
		{"", "[shop]", "shop]", ""},
		{"", "[{ site: shop, retain: 30d }, { retain: 2d, site: shop }]", "{ retain: 2d, ",
			"window 1 is about the same records: keep one"},
		{"retain: 90d, ", "[{ site: shop, retain: 90d }]", "90d }]", "it is no less than ledger.retain (90d)"},
		{"retain: 90d, ", "[{ site: shop, retain: 91d }]", "91d", "it is no less than ledger.retain (90d)"},
		{"seal: 13h, ", "[{ site: shop, retain: 1d }]", "1d", "keep records for 26h at least (twice ledger.seal)"},
		{"", "[" + strings.Join(many, ", ") + "]", "windows", "there are 65 windows: 64 at most"},
	} {
		files := withWindows(t, c.before, c.windows)
		_, err := compiled(files)
		if err == nil {
			t.Errorf("%s%s: it is no fault", c.before, c.windows)
			continue
		}
		text := strings.TrimSuffix(string(files["tagwarden.yaml"]), "\n")
		from := strings.LastIndexByte(text, '\n') + 1
		at := fmt.Sprintf("tagwarden.yaml:%d:%d: ", strings.Count(text, "\n")+1, strings.Index(text[from:], c.at)+1)
		found := false
		for line := range strings.Lines(err.Error()) {
			found = found || strings.HasPrefix(line, at) && strings.Contains(line, c.says)
		}
		if !found {
			t.Errorf("%s%s: wanted at %s%s; got:\n%v", c.before, c.windows, at, c.says, err)
		}
	}
}

// TestAWindowLetsEventsWait: of events that may wait for their vendors records are kept until they have ended.
func TestAWindowLetsEventsWait(t *testing.T) {
	t.Parallel()
	for retain, fine := range map[string]bool{"3d": false, "80h": true, "4d": true} {
		files := withWindows(t, "seal: 4h, ", "[{ site: shop, retain: "+retain+" }]")
		files["tagwarden.yaml"] = append(files["tagwarden.yaml"], "delivery: { mode: queued, ttl: 72h }\n"...)
		_, err := compiled(files)
		if says := err != nil && strings.Contains(err.Error(),
			"keep them for 80h at least (ttl and twice ledger.seal)"); says == fine || fine && err != nil {
			t.Errorf("%s: %v", retain, err)
		}
	}
}
