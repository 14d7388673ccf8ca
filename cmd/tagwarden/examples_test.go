package main

import (
	"bytes"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/replay"
)

// gone are the parameters of a GA4 hit that hold what the French authority names, by the number of its condition; a
// trailing "*" is any ending. Nothing of such a name reaches the vendor.
var gone = map[string][]string{
	"1 address":     {"_uip", "sst.uc", "sst.etld"},
	"3 referrer":    {"dr", "ep.page_referrer"},
	"4 parameters":  {"cs", "cm", "cn", "ci", "cc", "ck", "gacid", "gclsrc", "ep.search_term", "ep.query"},
	"5 fingerprint": {"uaa", "uab", "uafvl", "uafv", "uamb", "uam", "uap", "uapv", "uaw", "sr", "vp", "sd"},
	"6 identifiers": {"uid", "ep.user_id", "up.user_id", "gclid", "dclid", "gbraid", "wbraid", "srsltid",
		"em", "_em", "_fid", "_p"},
	"7 all other data": {"dt", "cd", "up.*", "upn.*", "ep.email", "ep.phone", "ep.name", "ep.transaction_id",
		"ep.page_title", "ep.link_text", "pr*"},
}

// replaced are the identifiers that another one stands for.
var replaced = []string{"cid", "sid", "_gid", "ecid"}

// TestCaptureExampleCNIL runs the example cnil-ga4 over every recorded hit of Google Analytics, with consent, and looks
// condition by condition at what is sent: none of the data that the authority names is in it, whatever the hit held.
func TestCaptureExampleCNIL(t *testing.T) {
	folder := captures()
	a := explainerOf(t, "cnil-ga4")
	a.question.Signals = a.policy.SignalsOf(&rules.Choices{Own: map[string]string{"analytics": "granted"}})
	a.from = netip.MustParseAddr("203.0.113.77")
	secrets := plantedIn(t, folder)
	forwarded := 0
	eachRecorded(t, filepath.Join(folder, "*ga4*.jsonl"), func(r *replay.Request) error {
		x, err := a.explain(r.Text)
		if err != nil || x.Vendor != "ga4" {
			return err
		}
		if x.Forward == nil {
			t.Errorf("%s:%d: nothing is sent: %s", r.File, r.Line, x.Reason)
			return nil
		}
		forwarded++
		sent, came := undone(t, x), came(t, r.Text)
		fail := func(condition, what string) {
			t.Errorf("%s:%d: condition %s: %s: %s %s", r.File, r.Line, condition, what, x.Forward.URL, x.Forward.Body)
		}
		for _, secret := range secrets {
			if around, found := sent.Find(secret); found {
				fail("6 and 7", secret+" "+around)
			}
		}
		for header := range x.Forward.Headers {
			if !slices.Contains([]string{"Host", "User-Agent", "Content-Type", "Content-Length", "Sec-Gpc", "Sec-GPC"}, header) {
				fail("1 address", "header "+header)
			}
		}
		if sent.Holds("203.0.113") {
			fail("1 address", "the visitor's address")
		}
		if agent := x.Forward.Headers["User-Agent"]; agent != "other" {
			fail("5 fingerprint", agent) // nothing was counted here: every browser is rare
		}
		left := parameters(t, x)
		for condition, names := range gone {
			for name := range left {
				if slices.ContainsFunc(names, func(pattern string) bool { return matches(pattern, name) }) {
					fail(condition, name)
				}
			}
		}
		for _, name := range replaced {
			for _, value := range left[name] {
				if value != "" && slices.Contains(came[name], value) {
					fail("2 identifier", name)
				}
			}
		}
		for _, name := range []string{"dl", "dp", "ep.page_location", "ep.link_url", "ep.page_path"} {
			for _, value := range left[name] {
				if strings.ContainsAny(value, "?#") {
					fail("4 parameters", value)
				}
			}
		}
		return nil
	})
	if folder == ownCaptures && forwarded < 60 {
		t.Errorf("%d hits forwarded: the test shows too little", forwarded)
	}
}

// came are the parameters of a recorded hit: of its query, and of each line of its body.
func came(t *testing.T, text []byte) url.Values {
	t.Helper()
	head, body, _ := bytes.Cut(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	target := strings.Fields(string(head))[1]
	_, query, _ := strings.Cut(target, "?")
	return lines(t, query+"\n"+string(body))
}

// parameters are those of what is sent.
func parameters(t *testing.T, x *rules.Explanation) url.Values {
	t.Helper()
	_, query, _ := strings.Cut(x.Forward.URL, "?")
	return lines(t, query+"\n"+x.Forward.Body)
}

func lines(t *testing.T, text string) url.Values {
	t.Helper()
	all := url.Values{}
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		values, err := url.ParseQuery(line)
		if err != nil {
			t.Fatal(err)
		}
		for name, list := range values {
			all[name] = append(all[name], list...)
		}
	}
	return all
}

func matches(pattern, name string) bool {
	prefix, open := strings.CutSuffix(pattern, "*")
	return name == pattern || open && strings.HasPrefix(name, prefix)
}
