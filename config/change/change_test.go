package change

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
)

// changeCases are changes of the files of the sample, by what they are about, and what is said of them.
var changeCases = []struct {
	of   string // a key of a file, or what it is about
	from string
	to   string
	want []string // "" is nothing
}{
	{"comments", "profiles:", "profiles: # these", nil},
	{"defaults", "direct_marketing: true", "direct_marketing: true\n    dnt: object",
		[]string{"policy: its digest is another one"}},

	{"activities.regions", "activities:", "regions: { CH: overriding_interest }\nactivities:",
		[]string{"Switzerland: regime overriding_interest instead of opt_in: WIDER"}},

	{"activity.id", "id: ga4-opt-out", "id: ga4-other",
		[]string{"activity ga4-other: new: ga4 for offers on opt_out: WIDER",
			"activity ga4-opt-out: removed: ga4 for offers on opt_out: narrower"}},
	{"activity.vendor", "vendor: posthog\n    purposes: [fraud]", "vendor: matomo\n    purposes: [fraud]",
		[]string{"activity posthog-fraud: vendor matomo instead of posthog: WIDER"}},
	{"activity.purposes", "purposes: [fraud]", "purposes: [fraud, measure]",
		[]string{"activity posthog-fraud: purposes added: measure: WIDER"}},
	{"activity.explicit", "basis: consent", "basis: consent\n    explicit: true",
		[]string{"explicit consent: true (only then what is sensitive may pass): WIDER"}},
	{"activity.basis", "basis: legal_obligation", "basis: consent",
		[]string{"activity posthog-fraud: basis consent instead of legal_obligation: narrower"}},
	{"activity.basis", "basis: legal_obligation", "basis: contract",
		[]string{"activity posthog-fraud: basis contract instead of legal_obligation: WIDER"}},
	{"activity.assessment", "assessment: LIA-1", "assessment: LIA-3",
		[]string{"activity matomo-cookieless: assessment LIA-3 instead of LIA-1: WIDER"}},
	{"activity.exemption", "    exemption: audience_measurement\n", "    exemption: strictly_necessary\n",
		[]string{"activity matomo-cookieless: exemption strictly_necessary instead of audience_measurement: WIDER"}},
	{"activity.attested", "    exemption: audience_measurement\n",
		"    exemption: audience_measurement\n    attested: [{ lines: [contract], by: Jane Doe, on: 2026-11-20 }]\n",
		[]string{"activity matomo-cookieless: attested added: contract (by Jane Doe on 2026-11-20, until 2027-11-20; )"}},
	{"activity.reference", "    reference: \"Payment Services Act, section 55 (=1+1)\"\n", "",
		[]string{"posthog-fraud: reference none instead of",
			"activity posthog-fraud: takes place no longer: it names no contract or law (reference:): narrower"}},
	{"activity.consent_max_age", "consent_max_age: 13 months", "consent_max_age: 2 years",
		[]string{"ga4-with-consent: consent_max_age 24 months instead of 13 months: WIDER"}},
	{"activity.consent_max_age", "consent_max_age: 13 months", "consent_max_age: 395 days",
		[]string{"consent_max_age 395 days instead of 13 months: narrower"}},
	{"activity.retention", "retention: 90 days", "retention: 2 years",
		[]string{"posthog-fraud: retention 24 months instead of 90 days: WIDER"}},
	{"activity.transfer", "transfer: { country: US, safeguard: DPF }", "transfer: { country: CN, safeguard: SCC }",
		[]string{"transfer to CN instead of US: WIDER"}},
	{
		"activity.device", "    device: none\n    regions",
		"    device: [{ name: a, kind: cookie, period: 1 day }]\n    regions",
		[]string{"activity matomo-cookieless: what is kept on devices, or read from them, reads otherwise: WIDER"},
	},
	{
		"activity.device", "    device: [{ name: _gcl_au, kind: cookie, period: 90 days, readers: [Google Ads] }]\n", "",
		[]string{"activity ga4-with-consent: what is kept on devices, or read from them, reads otherwise: WIDER"},
	},
	{
		"activity.automated_decision", "    automated_decision: none\n",
		"    automated_decision: { logic: a, effect: b, human: c }\n",
		[]string{"activity ga4-with-consent: a machine decides about visitors: WIDER"},
	},
	{
		"activity.automated_decision", "effect: It is looked at", "effect: It is looked over",
		[]string{"activity posthog-fraud: what is said of decisions by machines reads otherwise\n"},
	},
	{
		"activity.required", "    required: no\n", "",
		[]string{"activity ga4-with-consent: what is said of whether the data have to be given"},
	},
	{"activity.profile", "profile: standard", "profile: cookieless", []string{
		"activity ga4-with-consent: profile cookieless instead of standard\n",
		"activity ga4-with-consent: client_id derived instead of pseudonymised: narrower",
		"activity ga4-with-consent: ip truncated instead of dropped: WIDER",
		"activity ga4-with-consent: language dropped instead of generalised: narrower",
		"activity ga4-with-consent: custom field ep.payment_type dropped instead of limited to a list (only): narrower",
	}},
	{"activity.except_events", "events: [page_view, link]", "events: [page_view, link]\n    except_events: [link]",
		[]string{"activity matomo-cookieless: except_events added: link: narrower"}},
	{"activity.events", "events: [page_view, link]", "events: [page_view, download]",
		[]string{"events added: download: WIDER", "events removed: link: narrower"}},
	{"activity.regions", "regions: [US-CA]", "regions: [US-CA, US-VA]",
		[]string{"activity ga4-opt-out: regions added: US-VA: WIDER"}},
	{"activity.sites", "    sites: [shop]\n", "",
		[]string{"activity posthog-fraud: sites all, instead of only shop: WIDER"}},
	{"activity.source", "    sites: [shop]\n", "    sites: [shop]\n    source: server\n",
		[]string{"activity posthog-fraud: only of hits that servers send: narrower"}},
	{"activity.after_refusal", "    events: [page_view, link]\n",
		"    events: [page_view, link]\n    after_refusal: { because: a }\n",
		[]string{"activity matomo-cookieless: goes on after a refusal: a: WIDER"}},
	{"activity.when", "    sites: [shop]\n", "    sites: [shop]\n    when: 'event.name == \"x\"'\n",
		[]string{`activity posthog-fraud: only when event.name == "x": narrower`}},
	{"order", "  - id: ga4-with-consent\n",
		"  - id: ga4-first\n    vendor: ga4\n    purposes: [fraud]\n    basis: consent\n    retention: 14 months\n    transfer: { country: US, safeguard: DPF }\n    profile: standard\n    events: [\"*\"]\n  - id: ga4-with-consent\n",
		[]string{"activity ga4-first: new"}},

	{"profile.classes", "client_id: { pseudonymise: { rotate: month, bits: 24 } }", "client_id: keep",
		[]string{"profile standard: client_id kept instead of pseudonymised: WIDER"}},
	{"profile.classes", "rotate: month, bits: 24", "rotate: month, bits: 32",
		[]string{"profile standard: client_id pseudonymise (replaced by a pseudonym that changes every month; several visitors may share one; 32 bits) instead of",
			": WIDER"}},
	{"profile.classes", "rotate: month, bits: 24", "rotate: day, bits: 24", []string{"changes every day", ": narrower"}},
	{"profile.classes", "referrer: { generalise: origin }", "referrer: drop",
		[]string{"profile standard: referrer dropped instead of generalised: narrower"}},
	{"profile.classes", "referrer: { generalise: origin }", "referrer: { generalise: origin }\n      page_title: scrub",
		[]string{"profile standard: page_title scrubbed instead of dropped: WIDER"}},
	{"profile.classes", `query: [utm_source, "utm_*"]`, "query: [utm_source, ref]",
		[]string{"url: query parameters added: ref: WIDER", "url: query parameters removed: utm_*: narrower"}},
	{"profile.classes", `query: [utm_source, "utm_*"]`, `query: [utm_source, "utm_*", utm_id]`,
		[]string{"policy: its digest"}},
	{"profile.classes", `"utm_*"], ids: template`, `"utm_*"], ids: keep`,
		[]string{"profile standard: url: ids in the path keep instead of template: WIDER"}},
	{"profile.classes", "screen: { rare: { k: 20 } }", "screen: { rare: { k: 10 } }",
		[]string{"profile standard: screen rare (sent only if at least 10 networks share the value; 7 days)", ": WIDER"}},
	{"profile.fields", "only: [card, invoice]", "only: [card, voucher]",
		[]string{"field ep.payment_type of ga4: values added: voucher: WIDER", "values removed: invoice: narrower"}},
	{"profile.fields", "    fields:\n      ga4: { ep.payment_type: { only: [card, invoice] } }\n", "",
		[]string{"field ep.payment_type of ga4 dropped instead of limited to a list (only): narrower"}},
	{"profile.set", "    fields:\n", "    set: { ga4: { npa: \"1\" } }\n    fields:\n",
		[]string{`profile standard: field npa of ga4 is set to "1"` + "\n"}},

	{"purpose.title", "en: Measure the audience of our pages", "en: Measure all",
		[]string{"purpose measure: what visitors are told reads otherwise"}},
	{"purpose.description", "to find errors.\", de", "to find all errors.\", de",
		[]string{"purpose measure: what visitors are told reads otherwise"}},
	{"purpose.categories", "categories: [analytics]", "categories: [analytics, security]",
		[]string{"purpose measure: consent categories added: security: WIDER"}},
	{"purpose.tcf", "categories: [security]", "categories: [security]\n    tcf: [8]",
		[]string{"purpose fraud: TCF purposes added: 8: narrower"}},
	{"purpose.gpc", "gpc: object", "gpc: ignore",
		[]string{"purpose offers: Global Privacy Control counts: ignore instead of object: WIDER"}},
	{"purpose.dnt", "dnt: object", "dnt: ignore",
		[]string{"purpose measure: Do Not Track counts: ignore instead of object: WIDER"}},
	{"purpose.direct_marketing", "direct_marketing: true", "direct_marketing: false",
		[]string{"purpose offers: direct marketing: false (an objection to it is absolute): WIDER"}},
	{"purpose.sensitive", "us: [targeted_advertising]", "us: [targeted_advertising]\n    sensitive: true",
		[]string{"purpose offers: sensitive data: true"}},
	{"purpose.us", "us: [targeted_advertising]", "us: [sale]", []string{"counts as in the US added: sale: narrower",
		"counts as in the US removed: targeted_advertising: WIDER"}},

	{"vendor", "  posthog: { catalog: posthog, prefix: /ph, senders: { networks: [10.0.0.0/8] } }\n",
		"  posthog: { catalog: posthog, prefix: /ph, senders: { networks: [10.0.0.0/8] } }\n  umami: { catalog: umami, country: DE, upstream: \"https://umami.example\", prefix: /um }\n",
		[]string{"vendor umami: new: umami at https://umami.example: WIDER"}},
	{"vendor.entity", "other: \"Google LLC, Mountain View, US\"", "other: \"Google Inc., Mountain View, US\"",
		[]string{"vendor ga4: legal person EEA: Google Ireland Limited", ": WIDER"}},
	{"vendor.role", "role: processor", "role: controller",
		[]string{"vendor ga4: role controller instead of processor: WIDER"}},
	{"vendor.role", "prefix: /ph,", "prefix: /ph, role: joint,",
		[]string{"vendor posthog: role joint instead of processor: WIDER"}},
	{"vendor.policy_url", "role: processor", "role: processor, policy_url: \"https://shop.example/ga\"",
		[]string{"vendor ga4: privacy policy https://shop.example/ga instead of"}},
	{"vendor.arrangement", "role: processor", "role: processor, arrangement: \"https://shop.example/ga\"",
		[]string{"vendor ga4: joint arrangement https://shop.example/ga instead of none"}},
	{"vendor.senders", "senders: { networks: [10.0.0.0/8] }", "senders: { networks: [10.1.0.0/16], token_file: ./t }",
		[]string{"vendor posthog: networks of servers that may send added: 10.1.0.0/16: WIDER",
			"vendor posthog: token of servers that may send ./t instead of none: WIDER"}},
	{"vendor.country", "  posthog: { catalog: posthog,", "  posthog: { catalog: posthog, country: US,",
		[]string{"vendor posthog: country of its machines US instead of none: WIDER"}},
	{"vendor.catalog", "{ catalog: matomo,", "{ catalog: plausible,",
		[]string{"vendor matomo: catalog entry plausible instead of matomo: WIDER"}},
	{"vendor.upstream", "https://region1.google-analytics.com", "https://elsewhere.example",
		[]string{"vendor ga4: hosts added: https://elsewhere.example: WIDER",
			"hosts removed: https://region1.google-analytics.com: narrower"}},
	{"vendor.upstreams", "{ catalog: posthog, prefix: /ph, senders: { networks: [10.0.0.0/8] } }",
		"{ catalog: posthog, prefix: /ph, upstreams: { assets: \"https://a.example\" } }",
		[]string{"vendor posthog: hosts added: https://a.example: WIDER"}},
	{"vendor.region", "{ catalog: posthog, prefix: /ph, senders: { networks: [10.0.0.0/8] } }",
		"{ catalog: posthog, prefix: /ph, region: eu }", []string{"vendor posthog: region eu instead of none",
			"vendor posthog: hosts added: https://eu", ": WIDER"}},
	{"vendor.paths", "{ catalog: posthog, prefix: /ph, senders: { networks: [10.0.0.0/8] } }",
		"{ catalog: posthog, prefix: /ph, paths: { capture: /hog/e } }",
		[]string{"vendor posthog: path of capture /hog/e instead of none\n"}},
	{"vendor.private", "{ catalog: posthog, prefix: /ph, senders: { networks: [10.0.0.0/8] } }",
		"{ catalog: posthog, prefix: /ph, private: true }", []string{"vendor posthog: private: true"}},
	{"vendor.prefix", "prefix: /ph", "prefix: /hog", []string{"vendor posthog: prefix /hog instead of /ph\n"}},
	{"vendor.rate", "prefix: /ph,", "prefix: /ph, rate: 5,", nil}, // when, not what
	{"vendor.concurrency", "prefix: /ph,", "prefix: /ph, concurrency: 2,", nil},

	{"site", "  blog:\n", "  news: { hosts: [news.example] }\n  blog:\n", []string{"site news: new: news.example: WIDER"}},
	{"site.hosts", "hosts: [blog.example]", "hosts: [blog.example, b.example]",
		[]string{"site blog: hosts added: b.example: WIDER"}},
	{"site.base", "hosts: [blog.example]", "hosts: [blog.example]\n    base: /t",
		[]string{"site blog: base /t instead of none\n"}},
	{"site.origins", "hosts: [blog.example]", "hosts: [blog.example]\n    origins: [\"https://blog.example\"]",
		[]string{"site blog: origins added: https://blog.example: WIDER"}},
	{"site.region", "hosts: [blog.example]", "hosts: [blog.example]\n    region: { header: CF-IPCountry, default: US }",
		[]string{"site blog: region by header CF-IPCountry instead of none: WIDER",
			"site blog: region by default US instead of none: WIDER"}},
	{"site.phone_country", "hosts: [blog.example]", "hosts: [blog.example]\n    phone_country: DE",
		[]string{"site blog: country of phone numbers DE instead of none: narrower\n"}},
	{"site.name", "hosts: [blog.example]", "hosts: [blog.example]\n    name: Magazine",
		[]string{"site blog: what visitors read of it (name, title, logo, languages, links) is otherwise\n"}},
	{"site.privacy", "hosts: [blog.example]", "hosts: [blog.example]\n    privacy: { css: ./blog.css }",
		[]string{"site blog: style sheet of the preference centre ./blog.css instead of none\n"}},
	{"site.choices", "hosts: [blog.example]", "hosts: [blog.example]\n    choices: { texts: [./blog.css] }",
		[]string{"site blog: texts that visitors choose by added: ./blog.css\n"}},
	{"site.vendors", "vendors: [matomo]", "vendors: [matomo, ga4]", []string{"site blog: vendors added: ga4: WIDER"}},
	{"site.signals", "signals: { gpc: {}, dnt: {}, own", "signals: { dnt: {}, usp: {}, own",
		[]string{"site shop: signal gpc is read no longer", ": WIDER", "site shop: signal usp is read: narrower"}},
	{"site.signals", `granted: ["yes"] }] }`, `granted: ["yes", "maybe"] }] }`,
		[]string{"signal own is read in another way: more may count as a yes: WIDER"}},

	{"server.trusted_proxies", "vendors:\n  ga4", "trusted_proxies: [10.0.0.0/8]\nvendors:\n  ga4",
		[]string{"server: trusted proxies added: 10.0.0.0/8: WIDER"}},
	{"server.limits", "vendors:\n  ga4", "limits: { events: 5000 }\nvendors:\n  ga4",
		[]string{"server: limit of events 5000 instead of 2500: WIDER"}},
	{"server.objections", "vendors:\n  ga4", "objections: { follow: false }\nvendors:\n  ga4", []string{
		"server: objections follow their persons to browsers that are seen with them: false: WIDER",
	}},
	{"server.controller", "dpo: dpo@shop.example", "dpo: other@shop.example",
		[]string{"server: the controller's name, address or contact reads otherwise\n"}},

	{"assessment.version", "version: 3", "version: 4", []string{"assessment LIA-1: version 4 instead of 3\n"}},
	{"assessment.safeguards", "safeguards: [pseudonymisation, ip_truncation,", "safeguards: [pseudonymisation,",
		[]string{"assessment LIA-1: safeguards removed: ip_truncation: WIDER"}},
	{"assessment.recipients", "recipients: [matomo]", "recipients: [matomo, posthog]",
		[]string{"assessment LIA-1: recipients added: posthog: WIDER"}},
	{"assessment.purposes", "owner: web@shop.example\npurposes: [measure]",
		"owner: web@shop.example\npurposes: [measure, fraud]", []string{"assessment LIA-1: purposes added: fraud: WIDER"}},
	{"assessment.retention", "retention: 14 months", "retention: 25 months",
		[]string{"assessment LIA-1: retention 25 months instead of 14 months: WIDER"}},
	{"assessment.objection", "every page, compelling_grounds: none", "every page, compelling_grounds: there are some",
		[]string{"assessment LIA-1: compelling grounds against objections: true: WIDER"}},
	{"assessment.review_by", "2026-05-04", "2027-06-04",
		[]string{"assessment LIA-2: review by 2027-06-04 instead of 2026-05-04: WIDER",
			"activity posthog-expired: begins to take place: before, assessment LIA-2 is expired: WIDER"}},
	{"assessment.interest", "Visitors find what they look for.", "Visitors find it.",
		[]string{"assessment LIA-1: reads otherwise: interest"}},
	{"assessment.data", "timestamp: truncate }", "timestamp: truncate, referrer: keep }",
		[]string{"assessment LIA-1: referrer at loosest keep instead of drop: WIDER"}},
}

// told writes the changes, a line each.
func told(changes []Change) string {
	var all strings.Builder
	for _, c := range changes {
		all.WriteString(c.String() + "\n")
	}
	return all.String()
}

// third adds a third assessment, like the first one.
func third(files map[string][]byte) map[string][]byte {
	files["policy/assessments/LIA-3.yaml"] = []byte(strings.Replace(string(files["policy/assessments/LIA-1.yaml"]),
		"id: LIA-1", "id: LIA-3", 1))
	return files
}

func TestChanges(t *testing.T) {
	t.Parallel()
	signed := sample.Approved(t, third(sample.Files(t)))
	unsigned, err := sample.Compiled(third(sample.Files(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changeCases {
		before := unsigned
		after, err := sample.Compiled(third(sample.Files(t, c.from, c.to)))
		if err != nil {
			t.Errorf("%s: %v", c.of, err)
			continue
		}
		if c.of == "assessment.review_by" {
			before, after = signed, sample.Approved(t, third(sample.Files(t, c.from, c.to)))
		}
		got := told(Between(before, after, sample.Day))
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in\n%s", c.of, want, got)
			}
		}
		if c.want == nil && got != "" {
			t.Errorf("%s:\n%s", c.of, got)
		}
		// Whatever widens one way does not pass for wider the other way alone: nothing is silent in both directions.
		if back := Between(after, before, sample.Day); len(c.want) > 0 && len(back) == 0 {
			t.Errorf("%s: the way back is not told", c.of)
		}
	}
}

// TestChangesKnowEveryKey: a key that comes to be decided by is compared, or this test says that it isn't.
func TestChangesKnowEveryKey(t *testing.T) {
	t.Parallel()
	for _, of := range []struct {
		name string
		kind reflect.Type
	}{
		{"activity", reflect.TypeFor[config.Activity]()}, {"purpose", reflect.TypeFor[config.Purpose]()},
		{"profile", reflect.TypeFor[config.Profile]()},
		{"vendor", reflect.TypeFor[config.Vendor]()}, {"site", reflect.TypeFor[config.Site]()},
	} {
		for field := range of.kind.Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if !slices.ContainsFunc(changeCases, func(c struct {
				of   string
				from string
				to   string
				want []string
			},
			) bool {
				return c.of == of.name+"."+key
			}) {
				t.Errorf("no case is about %s.%s", of.name, key)
			}
		}
	}
}

// TestRemovedRung: what a removed activity carried goes down the ladder.
func TestRemovedRung(t *testing.T) {
	t.Parallel()
	before := sample.Approved(t, sample.Files(t))
	files := sample.Files(t)
	text := string(files["policy/activities.yaml"])
	start, end := strings.Index(text, "  - id: ga4-with-consent"), strings.Index(text, "  - id: ga4-opt-out")
	files["policy/activities.yaml"] = []byte(text[:start] + text[end:])
	got := told(Between(before, sample.Approved(t, files), sample.Day))
	if want := "activity ga4-with-consent: the events that it carried may travel on ga4-opt-out: WIDER\n"; !strings.Contains(got,
		want) {
		// for another purpose
		t.Error(got)
	}
	files["policy/activities.yaml"] = []byte("activities:\n" + text[end:strings.Index(text, "  - id: matomo")] +
		text[start:end] + text[strings.Index(text, "  - id: matomo"):])
	got = told(Between(before, sample.Approved(t, files), sample.Day))
	if want := "vendor ga4: its activities are asked in another order: ga4-opt-out, ga4-with-consent, instead of ga4-with-consent, ga4-opt-out: WIDER\n"; got != want {
		t.Error(got)
	}
}

func TestChangedDetectors(t *testing.T) {
	t.Parallel()
	files := func(detectors string) map[string][]byte {
		all := sample.Files(t)
		if detectors != "" {
			all["policy/detectors.yaml"] = []byte("detectors:\n  kd: { pattern: '" + detectors + "' }\n")
		}
		return all
	}
	none, one, other := sample.Approved(t, files("")), sample.Approved(t, files("KD-[0-9]{6}")),
		sample.Approved(t, files("KD-[0-9]{7}"))
	for want, got := range map[string]string{
		"detector kd: new: narrower\n":                            told(Between(none, one, sample.Day)),
		"detector kd: removed: what it found passes now: WIDER\n": told(Between(one, none, sample.Day)),
		"detector kd: reads otherwise: it may find less: WIDER\n": told(Between(one, other, sample.Day)),
		"": told(Between(one, one, sample.Day)),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
