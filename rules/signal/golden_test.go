package signal

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// told is a hit that says something: lines of "cookie a=b", "header name: value", "query a=b", "shared signal
// path=value" and "event signal path=value". "and" begins another event. A name in angle brackets stands for one of the
// strings below. A path is names with dots between them; [] at its end is a list's member.
type told string

var longStrings = map[string]string{
	"<tc>":   signaltest.FullTC(),                        // every bit
	"<tc-2>": signaltest.RestrictedTC(2, iab.NotAllowed), // vendor 5 may not select ads
	// purposes 1 to 4 and 7 to 10; nobody disclosed
	"<tc-few>":  signaltest.Head().EveryOther(9).EveryOther(9).Put(12, 0).Text(),
	"<gpp-tc>":  signaltest.GPPHead(2) + "~" + signaltest.FullTC(),
	"<gpp-6>":   signaltest.GPPHead(6) + "~1YYN",
	"<gpp-63>":  signaltest.GPPHead(63) + "~A", // a section that is not known
	"<gpp-tc6>": signaltest.GPPHead(2, 6) + "~" + signaltest.RestrictedTC(2, iab.NotAllowed) + "~1YYN",
	"<gpp-6-7>": signaltest.GPPHead(6, 7) + "~1NNN~CAAQAAAAAABA",
	"<gpp-7>":   "DBABLA~CAAQAAAAAABA.QA", // usnat: sale
	"<gpp-gpc>": "DBABLA~CAAAAAAAAABA.YA", // usnat: GPC
	"<long>":    strings.Repeat("x", read.MaxCookie+1),
}

// add reads one line of what is told into the hit.
func (t told) add(h *hit.Hit, root *int32) {
	where, what, _ := strings.Cut(string(t), " ")
	for name, text := range longStrings {
		what = strings.ReplaceAll(what, name, text)
	}
	leaf := func(parent int32, path, value string) int32 {
		span := func(text string) hit.Span {
			arena := h.Grow()
			from := len(arena)
			return h.Grown(append(arena, text...), from)
		}
		names := strings.Split(path, ".")
		for i, name := range names {
			list, isList := strings.CutSuffix(name, "[]")
			kind := hit.Object
			switch {
			case isList:
				kind = hit.Array
			case i < len(names)-1:
			case value == "true" || value == "false":
				kind = hit.Bool
			case value == "null":
				kind = hit.Null
			case strings.HasPrefix(value, `"`):
				kind = hit.String
			case value == "{}":
			case h.Nodes[parent].Kind == hit.Form:
				kind = hit.Text
			default:
				kind = hit.Number
			}
			parent = h.Append(parent, hit.Node{Kind: kind, Key: span(list), Val: span(value)})
			if isList {
				parent = h.Append(parent, hit.Node{Kind: hit.String, Val: span(value)})
			}
		}
		return parent
	}
	path, value, _ := strings.Cut(what, "=")
	switch where {
	case "cookie":
		h.Request.Headers = append(h.Request.Headers, hit.Header{Name: []byte("Cookie"), Value: []byte(what)})
	case "header":
		name, value, _ := strings.Cut(what, ": ")
		h.Request.Headers = append(h.Request.Headers, hit.Header{Name: []byte(name), Value: []byte(value)})
	case "query":
		if h.QueryRoot == hit.None {
			h.QueryRoot = h.Append(hit.None, hit.Node{Kind: hit.Form})
		}
		leaf(h.QueryRoot, path, value)
	case "asked": // a parameter of the query that the catalog knows
		signal, path, _ := strings.Cut(path, " ")
		told("query "+path+"="+value).add(h, root)
		h.Claims = append(h.Claims, hit.Claim{Node: int32(len(h.Nodes) - 1), Event: hit.Shared, Signal: signal})
	case "and":
		*root = h.Append(hit.None, hit.Node{Kind: hit.Object})
		h.Events = append(h.Events, hit.Event{Root: *root, NameNode: hit.None, NameRule: hit.None})
	case "void": // an event that stands nowhere
		h.Events = append(h.Events, hit.Event{Root: hit.None, NameNode: hit.None, NameRule: hit.None})
	case "shared", "event":
		event, parent := int32(hit.Shared), *root
		if where == "event" {
			event = int32(len(h.Events) - 1)
		} else {
			parent = h.BodyRoot
		}
		from := len(h.Nodes)
		signal, path, _ := strings.Cut(path, " ")
		claim := hit.Claim{Node: leaf(parent, path, value), Event: event, Signal: signal}
		for i := from; i < len(h.Nodes); i++ {
			h.Nodes[i].Event = event
		}
		h.Claims = append(h.Claims, claim)
	}
}

// says is all that a site's reader finds in the hit: its notes, and what the rules read.
func (t told) says(r *Reader, d *Declaration, silent *Ask) (lines []string) {
	h := new(hit.Hit)
	h.Reset()
	h.BodyRoot = h.Append(hit.None, hit.Node{Kind: hit.Object})
	root := int32(hit.None)
	for line := range strings.Lines(string(t)) {
		told(strings.TrimSpace(line)).add(h, &root)
	}
	h.Chain()
	note := func(kind Kind, where string, state State, says string) {
		if where := fmt.Sprintf("%s, %s: %s, %s", kind, where, state, says); state != Absent || t == "" {
			lines = append(lines, where)
		}
	}
	ask := &Ask{Declaration: d, Scratch: new(cmp.Scratch)}
	silent.Declaration = d // it is used again as it is, and keeps nothing of the hit before
	var s, same Signals
	r.Hit(h, &s, ask, note)
	r.Hit(h, &same, silent, nil)
	if found := s.words(); found != "" {
		lines = append(lines, "= "+found)
	}
	if s != same {
		lines = append(lines, "without notes it says something else")
	}
	for e := range h.Events {
		of, unnoted := s, same
		r.Event(h, int32(e), &of, ask, note)
		r.Event(h, int32(e), &unnoted, silent, nil)
		lines = append(lines, fmt.Sprintf("= event %d %s", e, of.words()))
		if of != unnoted {
			lines = append(lines, "without notes it says something else")
		}
	}
	return lines
}

// words are all that signals say which is not nothing.
func (s *Signals) words() string {
	var all []string
	add := func(format string, of ...any) { all = append(all, fmt.Sprintf(format, of...)) }
	if s.GPC != Absent {
		add("gpc %s", s.GPC)
	}
	if s.DNT != Absent {
		add("dnt %s", s.DNT)
	}
	for i := range s.Sources[:s.N] {
		of := &s.Sources[i]
		add("%s %s +%b -%b ?%b !%b @%d", of.Kind, of.State, of.Granted, of.Refused, of.Doubt, of.Objected, of.At)
		if of.Refused != 0 {
			add("by an act %b", of.Declined)
		}
	}
	if s.TCF.State != Absent {
		add("tcf %s v%d p%d vendor %d @%d %b %b", s.TCF.State, s.TCF.Version, s.TCF.Policy, s.TCF.Vendor, s.TCF.At,
			s.TCF.Consents, s.TCF.Interests)
		for p := 1; p <= iab.NumPurposes && s.TCF.State == Valid; p++ {
			add("%d:%d/%d", p, s.TCF.Consent[p], s.TCF.Interest[p])
		}
	}
	if s.AC != (AC{}) {
		add("ac %v", s.AC)
	}
	for i, o := range []OptOuts{s.GPP, s.USP, s.Payload} {
		if o != (OptOuts{}) {
			add("%s %s of %b gpc %t", []string{"gpp", "usp", "told"}[i], o.State, o.Of, o.GPC)
		}
	}
	return strings.Join(all, " ")
}

var someSites = map[string][]Source{
	"tcf": {{Kind: TransparencyConsent}}, "gpp": {{Kind: PrivacyPlatform}}, "usp": {{Kind: USPrivacy}},
	"ac":        {{Kind: AdditionalConsent}},
	"google_fc": {{Kind: Platform(platformOf("google_fc"))}}, "tcf, gpp": {{Kind: TransparencyConsent},
		{Kind: PrivacyPlatform}},
	"all of IAB": {{Kind: TransparencyConsent}, {Kind: PrivacyPlatform}, {Kind: USPrivacy}, {Kind: AdditionalConsent},
		{Kind: Platform(platformOf("google_fc"))}, {Kind: GPC}},
	"gpc":          {{Kind: GPC}},
	"dnt":          {{Kind: DNT}},
	"onetrust":     {{Kind: Platform(platformOf("onetrust"))}},
	"onetrust gpc": {{Kind: GPC}, {Kind: Platform(platformOf("onetrust"))}},
	"consent_mode": {{Kind: ConsentMode}},
	"mode, mapped": {{Kind: ConsentMode, Categories: map[string]string{"ad_storage": "analytics",
		"ad_user_data": "marketing"}}},
	"payload": {{Kind: Payload}},
	"payload, mapped": {{Kind: Payload, Categories: map[string]string{"a": "analytics", "b": "marketing",
		"c": "marketing"}}},
	"own pairs": {{Kind: Own, Cookie: "c", Pairs: "!=", Name: "a", Category: "analytics", Granted: []string{"true"},
		Refused: []string{"false"}}},
	"IAB, its own cookies": {{Kind: TransparencyConsent, Settings: cmp.Settings{Cookie: "tc"}},
		{Kind: PrivacyPlatform, Settings: cmp.Settings{Cookie: "gpp"}},
		{Kind: AdditionalConsent, Settings: cmp.Settings{Cookie: "ac"}}},
	"own query": {{Kind: Own, Query: "c", Category: "analytics", Granted: []string{"yes"}, Refused: []string{"no"}}},
	"own header": {{Kind: Own, Header: "X-C", Category: "analytics", Granted: []string{"yes"},
		Refused: []string{"no"}}},
	"own body": {{Kind: Own, Body: "a.b", Category: "marketing", Granted: []string{"yes"}, Refused: []string{"no"}}},
	"own body, json": {{Kind: Own, Body: "a", JSON: "x", Category: "marketing", Granted: []string{"yes"},
		Refused: []string{"no"}}},
}

// each is the lines with each of some endings.
func (t told) each(endings ...string) (all []told) {
	for _, e := range endings {
		all = append(all, told(strings.ReplaceAll(string(t), "*", e)))
	}
	return all
}

var iabSites = []string{"tcf", "gpp", "usp", "ac", "google_fc", "tcf, gpp", "tcf, funding", "ac, funding",
	"tcf, ac", "all of IAB"}

// readings are hits, and the sites that read them.
var readings = []struct {
	sites []string
	hits  []told
}{
	{slices.Sorted(maps.Keys(someSites)), []told{""}}, // what is listed and not there
	{iabSites, slices.Concat(
		told("cookie *").each("euconsent-v2=<tc>", "__gpp=<gpp-tc>", "usprivacy=1YYN", "usprivacy=1YNN", "addtl_consent=1~9",
			"euconsent-v2=undefined", "__gpp=", "euconsent=<tc>"),
		told("query *").each("gdpr_consent=<tc>", "gpp=<gpp-tc6>", "us_privacy=1YYN", "addtl_consent=2~5~dv.9", "gdpr=1",
			"us_privacy=1--Y", "us_privacy=null"),
		told("shared * a.b").each(`gdpr_consent a="<tc-2>"`, `gpp x.y="<gpp-7>"`, `us_privacy a="1YYN"`,
			`addtl_consent a="1~9"`, `gcs a="G111"`),
		told("and\nevent *\nand\nevent us_privacy z=\"1N\"").each(`gdpr_consent a="<tc-few>"`, `gpp x="<gpp-tc>"`,
			`us_privacy a="1YYN"`, `addtl_consent a="1~1"`),
		told("asked *").each(`gpp gpp=<gpp-7>`, `us_privacy us_privacy=1YYN`, "us_privacy other=1YYN"),
		told("cookie *").each(
			`FCCDCF=[0,0,0,["<tc>","1~9"]]`, `FCCDCF=[0,0,0,["<tc-2>","2~9~dv.5"]]; euconsent-v2=<tc>; addtl_consent=1~9`,
			`FCCDCF=[`, `FCCDCF=[0,0,0,[null,"1~5"]]`,
			`CookieConsent={necessary:true,iab2:'<tc>',gacm:'1~9'}`,
			`CookieConsent={necessary:true,iab2:'<tc>'}; euconsent-v2=<tc>`, `CookieConsent={`,
			`_iub_cs-1-uspr={"s":false,"sh":true,"adv":true}`, `_iub_cs-1-uspr={"sh":false,"x":1}`,
			`_iub_cs-1-uspr={"adv":false}`, `_iub_cs-1-uspr={"s":1}`, `_iub_cs-1-uspr=[]`,
			`_iub_cs-1-uspr={"s":true}`, `_iub_cs-1-uspr=%7B%22s%22%3Afalse%7D`, `_iub_cs-1-uspr=<long>`,
			"euconsent-v2=x; __gpp=x; usprivacy=x; addtl_consent=x",
		),
	)},
	{[]string{"tcf", "gpp", "ac", "usp", "IAB, its own cookies"}, told("cookie *").each(
		"eupubconsent-v2=<tc>", "eupubconsent-v2=<tc>; euconsent-v2=<tc-2>", "OTGPPConsent=<gpp-7>", "OTGPPConsent=x",
		"OTGPPConsent1=<gpp-7>~", "OTGPPConsentX=<gpp-7>", "OTAdditionalConsentString=1~9",
		"tc=<tc>", "tc=<tc>; euconsent-v2=<tc-2>", "gpp=<gpp-7>", "ac=1~9", "ac=1~9; OTAdditionalConsentString=1~5", "=<tc>",
	)},
	{[]string{"own pairs"}, slices.Concat(told("cookie c=*").each(
		"!a=true", "!a=false", "!a=wait", "!b=true!a=true", "!b=true", "!a=true!a=false", "!a", "!a=", "!a=true=", "a=true",
		"%21a%3Dtrue", "!a=true%2", "!A=true", "!", "", "!x=%21a%3Dtrue", "!x=%21a%3Dtrue!a=false", "!%61=%74rue",
		"%21x%3D%2521a%253Dtrue",
	), told("cookie c=!a=true; c=*").each("!a=false", "!b=true", ""))},
	{[]string{"gpp", "tcf, gpp"}, slices.Concat(
		told("cookie __gpp=<gpp-7>; __gpp_sid=*").each("7", "6", "7,6", "2", "-1", "", "x", "%37"),
		told("cookie __gpp=<gpp-tc6>\nquery gpp_sid=*").each("2", "6", "-1", "0", "2_6", "8"),
		told("query gpp=<gpp-tc6>\nshared gpp_sid s=\"*\"").each("2", "6", "8"),
		told("query gpp_sid=2\ncookie __gpp_sid=6\nshared gpp g=\"<gpp-tc6>\"").each(""),
		told("cookie __gpp=<gpp-gpc>\nand\nevent gpp g=\"<gpp-7>\"\nevent gpp_sid s=\"*\"\nand\nevent gpp g=\"<gpp-7>\"").
			each("7", "2"),
		told("cookie __gpp_sid=2\nand\nevent gpp g=\"<gpp-7>\"\nevent gpp_sid s=\"7\"\nand\nevent gpp g=\"<gpp-7>\"").each(
			""),
		told("cookie __gpp=<gpp-63>*").each("", "~", "; __gpp_sid=7", "; __gpp_sid=63"), told("cookie __gpp=<gpp-6>*").each(
			"", "; __gpp_sid=6", "; __gpp_sid=7"),
		told("cookie __gpp=<gpp-6-7>*").each("", "; __gpp_sid=6", "; __gpp_sid=7", "; __gpp_sid=5", "; __gpp_sid=8,6"),
	)},
	{[]string{"gpc", "dnt", "all of IAB"}, slices.Concat(
		told("header *").each("Sec-GPC: 1", "sec-gpc: 0", "Sec-GPC: 0, 1", "DNT: 1", "dnt: 0", "X-Do-Not-Track: 1",
			"X-Do-Not-Track: 0"),
		told("header Sec-GPC: *\nheader Sec-GPC: 1").each("0", "1"),
		told("header DNT: 1\nheader X-Do-Not-Track: *").each("0", "1"),
		told("cookie __gpp=*").each("<gpp-gpc>", "<gpp-7>"),
	)},
	{[]string{"onetrust", "onetrust gpc", "gpc"},
		told("cookie OptanonConsent=*; OptanonAlertBoxClosed=2026-11-10T17:48:20.000Z").each(
			"groups=C0002:1,C0004:0&isGpcEnabled=1", "groups=C0002:1&isGpcEnabled=0", "isGpcEnabled=1&groups=C0002:1,C0004:1",
			"groups=C0002", "groups=C0002:1&AwaitingReconsent=true",
		)},
	{[]string{"consent_mode", "mode, mapped"}, slices.Concat(
		told("shared *\nand\nand\nevent gcd d=\"13r3r3r3r5\"").each(`gcd a="13r3r3r3r5"`, `gcd a="13p3r3r3r5"`,
			`gcs b="G101"`, `npa c=1`, `npa c=0`, `npa c=7`, `other c=1`),
		told("and\nevent *").each(
			`gcd a="13r3p3r3r5"`, `gcd a="13l3l3l3l1"`, `gcd a="13r3r3t3r5"`, `gcd a="13r3r3x3r5"`, `gcd a="1"`, `gcs a="G111"`,
			`gcs a="G100"`, `gcs a="x"`, `npa a=1`,
			`ga4_mp_consent c.ad_user_data="DENIED"`, `ga4_mp_consent c.ad_user_data="GRANTED"`,
			`ga4_mp_consent c.ad_personalization="x"`, `ga4_mp_consent c.other="DENIED"`,
		),
		told("and\nevent gcd a=\"13r3r3r3r5\"\nevent *").each(`gcs b="G111"`, `gcs b="G110"`, `gcs b="G1"`, `npa c=1`,
			`gcd d="13r3r3q3r5"`, `gcd d="13r3r3R3r5"`),
	)},
	{[]string{"payload", "payload, mapped"}, slices.Concat(
		told("and\nevent *").each(
			`segment_consent p.analytics=true`, `segment_consent p.analytics=false`, `segment_consent p.analytics="true"`,
			`segment_consent p.C0004=true`, `segment_consent p.a=true`,
			`segment_consent p.x=true`, `rudderstack_consent allowedConsentIds[]="analytics"`,
			`rudderstack_consent deniedConsentIds[]="marketing"`, `rudderstack_consent otherIds[]="marketing"`,
			`rudderstack_consent allowedConsentIds="analytics"`, `rudderstack_consent deniedConsentIds[]="b"`,
			`mparticle_consent g.analytics.consented=true`,
			`mparticle_consent g.marketing.consented=false`, `mparticle_consent g.marketing.consented=1`,
			`mparticle_consent g.marketing.document=true`, `mparticle_consent b.consented=true`,
			`mparticle_sale_opt_out s.consented=true`, `mparticle_sale_opt_out s.consented=false`,
			`mparticle_sale_opt_out s.consented=1`, `mparticle_sale_opt_out s.other=true`,
			`matomo_consent c=1`, `matomo_consent c=0`, `matomo_consent c=""`, `other c=1`,
		),
		told("shared segment_consent p.analytics=true\nand\nand\nevent segment_consent p.analytics=*\nevent segment_consent p.marketing=true").each("true",
			"false", "1"),
		told("shared segment_batch_consent p.analytics=*\nand\nand\nevent segment_consent p.analytics=true").each(
			"true", "false", "1"),
		told("shared rudderstack_batch_consent *[]=\"analytics\"\nand\nand\nevent segment_consent p.analytics=true").each(
			"allowedConsentIds", "deniedConsentIds"),
		told("shared mparticle_sale_opt_out s.consented=true\nand\nevent mparticle_sale_opt_out s.consented=*").each(
			"false", "1"),
		told("and\nevent snowplow_schema s=\"iglu:com.snowplowanalytics.snowplow/*\"").each(
			"consent_withdrawn/jsonschema/1-0-0", "consent_granted/jsonschema/1-0-0", "consent_preferences/jsonschema/1-0-0",
			"page_view/jsonschema/1-0-0", "consent_withdrawn/jsonschema/2-0-0",
		),
		told("and\nevent snowplow_schema s=\"iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-0\"\nevent snowplow_event_type t=*").each(
			`"allow_all"`, `"allow_selected"`, "\"allow_selected\"\nevent snowplow_scope s[]=\"analytics\"",
			"\"allow_selected\"\nevent snowplow_scope s[]=\"b\"\nevent snowplow_scope s[]=\"analytics\"",
			"\"allow_all\"\nevent snowplow_basis b=\"consent\"", "\"allow_all\"\nevent snowplow_basis b=\"contract\"",
			"\"allow_all\"\nevent snowplow_basis b=\"\"", `"deny_all"`, `"withdrawn"`, `"pending"`,
			"\"allow_all\"\nevent snowplow_event_type u=\"deny_all\"",
			"\"allow_all\"\nevent snowplow_schema r=\"iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-1\"",
			"\"allow_all\"\nevent snowplow_schema r=\"iglu:com.snowplowanalytics.snowplow/consent_withdrawn/jsonschema/1-0-1\"",
		),
	)},
	{[]string{"own query", "own header", "own body", "own body, json"}, slices.Concat(
		told("query c=*").each("yes", "no", "maybe", "", "<long>"), told("query c=yes\nquery c=*").each("yes", "no", "%79es"),
		told("query d=yes").each(""),
		told("header X-C: *").each("yes", "no", "maybe", " yes "), told("header x-c: yes\nheader X-C: *").each("no", "yes"),
		told("and\nevent x a.b=*").each(`"yes"`, `"no"`, `"maybe"`, `true`, `{}`, `""`, "\"yes\"\nevent x a.b=\"no\"",
			"\"yes\"\nand\nevent x a.b=\"no\""),
		told("and\nevent x a=*").each(`"yes"`, `"{\"x\":\"yes\"}"`, `"{\"x\":\"no\"}"`, `"{\"y\":\"no\"}"`, `"{"`),
		told("and\nevent x b.a=\"yes\"").each(""),
		told("and").each(""), told("void").each(""),
	)},
}

// TestGoldenReadings: what the readers of sites find in hits, by what vendor asks. UPDATE_GOLDEN=1 writes the file
// anew; what changed is then to be read line by line.
func TestGoldenReadings(t *testing.T) {
	t.Parallel()
	asks := []*Declaration{{}, {Vendor: 5, Provider: 9, Purposes: [iab.NumPurposes + 1]iab.Declared{
		1: iab.DeclaredConsent, 2: iab.DeclaredConsentFlexible, 3: iab.DeclaredLI, 7: iab.DeclaredLI,
		8: iab.DeclaredLIFlexible, 11: iab.DeclaredConsent,
	}}}
	silent := &Ask{Scratch: new(cmp.Scratch)}
	var got strings.Builder
	for _, reading := range readings {
		for _, h := range reading.hits {
			fmt.Fprintf(&got, "%s\n", strings.ReplaceAll(strings.TrimSpace(string(h)), "\n", "; "))
			for _, site := range reading.sites {
				before := ""
				r, err := NewReader(someSites[site], someCategories)
				if err != nil {
					t.Fatal(err)
				}
				for i, d := range asks {
					says := strings.Join(h.says(r, d, silent), "\n      ")
					if says == before || says == "" {
						continue
					}
					before = says
					fmt.Fprintf(&got, "  %s, vendor %d\n      %s\n", site, asks[i].Vendor, says)
				}
			}
		}
	}
	path := filepath.Join("testdata", "readings.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	have, want := strings.Split(got.String(), "\n"), strings.Split(string(text), "\n")
	for i := range max(len(have), len(want)) {
		if i >= len(have) || i >= len(want) || have[i] != want[i] {
			t.Fatalf("%s:%d is not what is found: %q", path, i+1, have[min(i, len(have)-1)])
		}
	}
}
