package proxy_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// TestARefusalReachesWhatWaits, live: an event of a server waits, permitted by what the site vouched for; the browser
// refuses meanwhile. From the moment at which that is acknowledged nothing arrives, though the vendor would take it,
// and the log says why; what comes later is denied at once.
func TestARefusalReachesWhatWaits(t *testing.T) {
	t.Parallel()
	c := openChooser(t, ownChoice+`, receipts: {}`)
	if err := c.stop(t); err != nil {
		t.Fatal(err)
	}
	v := startVendor(t)
	v.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	text := strings.ReplaceAll(read(t, c.file), c.vendor.Addr(), strings.TrimPrefix(v.URL, "http://"))
	write(t, c.file, text+"delivery: { mode: queued, retry: { first: 10ms, most: 50ms } }\n")
	c.running = start(t, c.file, c.clocked)
	const browser = "5d889c3c-0547-48a4-9dc5-2e5a46242f82"
	const device = `mp_mx_mixpanel=%7B%22distinct_id%22%3A%22` + browser + `%22%2C%22%24device_id%22%3A%22` +
		browser + `%22%7D`
	sent := 0
	fromServer := func() string { // the shop's server knows both: who it is, and by which browser
		sent++
		return c.sends("/t/track/", "none=1", "application/x-www-form-urlencoded", "data="+url.QueryEscape(fmt.Sprintf(
			`[{"event":"Order","properties":{"token":"mx","distinct_id":"cust-1","$user_id":"cust-1","$device_id":%q,"$insert_id":"m%d","time":%d}}]`,
			browser, sent, c.time().Unix())))
	}
	if w := c.vouch(`{"site":"shop","ids":{"user_id":"cust-1"},"categories":{"analytics":true},"version":"2026-05"}`); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	c.is("vouched for", fromServer(), "permitted")
	until(t, "the vendor is asked", func() bool { return len(v.got()) > 0 })

	c.pass(time.Second)
	c.is("the browser refuses", c.choose(device, `{"analytics":false}`, ""), "200 refusals")
	before := len(v.got())
	v.answers(nil)
	outcome := ""
	until(t, "it ends", func() bool {
		c.pass(time.Minute)
		for _, line := range c.recordsOf(t, "outcome") {
			if of := gjson.Get(line, "outcome").Str; of != "deferred" && of != "retried" {
				outcome = of + " " + gjson.Get(line, "why").Str
			}
		}
		return outcome != ""
	})
	c.is("what waited", outcome, "dropped consent_refused")
	c.is("what comes later", fromServer(), "consent_refused")
	if now := len(v.got()); now != before {
		t.Errorf("%d requests arrived after the refusal was acknowledged", now-before)
	}
	if err := c.stop(t); err != nil {
		t.Fatal(err)
	}
}
