package config

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestWorksForUsAlone: who works for the controller alone, by what the catalog, a vendor file of one's own and the
// server file say. The server file cannot say it of a built-in vendor that may use the data by its own terms.
func TestWorksForUsAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what    string
		catalog string // built in, or "own" with a role
		own     string
		old     bool // processor: true
		written Vendor
		want    bool
	}{
		{"built in, a processor", "plausible", "", false, Vendor{}, true},
		{"built in, a processor, and the server file says so", "plausible", "", false, Vendor{Role: "processor"}, true},
		{"built in, a processor, and the server file says otherwise", "plausible", "", false,
			Vendor{Role: "controller"}, false},
		{"built in, without a role", "ga4", "", false, Vendor{}, false},
		{"built in, without a role, and the server file says processor", "ga4", "", false, Vendor{Role: "processor"}, false},
		{"built in, joint, and the server file says processor", "meta_pixel", "", false, Vendor{Role: "processor"}, false},
		{"what everybody hosts", "matomo", "", false, Vendor{}, true},
		{"what everybody hosts, by who works for one alone", "matomo", "", false, Vendor{Role: "processor"}, true},
		{"what everybody hosts, by who uses it", "matomo", "", false, Vendor{Role: "joint"}, false},
		{"one's own network", "ga4", "", false, Vendor{Private: true}, true},
		{"one's own network, used by another", "ga4", "", false, Vendor{Private: true, Role: "controller"}, false},
		{"a file of one's own without a role", "own", "", false, Vendor{}, false},
		{"a file of one's own as it was written before", "own", "", true, Vendor{}, true},
		{"a file of one's own with a role", "own", "processor", false, Vendor{}, true},
		{"a file of one's own, joint", "own", "joint", false, Vendor{}, false},
		{"a file of one's own, and the server file says it", "own", "", false, Vendor{Role: "processor"}, true},
		{"a file of one's own, and the server file says otherwise", "own", "processor", false, Vendor{Role: "joint"}, false},
	} {
		file, builtin := catalog.Builtin(c.catalog)
		if !builtin {
			file = &catalog.File{ID: c.catalog, Role: c.own, Processor: c.old}
		}
		c.written.Catalog = c.catalog
		loaded := &Loaded{Server: Server{Vendors: map[string]Vendor{"v": c.written}},
			vendors: map[string]*catalog.File{"v": file}}
		if got := (law{checks: checks{loaded: loaded}}).worksForUsAlone("v"); got != c.want {
			t.Errorf("%s: %t, want %t", c.what, got, c.want)
		}
	}
}

// TestFactsOfARole: the older spelling and the newer have the same facts, so that no approval ends with the other.
func TestFactsOfARole(t *testing.T) {
	t.Parallel()
	older := recipientFacts(Vendor{}, &catalog.File{ID: "mine", Processor: true})
	newer := recipientFacts(Vendor{}, &catalog.File{ID: "mine", Role: "processor"})
	if !reflect.DeepEqual(older, newer) {
		t.Errorf("%v and %v", older, newer)
	}
	for _, c := range []struct {
		file   catalog.File
		role   string
		stated bool
	}{
		{catalog.File{ID: "mine"}, "processor", false}, {catalog.File{ID: "mine"}, "controller", true},
		{catalog.File{ID: "mine", Role: "controller"}, "processor", true}, {catalog.File{ID: "mine", Processor: true},
			"processor", false},
		{catalog.File{ID: "matomo"}, "processor", false}, {catalog.File{ID: "matomo"}, "joint", true},
	} {
		if _, is := recipientFacts(Vendor{Role: c.role}, &c.file)["server.role"]; is != c.stated {
			t.Errorf("%s %s: %s is a fact: %t", c.file.ID, c.file.EffectiveRole(), c.role, is)
		}
	}
}

// TestRecipientOf: what the server file says comes before the catalog, whose word holds at addresses that it knows.
func TestRecipientOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, catalog    string
		written          Vendor
		own              bool
		eea, role, words string
	}{
		{"the catalog's", "meta_pixel", Vendor{}, false,
			"Meta Platforms Ireland Limited, Merrion Road, Dublin 4, D04 X2K5, IE", "joint",
			"https://www.facebook.com/legal/controller_addendum"},
		{"in another region", "posthog", Vendor{Region: "eu"}, false,
			"PostHog, Inc., 2261 Market Street #4008, San Francisco, CA 94114, US", "processor", ""},
		{"at one of its addresses", "ga4", Vendor{Upstream: "https://region1.google-analytics.com"}, false,
			"Google Ireland Limited, Gordon House, Barrow Street, Dublin 4, IE", "", ""},
		{"at another", "posthog", Vendor{Upstream: "https://ph.example"}, false, "", "", ""},
		{"on one's own network", "posthog", Vendor{Upstream: "http://10.0.0.1", Private: true}, true, "", "", ""},
		{"named", "posthog", Vendor{Entity: catalog.Regional{"": "Host GmbH, Bonn, DE"}, Role: "controller"}, false,
			"Host GmbH, Bonn, DE", "controller", ""},
		{"with the controller's name", "posthog", Vendor{Entity: catalog.Regional{"": "Shop GmbH, Bonn, DE"}}, true,
			"Shop GmbH, Bonn, DE", "", ""},
		{"with a longer name", "posthog", Vendor{Entity: catalog.Regional{"": "Shop GmbH & Co. KG, Bonn, DE"}}, false,
			"Shop GmbH & Co. KG, Bonn, DE", "processor", ""},
	} {
		file, _ := catalog.Builtin(c.catalog)
		loaded := &Loaded{
			Server:  Server{Controller: Controller{Name: "Shop GmbH"}, Vendors: map[string]Vendor{"v": c.written}},
			vendors: map[string]*catalog.File{"v": file},
		}
		r := loaded.RecipientOf("v")
		if r.Own != c.own || r.Entity.For("EEA") != c.eea || r.Role != c.role || r.Arrangement != c.words {
			t.Errorf("%s: %+v", c.what, r)
		}
	}
}
