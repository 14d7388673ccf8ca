package config

import (
	"reflect"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// Site is a set of host names whose hits belong together.
type Site struct {
	Hosts   []string `yaml:"hosts" is:"required" doc:"Its host names, without ports. Each belongs to one site only."`
	Base    string   `yaml:"base" doc:"The path under which the site's own web server passes hits on, /t: taken off before routing."`
	Origins []string `yaml:"origins" doc:"Origins that browsers may send hits from (CORS): https://shop.example. Hits from another origin carry no cookies unless the SDK is told to send them."`
	Region  Region   `yaml:"region" doc:"How a visitor's region is known. Where nothing tells it, the strictest regime holds."`
	Vendors []string `yaml:"vendors" doc:"Ids of the vendors that its hits may go to. Default: all."`
	Signals Signals  `yaml:"signals" doc:"Which signals of the visitor's choice are read; where they disagree the most protective one wins. What is not listed is not read."`
}

// Region says how a visitor's region is known.
type Region struct {
	Header      string `yaml:"header" doc:"Header that holds the ISO 3166-1 code of the country, set by what stands in front: CF-IPCountry. If nothing in front sets it, visitors can."`
	Subdivision string `yaml:"subdivision" doc:"Header that holds the subdivision (US states): CA or US-CA."`
	Default     string `yaml:"default" doc:"Region where the headers do not tell: an ISO 3166-1 code (DE, US), one with a subdivision (US-CA), or a group (EU, EEA, UK, CH, US)."`
	Database    string `yaml:"database" doc:"File in MaxMind's format that tells the region by address. Not read by this version."`
}

// Signals lists the sources of signals that a site reads.
type Signals struct {
	GPC         *Plain       `yaml:"gpc" doc:"Global Privacy Control, the header Sec-GPC."`
	DNT         *Plain       `yaml:"dnt" doc:"The header DNT."`
	ConsentMode *ConsentMode `yaml:"consent_mode" doc:"Google consent mode: gcs and gcd in GA4 hits."`
	Own         []Own        `yaml:"own" doc:"A banner of the site's own: where the choice is, and what counts as a yes or a no."`

	TCF     *Plain `yaml:"tcf" doc:"IAB TCF consent string. Not read by this version."`
	GPP     *Plain `yaml:"gpp" doc:"IAB Global Privacy Platform string. Not read by this version."`
	USP     *Plain `yaml:"usp" doc:"US privacy string. Not read by this version."`
	AC      *Plain `yaml:"ac" doc:"Google's additional consent string. Not read by this version."`
	Payload *Plain `yaml:"payload" doc:"The SDK's own consent object in its events. Not read by this version."`

	OneTrust          *CMP `yaml:"onetrust" doc:"The CMP's cookie. Not read by this version."`
	Cookiebot         *CMP `yaml:"cookiebot" doc:"The CMP's cookie. Not read by this version."`
	Usercentrics      *CMP `yaml:"usercentrics" doc:"The CMP's cookie. Not read by this version."`
	Didomi            *CMP `yaml:"didomi" doc:"The CMP's cookie. Not read by this version."`
	Klaro             *CMP `yaml:"klaro" doc:"The CMP's cookie. Not read by this version."`
	Complianz         *CMP `yaml:"complianz" doc:"The CMP's cookie. Not read by this version."`
	CookieYes         *CMP `yaml:"cookieyes" doc:"The CMP's cookie. Not read by this version."`
	Axeptio           *CMP `yaml:"axeptio" doc:"The CMP's cookie. Not read by this version."`
	Iubenda           *CMP `yaml:"iubenda" doc:"The CMP's cookie. Not read by this version."`
	TrustArc          *CMP `yaml:"trustarc" doc:"The CMP's cookie. Not read by this version."`
	HubSpot           *CMP `yaml:"hubspot" doc:"The CMP's cookie. Not read by this version."`
	Civic             *CMP `yaml:"civic" doc:"The CMP's cookie. Not read by this version."`
	CookieConsent     *CMP `yaml:"cookieconsent" doc:"The CMP's cookie. Not read by this version."`
	Tealium           *CMP `yaml:"tealium" doc:"The CMP's cookie. Not read by this version."`
	CommandersAct     *CMP `yaml:"commanders_act" doc:"The CMP's cookie. Not read by this version."`
	CookieInformation *CMP `yaml:"cookie_information" doc:"The CMP's cookie. Not read by this version."`
	Shopify           *CMP `yaml:"shopify" doc:"The CMP's cookie. Not read by this version."`
	Ketch             *CMP `yaml:"ketch" doc:"The CMP's cookie. Not read by this version."`
}

// readSignals is what this version reads, by the key of Signals.
var readSignals = map[string]signal.Kind{
	"gpc": signal.GPC, "dnt": signal.DNT, "consent_mode": signal.ConsentMode, "own": signal.Own,
}

// Plain is a source without settings: {}.
type Plain struct{}

// CMP is a consent management platform.
type CMP struct {
	Categories map[string]string `yaml:"categories" doc:"The CMP's own category ids to the purposes' categories. Known ids have defaults."`
}

// ConsentMode is Google consent mode.
type ConsentMode struct {
	Categories map[string]string `yaml:"categories" is:"keys=consent_type" doc:"Google's consent types to the purposes' categories. Default: analytics_storage to analytics; ad_storage, ad_user_data and ad_personalization to marketing."`
}

// Own is one choice in a banner of the site's own. Exactly one of cookie, header, query and body says where it is.
type Own struct {
	Cookie   string   `yaml:"cookie" doc:"Name of the cookie that holds the choice."`
	Header   string   `yaml:"header" doc:"Name of the header that holds the choice."`
	Query    string   `yaml:"query" doc:"Name of the parameter of the query that holds the choice."`
	Body     string   `yaml:"body" doc:"Path of the choice in each event: names with dots between them, as in consent.analytics."`
	JSON     string   `yaml:"json" doc:"Path of the choice inside the value, where that is JSON: names with dots between them. Default: the value itself is the choice."`
	Category string   `yaml:"category" is:"required" doc:"The consent category that the choice is about."`
	Granted  []string `yaml:"granted" is:"required" doc:"Values that count as a yes."`
	Refused  []string `yaml:"refused" doc:"Values that count as a no. Any other is malformed, and no yes."`
}

var signalsType = reflect.TypeFor[Signals]()
