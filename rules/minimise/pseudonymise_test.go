package minimise

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

func TestPseudonymsDiffer(t *testing.T) {
	ids := []string{"1234567890.1700000000", "cust-48213", "jane.doe@example.com", "836f82db-9912-4b34-8101-1f16b49dfa5f"}
	seen := map[string]string{}
	for _, id := range ids {
		for _, vendor := range []string{"ga4", "matomo"} {
			for _, purpose := range []string{"audience", "ads"} {
				for _, rotate := range []string{"day", "week", "month", "never"} {
					env := testEnv()
					env.Vendor, env.Purpose = vendor, purpose
					a := must(t, Spec{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Scope: "purpose", Rotate: rotate}},
						hit.UserID)
					got := text(t, a, id, env)
					name := strings.Join([]string{id, vendor, purpose, rotate}, " ")
					if other, ok := seen[got]; ok || got == dropped {
						t.Errorf("%s is %q as %s", name, got, other)
					}
					seen[got] = name
					if strings.Contains(got, id[:8]) {
						t.Errorf("%q holds a part of %q", got, id)
					}
				}
			}
		}
	}
}

func TestFailsClosed(t *testing.T) {
	pseudo, derive := must(t, Spec{Kind: Pseudonymise}, hit.ClientID),
		must(t, Spec{Kind: Derive, Derive: "daily_visitor"}, hit.ClientID)
	purpose := must(t, Spec{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Scope: "purpose"}}, hit.ClientID)
	for name, change := range map[string]func(*Env){
		"no keys":         func(e *Env) { e.Keys = nil },
		"yesterday's":     func(e *Env) { e.Now = noon.AddDate(0, 0, 1) },
		"unknown vendor":  func(e *Env) { e.Vendor = "klaviyo" },
		"no vendor":       func(e *Env) { e.Vendor = "" },
		"no registration": func(e *Env) { e.Keys = pseudonym.New(pseudonym.TestRoot, noon) },
	} {
		env := testEnv()
		change(env)
		for _, a := range []*Action{pseudo, derive, purpose} {
			if got := text(t, a, "1234567890.1700000000", env); got != dropped {
				t.Errorf("%s: %v gave %q", name, a.kind, got)
			}
		}
	}
	env := testEnv()
	env.IP = netip.Addr{}
	if got := text(t, derive, "1.2", env); got != dropped {
		t.Errorf("derived without an address: %q", got)
	}
	env = testEnv()
	env.Purpose = ""
	if got := text(t, purpose, "1.2", env); got != dropped {
		t.Errorf("by purpose without one: %q", got)
	}
	if out, outcome := (*Action)(nil).Append(nil, Value{Bytes: []byte("x")}, testEnv()); outcome != Dropped ||
		len(out) > 0 {
		t.Error("nil does not drop")
	}
	if out, outcome := new(Action).Append(nil, Value{Bytes: []byte("x")}, testEnv()); outcome != Dropped || len(out) > 0 {
		t.Error("the zero Action does not drop")
	}
}

func TestDerive(t *testing.T) {
	a := must(t, Spec{Kind: Derive, Derive: "daily_visitor"}, hit.ClientID)
	get := func(change func(*Env)) string {
		env := testEnv()
		change(env)
		got, _ := apply(t, a, Value{Format: pseudonym.Hex16, Bytes: []byte("0123456789abcdef")}, env)
		return got
	}
	base := get(func(*Env) {})
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(base) {
		t.Errorf("%q has not the vendor's format", base)
	}
	same := map[string]func(*Env){
		"neighbour":     func(e *Env) { e.IP = netip.MustParseAddr("203.0.113.1") },
		"mapped":        func(e *Env) { e.IP = netip.MustParseAddr("::ffff:203.0.113.77") },
		"6to4":          func(e *Env) { e.IP = netip.MustParseAddr("2002:cb00:714d::1%eth0") },
		"minor version": func(e *Env) { e.UserAgent = []byte(strings.Replace(chrome, "7390.55", "7390.99", 1)) },
		"purpose":       func(e *Env) { e.Purpose = "ads" },
	}
	for name, change := range same {
		if got := get(change); got != base {
			t.Errorf("%s changes the visitor", name)
		}
	}
	differ := map[string]func(*Env){
		"network": func(e *Env) { e.IP = netip.MustParseAddr("203.0.114.77") },
		"browser": func(e *Env) {
			e.UserAgent = []byte("Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0")
		},
		"vendor": func(e *Env) { e.Vendor = "matomo" },
		"site":   func(e *Env) { e.Site = "blog" },
		"v6":     func(e *Env) { e.IP = netip.MustParseAddr("2001:db8::1") },
		"day": func(e *Env) {
			e.Now = noon.AddDate(0, 0, 1)
			e.Keys = pseudonym.New(pseudonym.TestRoot, e.Now, pseudonym.Scope{Vendor: "ga4"})
		},
	}
	for name, change := range differ {
		if got := get(change); got == base || got == "" {
			t.Errorf("%s does not change the visitor (%q)", name, got)
		}
	}
}
