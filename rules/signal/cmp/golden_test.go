package cmp_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// cookies yields the cookies that are made of the pieces.
func (p *pieces) cookies(yield func(value string, beside jar)) {
	as := p.coded
	if as == nil {
		as = func(text string) string { return text }
	}
	for i, beside := range p.beside {
		yield("", beside)
		if p.open+p.close != "" {
			yield(as(p.open+p.close), beside)
		}
		for _, one := range p.whole {
			if i == 0 {
				yield(as(one), beside)
			}
		}
		for n, one := range p.all {
			yield(as(p.open+one+p.close), beside)
			for m, two := range p.all[:n+1] {
				first, second := one, two
				if (n+m)%2 == 1 {
					first, second = two, one
				}
				if i == 0 && p.sep != "" && (m == 0 || !p.spoils(one, as) && !p.spoils(two, as)) {
					yield(as(p.open+first+p.sep+second+p.close), beside)
				}
			}
		}
	}
	once := url.QueryEscape(as(p.open + p.all[0] + p.close))
	for range 3 { // two layers of percent-encoding are taken off
		yield(once, p.beside[0])
		once = url.QueryEscape(once)
	}
}

// spoils tells whether a piece makes a cookie that cannot be read. With the first piece that is
// tried, with the others it is left out.
func (p *pieces) spoils(one string, as func(string) string) bool {
	c, _ := cmp.Parse(p.cmp)
	j := append(jar{p.name, as(p.open + one + p.close)}, p.beside[0]...)
	return strings.HasPrefix(everything(c, j, cmp.Settings{}), "malformed")
}

// everything is all that is read of cookies, in one line.
func everything(c cmp.Platform, j read.Jar, set cmp.Settings) string {
	var s cmp.Scratch
	st, _ := c.Read(j, set, &s)
	text := words(c, j, set)
	if st.AtMilli != 0 {
		text += fmt.Sprintf(" at:%d", st.AtMilli)
	}
	if st.LastMilli != 0 {
		text += fmt.Sprintf(" last:%d", st.LastMilli)
	}
	if st.EndMilli != 0 {
		text += fmt.Sprintf(" ends:%d", st.EndMilli)
	}
	if st.GPC != cmp.Unsaid {
		text += fmt.Sprintf(" gpc:%s", st.GPC)
	}
	if st.CookiesAllowed != cmp.Unsaid {
		text += fmt.Sprintf(" cookies:%s", st.CookiesAllowed)
	}
	if st.Consent != cmp.Unsaid {
		text += fmt.Sprintf(" all:%s", st.Consent)
	}
	if st.US != [3]cmp.Flag{} {
		text += fmt.Sprintf(" us:%v", st.US)
	}
	names := []string{"region", "method", "model", "tc", "ac", "usp", "gpp", "sid"}
	all := []byte(text)
	for i, one := range [][]byte{st.Region, st.Method, st.Model, st.TC, st.AC, st.USP, st.GPP, st.GPPSID} {
		if one != nil {
			all = fmt.Appendf(all, " %s:%q", names[i], one)
		}
	}
	return string(all)
}

// TestGoldenCookies: what is read of each platform's cookies, piece by piece and two by two. UPDATE_GOLDEN=1 writes the
// file anew; what changed is then to be read line by line.
func TestGoldenCookies(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for i := range made {
		p := &made[i]
		c := platform(t, p.cmp)
		fmt.Fprintf(&got, "%s: %s\n", p.cmp, p.name)
		p.cookies(func(value string, beside jar) {
			j := append(jar{p.name, value}, beside...)
			shown := value
			if p.coded != nil && !strings.Contains(value, "%") {
				shown = unB64(value)
			}
			fmt.Fprintf(&got, "  %s", shown)
			for k := 0; k < len(beside); k += 2 {
				fmt.Fprintf(&got, "; %s=%s", beside[k], beside[k+1])
			}
			fmt.Fprintf(&got, " -> %s\n", everything(c, j, cmp.Settings{}))
		})
	}
	sameAsFile(t, "cookies.golden", got.String())
}

func unB64(text string) string {
	plain, _ := base64.StdEncoding.DecodeString(text)
	return string(plain)
}

// sameAsFile compares with a file line by line, and shows the first lines that differ.
func sameAsFile(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	have, want := strings.Split(got, "\n"), strings.Split(string(text), "\n")
	if len(have) != len(want) {
		t.Errorf("%s has %d lines, not %d", path, len(want), len(have))
	}
	shown := 0
	for i := range min(len(have), len(want)) {
		if have[i] != want[i] && shown < 5 {
			t.Errorf("%s:%d:\n  want %s\n  have %s", path, i+1, want[i], have[i])
			shown++
		}
	}
}
