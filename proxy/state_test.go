package proxy_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestASilentHitStatesItsRefusal: a page without consent mode says nothing to Google of the visitor's choices, which
// Google takes for a yes. What travels on a legitimate interest in statistics states that advertising is denied.
func TestASilentHitStatesItsRefusal(t *testing.T) {
	a := newAssessed(t, "")
	a.replace(t, "tagwarden.yaml", `matomo: { catalog: matomo,`, `ga4: { catalog: ga4,`)
	a.replace(t, "policy/activities.yaml", "vendor: matomo,", "vendor: ga4, transfer: { country: US, safeguard: DPF },")
	a.replace(t, assessmentFile, "recipients: [matomo]", "recipients: [ga4]")
	a.change(t, assessmentFile, func(text string) string {
		text, _, _ = strings.Cut(text, "approval:")
		return text
	})
	a.sign(t)
	r := start(t, a.file)
	for _, said := range []string{"", "&gcs=G111&gcd=13t3t3t3t5l1&npa=0", "&gcd=13l3l3l3l1l1&npa=0&dma=0"} {
		r.ask(t, get(pageView+said, ""))
	}
	requests := a.vendor.Requests()
	if len(requests) != 3 {
		t.Fatalf("%d of 3 hits were forwarded", len(requests))
	}
	for i, want := range []string{"G10-", "G100", "G10-"} {
		_, query, _ := strings.Cut(requests[i].Target, "?")
		sent, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if gcs, npa, cps := sent.Get("gcs"), sent.Get("npa"), sent.Get("dma_cps"); gcs != want || npa != "1" || cps != "-" {
			t.Errorf("hit %d left as %s", i, query)
		}
		gcd := sent.Get("gcd")
		if len(gcd) < 10 || strings.Trim(gcd[2:3]+gcd[6:7]+gcd[8:9], "pqmu") != "" {
			t.Errorf("hit %d states %s of advertising", i, gcd)
		}
	}
	shapes := r.records(t, "shape")
	if len(shapes) == 0 {
		t.Error("the ledger has no shapes")
	}
	for _, shape := range shapes {
		changed := gjson.Get(shape, "changed").String()
		if !strings.Contains(changed, `"gcs"`) || !strings.Contains(changed, `"gcd"`) {
			t.Errorf("the ledger does not count what was stated: %s", shape)
		}
	}
}
