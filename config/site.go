package config

import (
	"reflect"
	"strings"

	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// Site is a set of host names whose hits belong together.
type Site struct {
	Name         Text     `yaml:"name" doc:"What visitors know the site by; or by language: { en: ..., de: ... }. Default: the hosts of its origins, else its own."`
	Hosts        []string `yaml:"hosts" is:"required" doc:"Its host names, without ports. Each belongs to one site only."`
	Base         string   `yaml:"base" doc:"The path under which the site's own web server passes hits on, /t: taken off before routing."`
	Origins      []string `yaml:"origins" doc:"Origins that browsers may send hits from (CORS): https://shop.example. Hits from another origin carry no cookies unless the SDK is told to send them."`
	Region       Region   `yaml:"region" doc:"How a visitor's region is known. Where nothing tells it, the strictest regime holds."`
	PhoneCountry string   `yaml:"phone_country" doc:"Country of phone numbers that do not say theirs, in events of the site and in objections that came from it: two letters, DE. Without it such a number is found by nobody's objection, and no objection by one is taken."`
	Vendors      []string `yaml:"vendors" doc:"Ids of the vendors that its hits may go to. Default: all."`
	Privacy      Privacy  `yaml:"privacy" doc:"How the pages that visitors see look: the preference centre, /privacy/ below base, and the notice."`
	Choices      Choices  `yaml:"choices" doc:"The texts that visitors choose by, for records of their choices."`
	Signals      Signals  `yaml:"signals" doc:"Which signals of the visitor's choice are read; where they disagree the most protective one wins. What is not listed is not read."`
}

// PhoneCountry is whose phone numbers are meant where one does not say, in what came from a site; where it is not known
// from which, "", that on which all sites agree. It is "" where nobody knows.
func (l *Loaded) PhoneCountry(site string) string {
	if site != "" {
		return strings.ToUpper(l.Server.Sites[site].PhoneCountry)
	}
	all := map[string]bool{}
	country := ""
	for _, one := range l.Server.Sites {
		country = strings.ToUpper(one.PhoneCountry)
		all[country] = true
	}
	if len(all) > 1 {
		return ""
	}
	return country
}

// Region says how a visitor's region is known.
type Region struct {
	Header      string `yaml:"header" doc:"Header that holds the ISO 3166-1 code of the country, set by what stands in front: CF-IPCountry. It is believed from trusted_proxies only. What stands there for no country (empty, XX, ZZ, T1, A1, A2, O1) tells nothing; what is no code at all leaves the region unknown, and the strictest rule holds."`
	Subdivision string `yaml:"subdivision" doc:"Header that holds the subdivision (US states): CA or US-CA."`
	Default     string `yaml:"default" doc:"Region where the headers do not tell: an ISO 3166-1 code (DE, US), one with a subdivision (US-CA), or a group (EU, EEA, UK, CH, US)."`
	Database    string `yaml:"database" doc:"File in MaxMind's format (country or city) that tells the region by address, where the header does not. It is looked through when it is loaded: a damaged one is refused. Relative to this file."`
}

// Signals lists the sources of signals that a site reads.
type Signals struct {
	GPC         *Plain       `yaml:"gpc" doc:"Global Privacy Control, the header Sec-GPC."`
	DNT         *Plain       `yaml:"dnt" doc:"The header DNT."`
	ConsentMode *ConsentMode `yaml:"consent_mode" doc:"Google consent mode: gcs and gcd in GA4 hits."`
	Own         []Own        `yaml:"own" doc:"A banner of the site's own: where the choice is, and what counts as a yes or a no."`

	TCF     *IAB   `yaml:"tcf" doc:"IAB TCF consent string: cookies euconsent-v2 and eupubconsent-v2 (OneTrust's), parameter gdpr_consent, and inside the cookies of Google's CMP and of Cookiebot."`
	GPP     *IAB   `yaml:"gpp" doc:"IAB Global Privacy Platform string: parameters gpp and gpp_sid, cookies __gpp, OTGPPConsent (OneTrust's) and __gpp_sid. Its section 2 counts as a TCF string."`
	USP     *Plain `yaml:"usp" doc:"US privacy string: parameter us_privacy, cookie usprivacy."`
	AC      *IAB   `yaml:"ac" doc:"Google's additional consent string, beside a TCF string: parameter and cookie addtl_consent, cookie OTAdditionalConsentString (OneTrust's). It speaks of vendors whose catalog file has atp."`
	Payload *CMP   `yaml:"payload" doc:"The SDK's own consent object in its events: Segment, RudderStack, Snowplow, Matomo. Default: the site's CMP's ids where they are OneTrust's, else ids stand for themselves."`

	Receipts *Receipts `yaml:"receipts" doc:"Receipts of choices: what visitors chose by tagwarden.choice, the mirror script or the site's server, found by their identifiers, so that hits that a server sends obey it too. What a browser posts counts for refusals alone; a grant counts where the site vouches for it."`

	OneTrust          *CMP `yaml:"onetrust" doc:"OneTrust: cookies OptanonConsent and OptanonAlertBoxClosed. Ids: C0001 to C0005, or the site's own."`
	Cookiebot         *CMP `yaml:"cookiebot" doc:"Cookiebot: cookie CookieConsent. Ids: preferences, statistics, marketing."`
	Didomi            *CMP `yaml:"didomi" doc:"Didomi: cookie didomi_token. Ids: the site's purposes and vendors. didomi_dcs cannot be read and gives unknown: list mirror, whose script reads it in the page."`
	Klaro             *CMP `yaml:"klaro" doc:"Klaro: cookie klaro. Ids: the site's services."`
	Complianz         *CMP `yaml:"complianz" doc:"Complianz: cookies cmplz_*; cookie: the prefix, where the site changed it. Ids: preferences, statistics, marketing, and services."`
	CookieYes         *CMP `yaml:"cookieyes" doc:"CookieYes: cookie cookieyes-consent; and its plugin GDPR Cookie Consent: cookies viewed_cookie_policy, cookielawinfo-checkbox-*, CookieLawInfoConsent. Ids: functional, analytics, performance, advertisement, other (others, non-necessary), or the site's own."`
	Axeptio           *CMP `yaml:"axeptio" doc:"Axeptio: cookies axeptio_*. Ids: the site's vendors."`
	Iubenda           *CMP `yaml:"iubenda" doc:"iubenda: cookie _iub_cs-<id>. Ids: 2 functionality, 3 experience, 4 measurement, 5 marketing."`
	TrustArc          *CMP `yaml:"trustarc" doc:"TrustArc: cookies notice_gdpr_prefs, notice_preferences, cmapi_cookie_privacy. Ids: 2 functional, 3 advertising."`
	HubSpot           *CMP `yaml:"hubspot" doc:"HubSpot: cookies __hs_cookie_cat_pref, __hs_opt_out, __hs_do_not_track. Ids: 1 analytics, 2 advertisement, 3 functionality."`
	Civic             *CMP `yaml:"civic" doc:"Civic: cookie CookieControl. Ids: the site's categories."`
	CookieConsent     *CMP `yaml:"cookieconsent" doc:"cookieconsent by orestbida: cookie cc_cookie. Ids: the site's categories and services; revision: the one that counts."`
	GoogleFC          *CMP `yaml:"google_fc" doc:"Google's CMP (Funding Choices): TCF and additional consent strings in cookie FCCDCF."`
	Tealium           *CMP `yaml:"tealium" doc:"Tealium: cookie CONSENTMGR. Ids: c1 to c15."`
	CommandersAct     *CMP `yaml:"commanders_act" doc:"Commanders Act: cookie TC_PRIVACY. Ids: the site's numbers."`
	CookieInformation *CMP `yaml:"cookie_information" doc:"Cookie Information: cookie CookieInformationConsent. Ids: cookie_cat_functional, cookie_cat_statistic, cookie_cat_marketing."`
	Shopify           *CMP `yaml:"shopify" doc:"Shopify: cookie _tracking_consent, version 2.1. Ids: a analytics, m marketing, p preferences, s sale."`
	Ketch             *CMP `yaml:"ketch" doc:"Ketch: cookie _ketch_consent_v1_. Ids: the site's purposes."`
	Matomo            *CMP `yaml:"matomo" doc:"Matomo's own consent: cookies mtm_consent, mtm_consent_removed, matomo_ignore. Id: tracking."`
	Tarteaucitron     *CMP `yaml:"tarteaucitron" doc:"tarteaucitron: cookie tarteaucitron. Ids: the site's services; one that is still at wait has no answer. What tarteaucitron takes for exempt (matomo, matomohightrack, plausible ...) is true without an answer, and no yes."`
	CookieThough      *CMP `yaml:"cookie_though" doc:"cookie-though: cookie cookie-preferences. Ids: the site's policies."`

	Mirror       *CMP `yaml:"mirror" doc:"What /privacy/tagwarden-mirror.js copies from a platform that keeps the choice in the browser (Usercentrics, Sourcepoint, Osano, Termly, Didomi): cookie tagwarden-choices. Ids: that platform's categories and services."`
	Usercentrics *CMP `yaml:"usercentrics" doc:"Usercentrics keeps its state where no server sees it: recognised, and never a grant. Have its pages include /privacy/tagwarden-mirror.js, and list mirror."`
	Termly       *CMP `yaml:"termly" doc:"Termly keeps its state where no server sees it: never a grant. Have its pages include /privacy/tagwarden-mirror.js, and list mirror."`
	Osano        *CMP `yaml:"osano" doc:"Osano's cookie is encrypted: recognised, and never a grant. Have its pages include /privacy/tagwarden-mirror.js, and list mirror."`
	Sourcepoint  *CMP `yaml:"sourcepoint" doc:"Sourcepoint's cookie is a key to a record elsewhere: recognised, and never a grant. List tcf or gpp, which it writes as well; or have its pages include /privacy/tagwarden-mirror.js, and list mirror."`
}

// signalKind is the source that a key of Signals is.
func signalKind(key string) signal.Kind {
	switch key {
	case "gpc":
		return signal.GPC
	case "dnt":
		return signal.DNT
	case "consent_mode":
		return signal.ConsentMode
	case "own":
		return signal.Own
	case "tcf":
		return signal.TransparencyConsent
	case "gpp":
		return signal.PrivacyPlatform
	case "usp":
		return signal.USPrivacy
	case "ac":
		return signal.AdditionalConsent
	case "payload":
		return signal.Payload
	case "receipts":
		return signal.Receipts
	}
	if c, ok := cmp.Parse(key); ok {
		return signal.Platform(c)
	}
	panic("BUG: unknown source of signals " + key)
}

// platform returns what the file says of a consent management platform, or of payload.
func (s *Signals) platform(key string) *CMP {
	f, ok := FieldsOf(signalsType).ByName(key)
	if !ok {
		return nil
	}
	c, _ := reflect.TypeAssert[*CMP](reflect.ValueOf(s).Elem().Field(f.Index))
	return c
}

// iab returns what the file says of a string of IAB's or Google's.
func (s *Signals) iab(key string) *IAB {
	switch key {
	case "tcf":
		return s.TCF
	case "gpp":
		return s.GPP
	case "ac":
		return s.AC
	default:
		return nil
	}
}

// Plain is a source without settings: {}.
type Plain struct{}

// IAB is a string of IAB's or Google's.
type IAB struct {
	Cookie string `yaml:"cookie" doc:"A cookie of the site's that holds the string: it is read beside those with the usual names."`
}

// CMP is a consent management platform.
type CMP struct {
	Categories map[string]string `yaml:"categories" doc:"The platform's own ids to the purposes' categories: what is not mapped means nothing. Default: known ids to the categories that they are commonly for; free ids stand for themselves."`
	Services   map[string]string `yaml:"services" doc:"For platforms that ask about services one by one (cookieconsent, klaro, axeptio, didomi, onetrust, complianz, tarteaucitron, mirror): the ids of those that are vendors, to the vendors' ids: { mixpanel: mixpanel }. A no to one is a no to that vendor, whatever its category says. Default: services that are called like a vendor."`
	Cookie     string            `yaml:"cookie" doc:"Name of its cookie, where the site changed it (Complianz: the prefix)."`
	Revision   *int              `yaml:"revision" is:"min=0" doc:"Revision of the banner that counts (cookieconsent). Default: any."`
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
	Pairs    string   `yaml:"pairs" doc:"The value is pairs of a name and a value: the mark between two pairs, and that between name and value, as in != for !a=true!b=false."`
	Name     string   `yaml:"name" doc:"Name of the choice among the pairs."`
	Date     *OwnDate `yaml:"date" doc:"Where the choice says when it was made: an event from before it is denied, and consent_max_age counts from it."`
	Category string   `yaml:"category" is:"required" doc:"The consent category that the choice is about."`
	Granted  []string `yaml:"granted" is:"required" doc:"Values that count as a yes."`
	Refused  []string `yaml:"refused" doc:"Values that count as a no. Any other is malformed, and no yes."`
}

// OwnDate is where a choice of [Own] has its date.
type OwnDate struct {
	Cookie string `yaml:"cookie" doc:"Name of the cookie that holds it. Default: it is in what holds the choice."`
	JSON   string `yaml:"json" doc:"Path of the date inside the value, where that is JSON: names with dots between them."`
	Format string `yaml:"format" is:"one=date_format" doc:"How it is written: ISO 8601, Unix seconds or milliseconds. Default: told apart by how it looks."`
}

var signalsType = reflect.TypeFor[Signals]()
