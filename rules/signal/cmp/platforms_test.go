package cmp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

func TestSettings(t *testing.T) {
	consent := jar{"consent", `{"categories":["a"],"revision":3}`}
	for _, c := range []struct {
		set  cmp.Settings
		want string
	}{
		{cmp.Settings{Cookie: "consent", Revision: 3}, "valid decided +a"},
		{cmp.Settings{Cookie: "consent", Revision: 4}, "valid undecided +a"},
		{cmp.Settings{Cookie: "consent"}, "valid undecided +a"},
		{cmp.Settings{Revision: 3}, "absent undecided"},
	} {
		if got := words(platform(t, "cookieconsent"), consent, c.set); got != c.want {
			t.Errorf("%+v: %s, want %s", c.set, got, c.want)
		}
	}
	other := jar{"cmplz_rt_banner-status", "dismissed", "cmplz_rt_statistics", "allow"}
	if got := words(platform(t, "complianz"), other,
		cmp.Settings{Cookie: "cmplz_rt_"}); got != "valid decided +statistics" {
		t.Error(got)
	}
	if got := words(platform(t, "complianz"), other, cmp.Settings{}); got != "absent undecided" {
		t.Error(got)
	}
	if got := platform(t, "complianz").Names(cmp.Settings{Cookie: "x_"}); !slices.Contains(got, "x_banner-status") {
		t.Error(got)
	}
	if got := platform(t, "klaro").Names(cmp.Settings{Cookie: "choices"}); !slices.Equal(got, []string{"choices"}) {
		t.Error(got)
	}
}

// TestTooManyCookies: whoever sends a hundred of them is not a browser.
func TestTooManyCookies(t *testing.T) {
	var many jar
	for n := range 100 {
		many = append(many, "klaro", fmt.Sprintf(`{"a":true,"n":%t,"x":true%s}`, n%2 == 0, strings.Repeat(" ", n)))
	}
	if got := words(platform(t, "klaro"), many, cmp.Settings{}); got != "malformed undecided" {
		t.Error(got)
	}
	long := jar{"axeptio_cookies", `{"$$completed":true}`, "axeptio_authorized_vendors", strings.Repeat(",a", 1100) + ","}
	if got := words(platform(t, "axeptio"), long, cmp.Settings{}); got != "malformed undecided" {
		t.Error(got)
	}
}

func TestPlatforms(t *testing.T) {
	categories := []string{"necessary", "functional", "preferences", "analytics", "marketing", "social"}
	n := 0
	for c := range cmp.All {
		n++
		if back, ok := cmp.Parse(c.String()); !ok || back != c {
			t.Errorf("%s does not come back", c)
		}
		if len(c.Names(cmp.Settings{})) == 0 {
			t.Errorf("%s has no cookies", c)
		}
		for id, category := range c.DefaultCategories() {
			if !c.Known(id) || !slices.Contains(categories, category) {
				t.Errorf("%s: %s is %s by default", c, id, category)
			}
		}
		if c.Known("") {
			t.Errorf("%s knows the empty id", c)
		}
	}
	if n < 23 {
		t.Errorf("%d platforms", n)
	}
	for _, name := range []string{"", "none", "OneTrust", "onetrust "} {
		if c, ok := cmp.Parse(name); ok {
			t.Errorf("%q is %s", name, c)
		}
	}
	var none cmp.Platform
	var s cmp.Scratch
	if st, items := none.Read(jar{"klaro", "{}"}, cmp.Settings{}, &s); st.State != read.Absent || items != nil {
		t.Error("no platform reads something")
	}
	if platform(t, "cookiebot").Known("statistic") || !platform(t, "onetrust").Known("C0042") ||
		platform(t, "osano").Known("ANALYTICS") {
		t.Error("ids that cannot occur are known, or the other way round")
	}
}

// TestBeside: IAB strings in cookies of their own are handed on, and two that differ are none.
func TestBeside(t *testing.T) {
	var s cmp.Scratch
	c := platform(t, "sourcepoint")
	st, _ := c.Read(jar{"euconsent-v2", "CPxx", "usprivacy", "1YN-", "__gpp", "DBABLA%7ECAAQ", "addtl_consent", "1~35"},
		cmp.Settings{}, &s)
	if string(st.TC) != "CPxx" || string(st.USP) != "1YN-" || string(st.GPP) != "DBABLA~CAAQ" || string(st.AC) != "1~35" ||
		st.State != read.Absent {
		t.Errorf("%+v", st)
	}
	st, _ = c.Read(jar{"euconsent-v2", "CPxx", "euconsent-v2", "CPyy"}, cmp.Settings{}, &s)
	if len(st.TC) != 0 {
		t.Errorf("of two strings that differ, one was taken: %s", st.TC)
	}
	st, _ = platform(t, "cookiebot").Read(jar{"CookieConsent", "{necessary:true,iab2:'CPin'}", "euconsent-v2", "CPout"},
		cmp.Settings{}, &s)
	if string(st.TC) != "CPin" {
		t.Errorf("the string inside the platform's own cookie holds: %s", st.TC)
	}
	st, _ = c.Read(jar{"usprivacy", `{"uspString":"1YN-","uspString":"1YY-"}`}, cmp.Settings{}, &s)
	if st.USP != nil {
		t.Errorf("%s", st.USP)
	}
}
