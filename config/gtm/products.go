package gtm

import (
	"regexp"
	"sync"
)

// product is what a tag belongs to.
type product struct {
	name    string
	entry   string   // of the catalog; "" where it has none
	hosts   []string // its domains, with all that is below them
	says    pattern  // what scripts say that are its snippets
	hints   pattern  // what scripts say that are its snippets where they are nobody else's
	called  pattern  // what templates of it are called, in small letters: name, owner/repository
	instead string   // the product that is not meant where this one is found
	// of a consent platform: what stands under signals: for it; "#" where its ids are the site's own
	signal string
	quiet  string // it sends nothing of a visitor's by itself: what it does; such a tag stays
	dead   string // why nothing comes of it any more
	own    bool   // a site may run it itself: a host that is nobody's is taken for its own
	fixed  bool   // its script has no setting for its address
}

// pattern is compiled when it is first asked for: who reads no container needs none.
type pattern func() *regexp.Regexp

func says(text string) pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// products are those that are told apart, in the order in which they are looked for. What a script says and which hosts
// are whose is known from the vendors' own snippets.
var products = []product{
	{name: "Google Analytics 4", entry: "ga4", hosts: []string{"analytics.google.com"},
		says:   says(`google-analytics\.com/(?:g|mp)/collect|['"=]G-[A-Z0-9]{6,}\b`),
		hints:  says(`\bgtag\(\s*['"](?:event|config)['"]|googletagmanager\.com/gtag/js`),
		called: says(`\bga4\b|google analytics 4`)},
	{name: "Universal Analytics",
		says:   says(`\bgtag\([^)]*['"]UA-\d{4,}-\d+|google-analytics\.com/(?:analytics|ga|urchin)\.js|_gaq\.push|\bga\(\s*['"](?:create|send)['"]`),
		called: says(`universal analytics`), dead: "Universal Analytics takes nothing any more since July 2024"},
	{name: "Google Ads", hosts: []string{"googleadservices.com", "googleads.g.doubleclick.net", "googlesyndication.com"},
		says: says(`['"=]AW-\d{6,}`), called: says(`google ads|adwords`)},
	{name: "Floodlight", hosts: []string{"fls.doubleclick.net", "ad.doubleclick.net"}, says: says(`['"=]DC-\d{5,}`),
		called: says(`floodlight`)},
	{name: "another container of Tag Manager", says: says(`googletagmanager\.com/(?:gtm\.js|ns\.html)`)},
	{name: "Google consent mode", says: says(`\bgtag\(\s*['"]consent['"]`), called: says(`consent mode|consent state`),
		quiet: "it states consent mode, which tagwarden reads from each hit"},
	{name: "Meta Conversions API", entry: "meta_capi", hosts: []string{"graph.facebook.com"},
		called: says(`(?:facebook|meta|fb) ?conversions? ?api|stape-io/facebook-tag|conversionsapi-tag-for-googletagmanager`)},
	{name: "Meta Pixel", entry: "meta_pixel", hosts: []string{"www.facebook.com", "connect.facebook.net"},
		says: says(`\bfbq\s*\(`), called: says(`facebook pixel|meta pixel|fb pixel|facebookpixel`), fixed: true},
	{name: "RudderStack", entry: "rudderstack", hosts: []string{"rudderlabs.com", "rudderstack.com"},
		says: says(`\brudderanalytics\b`), called: says(`rudderstack`), own: true},
	{name: "Jitsu", entry: "jitsu", hosts: []string{"jitsu.com"}, says: says(`\bjitsuAnalytics\b|\bjitsu\s*\(`),
		called: says(`\bjitsu\b`), own: true},
	{name: "Segment", entry: "segment", hosts: []string{"segment.com", "segment.io", "segmentapis.com"},
		says:   says(`(?:^|[^\w.$])analytics\.(?:load|identify|track|page)\s*\(|AnalyticsBrowser\.load`),
		called: says(`\bsegment(?:\.io| analytics|io)?\b`)},
	{name: "Piwik PRO", hosts: []string{"piwik.pro"}, called: says(`piwik ?pro`), instead: "Matomo"},
	{name: "Matomo", entry: "matomo", hosts: []string{"matomo.cloud"}, says: says(`\b_paq\b|\b_mtm\b`),
		called: says(`matomo|piwik`), own: true},
	{name: "PostHog", entry: "posthog", hosts: []string{"posthog.com"},
		says: says(`\bposthog\s*\.\s*(?:init|capture|identify|register)\b`), called: says(`posthog`)},
	{name: "Mixpanel", entry: "mixpanel", hosts: []string{"mixpanel.com", "mxpnl.com"},
		says: says(`\bmixpanel\s*\.\s*(?:init|track|identify|register|people)\b`), called: says(`mixpanel`)},
	{name: "Amplitude", entry: "amplitude", hosts: []string{"amplitude.com"},
		says: says(`\bamplitude\s*\.\s*(?:init|track|identify|getInstance|logEvent)\b`), called: says(`amplitude`)},
	{name: "Snowplow", entry: "snowplow", hosts: []string{"snowplow.io", "snplow.net", "snowplowanalytics.com"},
		says: says(`GlobalSnowplowNamespace|\bsnowplow\s*\(|com\.snowplowanalytics`), called: says(`snowplow`), own: true},
	{name: "Plausible", entry: "plausible", hosts: []string{"plausible.io"}, says: says(`\bplausible\s*\(|plausible\.js`),
		called: says(`plausible`)},
	{name: "Umami", entry: "umami", hosts: []string{"umami.is", "umami.dev"},
		says: says(`data-website-id|\bumami\s*\.\s*track\b`), called: says(`\bumami\b`), own: true},

	{name: "TikTok", hosts: []string{"tiktok.com"}, says: says(`\bttq\s*\.|TiktokAnalyticsObject`),
		called: says(`tiktok`)},
	{name: "LinkedIn", hosts: []string{"licdn.com", "linkedin.com"}, says: says(`_linkedin_partner_id|\blintrk\s*\(`),
		called: says(`linkedin`)},
	{name: "Hotjar", hosts: []string{"hotjar.com", "hotjar.io"}, says: says(`\b_hjSettings\b|\bhj\s*\(\s*['"]`),
		called: says(`hotjar`)},
	{name: "Microsoft Clarity", hosts: []string{"clarity.ms"}, says: says(`\bclarity\s*\(\s*['"]`),
		called: says(`clarity`)},
	{name: "Microsoft Advertising", hosts: []string{"bat.bing.com"}, says: says(`\buetq\b`),
		called: says(`\buet\b|bing ads|microsoft ads|microsoft advertising`)},
	{name: "Pinterest", hosts: []string{"pinimg.com", "ct.pinterest.com"}, says: says(`\bpintrk\s*\(`),
		called: says(`pinterest`)},
	{name: "Snap", hosts: []string{"sc-static.net", "snapchat.com"}, says: says(`\bsnaptr\s*\(`),
		called: says(`snap(?:chat)? pixel|snapchat`)},
	{name: "X", hosts: []string{"ads-twitter.com", "analytics.twitter.com", "t.co"}, says: says(`\btwq\s*\(`),
		called: says(`twitter|\bx pixel\b`)},
	{name: "Reddit", hosts: []string{"redditstatic.com", "reddit.com"}, says: says(`\brdt\s*\(`), called: says(`reddit`)},
	{name: "Quora", hosts: []string{"quora.com"}, says: says(`\bqp\s*\(\s*['"]`), called: says(`quora`)},
	{name: "Criteo", hosts: []string{"criteo.com", "criteo.net"}, says: says(`\bcriteo_q\b`), called: says(`criteo`)},
	{name: "Taboola", hosts: []string{"taboola.com"}, says: says(`\b_tfa\b`), called: says(`taboola`)},
	{name: "Outbrain", hosts: []string{"outbrain.com"}, says: says(`\bobApi\b`), called: says(`outbrain`)},
	{name: "AdRoll", hosts: []string{"adroll.com"}, says: says(`\badroll_adv_id\b`), called: says(`adroll`)},
	{name: "The Trade Desk", hosts: []string{"adsrvr.org"}, called: says(`trade ?desk`)},
	{name: "Awin", hosts: []string{"dwin1.com", "awin1.com"}, called: says(`\bawin\b`)},
	{name: "Yandex Metrica", hosts: []string{"mc.yandex.ru", "mc.yandex.com"}, says: says(`\bym\s*\(\s*\d`),
		called: says(`yandex`)},
	{name: "Adobe Analytics", hosts: []string{"omtrdc.net", "2o7.net", "demdex.net", "adobedc.net"},
		called: says(`adobe`)},
	{name: "Heap", hosts: []string{"heapanalytics.com", "heap-api.com"},
		says: says(`\bheap\s*\.\s*(?:load|track|identify)\b`), called: says(`\bheap\b`)},
	{name: "FullStory", hosts: []string{"fullstory.com"}, says: says(`\b_fs_org\b`), called: says(`fullstory`)},
	{name: "Mouseflow", hosts: []string{"mouseflow.com"}, says: says(`\b_mfq\b`), called: says(`mouseflow`)},
	{name: "Crazy Egg", hosts: []string{"crazyegg.com"}, called: says(`crazy ?egg`)},
	{name: "VWO", hosts: []string{"visualwebsiteoptimizer.com", "vwo.com"}, called: says(`\bvwo\b`)},
	{name: "Optimizely", hosts: []string{"optimizely.com"}, called: says(`optimizely`)},
	{name: "AB Tasty", hosts: []string{"abtasty.com"}, called: says(`ab ?tasty`)},
	{name: "HubSpot", hosts: []string{"hs-scripts.com", "hubspot.com", "hsforms.net"}, says: says(`\b_hsq\b`),
		called: says(`hubspot`)},
	{name: "Klaviyo", hosts: []string{"klaviyo.com"}, says: says(`\b_learnq\b|\bklaviyo\s*\.\s*(?:track|identify|push)\b`),
		called: says(`klaviyo`)},
	{name: "Customer.io", hosts: []string{"customer.io"}, says: says(`\b_cio\b`), called: says(`customer\.?io`)},
	{name: "Intercom", hosts: []string{"intercom.io", "intercomcdn.com"}, says: says(`\bIntercom\s*\(`),
		called: says(`intercom`)},
	{name: "Marketo", hosts: []string{"marketo.net", "mktoresp.com"}, says: says(`\bMunchkin\b`), called: says(`marketo`)},
	{name: "Pardot", hosts: []string{"pardot.com"}, says: says(`\bpiAId\b`), called: says(`pardot`)},
	{name: "ActiveCampaign", hosts: []string{"trackcmp.net"}, called: says(`activecampaign`)},
	{name: "Stape data tag (to a server container of yours)", called: says(`stape-io/data-tag`)},

	{name: "Cookiebot", hosts: []string{"cookiebot.com"}, called: says(`cookiebot`), quiet: platform,
		signal: "cookiebot: {}"},
	{name: "OneTrust", hosts: []string{"cookielaw.org", "onetrust.com", "cookiepro.com"},
		called: says(`onetrust|cookiepro`), quiet: platform, signal: "onetrust: {}"},
	{name: "Usercentrics", hosts: []string{"usercentrics.eu"}, called: says(`usercentrics`), quiet: platform,
		signal: "# mirror: { categories: { marketing: marketing } }"},
	{name: "Didomi", hosts: []string{"privacy-center.org", "didomi.io"}, called: says(`didomi`), quiet: platform,
		signal: "# didomi: { categories: { your-purpose: analytics } }"},
	{name: "Axeptio", hosts: []string{"axept.io"}, called: says(`axeptio`), quiet: platform, signal: "# axeptio: { " +
		"categories: { google_analytics: analytics } }"},
	{name: "iubenda", hosts: []string{"iubenda.com"}, called: says(`iubenda`), quiet: platform, signal: "iubenda: {}"},
	{name: "CookieYes", hosts: []string{"cookieyes.com", "cdn-cookieyes.com"}, called: says(`cookieyes`), quiet: platform,
		signal: "cookieyes: {}"},
	{name: "TrustArc", hosts: []string{"trustarc.com"}, called: says(`trustarc`), quiet: platform, signal: "trustarc: {}"},
	{name: "Osano", hosts: []string{"osano.com"}, called: says(`osano`), quiet: platform,
		signal: "# mirror: { categories: { ANALYTICS: analytics, MARKETING: marketing } }"},
	{name: "Termly", hosts: []string{"termly.io"}, called: says(`termly`), quiet: platform,
		signal: "# mirror: { categories: { analytics: analytics, advertising: marketing } }"},
	{name: "Sourcepoint", hosts: []string{"sp-prod.net", "privacy-mgmt.com"}, called: says(`sourcepoint`), quiet: platform,
		signal: "# mirror: { categories: { your-purpose: analytics } }"},
	{name: "Commanders Act", hosts: []string{"trustcommander.net"}, called: says(`commanders ?act|trustcommander`),
		quiet: platform, signal: "# commanders_act: { categories: { \"1\": analytics } }"},
	{name: "Cookie Information", hosts: []string{"cookieinformation.com"}, called: says(`cookie ?information`),
		quiet: platform, signal: "cookie_information: {}"},
	{name: "Civic", hosts: []string{"civiccomputing.com"}, called: says(`civic`), quiet: platform,
		signal: "# civic: { categories: { analytics: analytics } }"},
	{name: "Klaro", says: says(`\bklaroConfig\b`), called: says(`\bklaro\b`), quiet: platform,
		signal: "# klaro: { categories: { your-service: analytics } }"},
	{name: "tarteaucitron", says: says(`\btarteaucitron\b`), called: says(`tarteaucitron`), quiet: platform,
		signal: "# tarteaucitron: { categories: { your-service: analytics } }"},
}

// platform is what a tag of a consent platform does.
const platform = "it asks visitors for their choice, which tagwarden reads under signals:"

// byName finds a product.
func byName(name string) *product {
	for i := range products {
		if products[i].name == name {
			return &products[i]
		}
	}
	panic("BUG: there is no product " + name)
}
