package proxy_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
)

// TestWhatHitsSayIsCounted: how long hits take by how they end, what they say of a choice, which fields they have, what
// nothing covers, and how vendors answer.
func TestWhatHitsSayIsCounted(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, folder(t, v.URL), func(o *proxy.Options) { o.Version = "1.2.3" })
	const refusal = "Cookie: site_consent=%7B%22analytics%22%3A%22no%22%7D\r\n"
	r.send(t, get(pageView+"&zz_new=1", consent))
	r.send(t, get(pageView, refusal))
	r.send(t, get(pageView, ""))
	r.send(t, get("/t/nowhere", consent))
	r.send(t, strings.Replace(get(pageView, consent), "Host: shop.example", "Host: other.example", 1))
	v.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	r.send(t, get(pageView, consent))
	for figure, want := range map[string]string{
		`tagwarden_hit_seconds_count{endpoint="collect",outcome="delivered",vendor="ga4"}`: "1",
		`tagwarden_hit_seconds_count{endpoint="collect",outcome="dropped",vendor="ga4"}`:   "1",
		`tagwarden_hit_seconds_count{endpoint="collect",outcome="denied",vendor="ga4"}`:    "2",
		`tagwarden_hit_seconds_count{endpoint="",outcome="refused",vendor=""}`:             "2",
		`tagwarden_consent_hits_total{said="granted",site="shop"}`:                         "2",
		`tagwarden_consent_hits_total{said="refused",site="shop"}`:                         "1",
		`tagwarden_consent_hits_total{said="silent",site="shop"}`:                          "1",
		`tagwarden_uncovered_hits_total{site="shop",what="path"}`:                          "1",
		`tagwarden_uncovered_hits_total{site="",what="host"}`:                              "1",
		`tagwarden_fields_total{known="no",vendor="ga4"}`:                                  "1",
		`tagwarden_fields_total{known="yes",vendor="ga4"}`:                                 "16",
		`tagwarden_vendor_statuses_total{status="2xx",vendor="ga4"}`:                       "1",
		`tagwarden_vendor_statuses_total{status="4xx",vendor="ga4"}`:                       "1",
		`tagwarden_ledger_append_seconds_count`:                                            "4",
		`tagwarden_build_info{go_version="` + runtime.Version() + `",version="1.2.3"}`:     "1",
		`tagwarden_policy_info{digest="` + r.Policy() + `"}`:                               "1",
		`tagwarden_reload_refused`:                                                         "0",
	} {
		until(t, figure+" is "+want, func() bool { return r.figure(t, figure) == want })
	}
	until(t, "a sync is noted", func() bool { return r.figure(t, "tagwarden_ledger_sync_seconds_count") != "0" })
}

// TestReloadsAreDated: when the files were last read, and whether what serves is what they say.
func TestReloadsAreDated(t *testing.T) {
	t.Parallel()
	c := newClock("2026-12-01T12:00:00Z")
	file := folder(t, startVendor(t).URL)
	r := start(t, file, c.option)
	stands := func(what, good, refused, is string) {
		t.Helper()
		for figure, want := range map[string]string{
			`tagwarden_reload_timestamp_seconds{result="loaded"}`:  good,
			`tagwarden_reload_timestamp_seconds{result="refused"}`: refused,
			`tagwarden_reload_refused`:                             is,
		} {
			if got := r.figure(t, figure); got != want {
				t.Errorf("%s: %s is %s, want %s", what, figure, got, want)
			}
		}
	}
	stands("the start", "1.7961264e+09", "0", "0")
	right := read(t, file)
	c.set("2026-12-01T12:01:40Z")
	write(t, file, right+"\nzebra: 1\n")
	if r.Reload() == nil {
		t.Fatal("what is wrong was taken")
	}
	stands("a refusal", "1.7961264e+09", "1.7961265e+09", "1")
	c.set("2026-12-01T12:03:20Z")
	write(t, file, right)
	r.reloaded(t)
	stands("the files as they were", "1.7961266e+09", "1.7961265e+09", "0")
}
