package gtm

import (
	"slices"
	"strings"
	"testing"
)

// TestSnippetsAreTold: whose snippet a script is, and what it names beside. Foreign snippets
// are cut down to what they are told by.
func TestSnippetsAreTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ script, products, server, others string }{
		{`fbq('track','Lead')`, "Meta Pixel", "", ""},
		{`s.src="https://connect.facebook.net/en_US/fbevents.js"`, "Meta Pixel", "", ""},
		{`<img src="https://www.facebook.com/tr?id=1&noscript=1">`, "Meta Pixel", "", ""},
		{`POST("https://graph.facebook.com/v21.0/1/events")`, "Meta Conversions API", "", ""},
		{`ttq.load('X')`, "TikTok", "", ""},
		{`_linkedin_partner_id="1"; b.src="https://snap.licdn.com/li.lms-analytics/insight.min.js"`, "LinkedIn", "", ""},
		{`h._hjSettings={hjid:1}`, "Hotjar", "", ""},
		{`analytics.load("K")`, "Segment", "", ""},
		{`rudderanalytics.load("K","https://data.shop.example")`, "RudderStack", "data.shop.example", ""},
		{`var _paq=_paq||[];var u="//matomo.shop.example/"`, "Matomo", "matomo.shop.example", ""},
		{`_paq.push([]);a="https://cdn.other.example/x.js";u="https://matomo.shop.example/"`, "Matomo", "matomo.shop.example",
			"cdn.other.example"},
		{`var _paq=[];u="https://shop.matomo.cloud/"`, "Matomo", "", ""},
		{`_paq.push([]);s="https://shop.containers.piwik.pro/x.js"`, "Piwik PRO", "", ""},
		{`posthog.init('phc',{api_host:'https://eu.i.posthog.com'})`, "PostHog", "", ""},
		{`mixpanel.init("T"); // "https://cdn.mxpnl.com/libs/x.js"`, "Mixpanel", "", ""},
		{`amplitude.init("K")`, "Amplitude", "", ""},
		{`window.snowplow('newTracker','sp','collector.shop.example')`, "Snowplow", "", ""},
		{`<script data-website-id="1" src="https://stats.shop.example/script.js"></script>`, "Umami",
			"stats.shop.example", ""},
		{`<script data-domain="x" src="https://plausible.io/js/script.js"></script>`, "Plausible", "", ""},
		{`s="https://www.googletagmanager.com/gtag/js?id=G-ABCDEF12";gtag('config','G-ABCDEF12')`,
			"Google Analytics 4", "", ""},
		{`gtag('event','sign_up')`, "Google Analytics 4", "", ""},
		{`gtag('config','AW-123456789')`, "Google Ads", "", ""},
		{`gtag('config','G-ABCDEF12');gtag('config','AW-123456789')`, "Google Analytics 4, Google Ads", "", ""},
		{`gtag('config','UA-12345-1')`, "Universal Analytics", "", ""},
		{`ga('create','UA-12345-1');s="https://www.google-analytics.com/analytics.js"`, "Universal Analytics", "", ""},
		{`gtag('consent','default',{ad_storage:'denied'})`, "Google consent mode", "", ""},
		{`j.src='https://www.googletagmanager.com/gtm.js?id=GTM-OTHER1'`, "another container of Tag Manager", "", ""},
		{`fbq('init','1');ttq.page()`, "Meta Pixel, TikTok", "", ""},
		{`fbq('init','1');s="//cdn.other.example/x.js"`, "Meta Pixel", "", "cdn.other.example"},
		{`s.src="https:\/\/widget.chat.example\/c.js"`, "", "", "widget.chat.example"},
		{`{"@context":"https://schema.org"}`, "", "", ""},
		{`dataLayer.push({event:'x'})`, "", "", ""},
		{`console.log("UA-12345-1 G-ABCDEF12")`, "", "", ""},
	} {
		found, server, others := inScript(c.script)
		var names []string
		for _, p := range found {
			names = append(names, p.name)
		}
		if got := strings.Join(names, ", "); got != c.products || server != c.server ||
			strings.Join(others, ", ") != c.others {
			t.Errorf("%s\nis of %q, at %q, and names %q", c.script, got, server, others)
		}
	}
}

// TestProducts: what is known of each product can be used: its entry is in the catalog, and one name is not another's.
func TestProducts(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range products {
		p := &products[i]
		if slices.Contains(names, p.name) {
			t.Errorf("%s stands twice", p.name)
		}
		names = append(names, p.name)
		if p.entry != "" {
			r := &Report{}
			r.vendor(p)
		}
		if p.instead != "" && !slices.ContainsFunc(products, func(other product) bool { return other.name == p.instead }) {
			t.Errorf("%s stands in place of %s, which is no product", p.name, p.instead)
		}
	}
	for _, kind := range []string{"gaawe", "googtag", "ua", "awct", "bzi", "hjtc", "baut", "pntr", "flc", "crto"} {
		if !slices.Contains(names, types[kind]) {
			t.Errorf("type %s is of %q, which is no product", kind, types[kind])
		}
	}
}
