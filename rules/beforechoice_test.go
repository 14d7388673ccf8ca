package rules_test

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// timed are requests of each vendor with the places where its SDKs write when an event was and when it was sent: the
// words in braces are forms of a time.
var timed = map[string][]string{
	"amplitude": {
		"POST /2/httpapi HTTP/1.1\n\n" +
			`{"api_key":"k","events":[{"event_type":"e","device_id":"d","time":{ms}}],"client_upload_time":"{sent_iso}"}`,
		"POST /batch HTTP/1.1\n\n" + `{"api_key":"k","events":[{"event_type":"e","device_id":"d","time":{ms}}]}`,
	},
	"ga4": {"GET /g/collect?v=2&tid=G-1&cid=1.2&en=page_view&qt={ms_ago} HTTP/1.1\n\n"},
	"ga4_mp": {
		"POST /mp/collect?measurement_id=G-1&api_secret=x HTTP/1.1\n\n" +
			`{"client_id":"1.2","timestamp_micros":{us},"events":[{"name":"e"}]}`,
		"POST /mp/collect?measurement_id=G-1&api_secret=x HTTP/1.1\n\n" +
			`{"client_id":"1.2","timestamp_micros":1,"events":[{"name":"e","timestamp_micros":"{us}"}]}`,
	},
	"jitsu": {
		"POST /api/s/track HTTP/1.1\n\n" +
			`{"type":"track","event":"e","anonymousId":"a","timestamp":"{iso}","sentAt":"{sent_iso}"}`,
		"POST /v1/batch HTTP/1.1\n\n" +
			`{"batch":[{"type":"track","event":"e","anonymousId":"a","originalTimestamp":"{iso}"}],"sentAt":"{sent_iso}"}`,
	},
	"matomo": {
		"GET /matomo.php?idsite=1&rec=1&action_name=x&cdt={sql} HTTP/1.1\n\n",
		"GET /matomo.php?idsite=1&rec=1&action_name=x&cdt={s} HTTP/1.1\n\n",
		"GET /matomo.php?idsite=1&rec=1&action_name=x&cdo={s_ago} HTTP/1.1\n\n",
	},
	"meta_capi": {"POST /v19.0/1/events?access_token=x HTTP/1.1\n\n" +
		`{"data":[{"event_name":"Purchase","event_time":{s},"action_source":"website","user_data":{"fbp":"fb.1.1.2"}}]}`},
	"meta_pixel": {"GET /tr/?id=1&ev=PageView&ts={ms} HTTP/1.1\n\n"},
	"mixpanel": {
		"POST /track/ HTTP/1.1\n\n" + `[{"event":"e","properties":{"token":"t","distinct_id":"d","time":{s}.25}}]`,
		"POST /track/ HTTP/1.1\n\n" + `[{"event":"e","properties":{"token":"t","distinct_id":"d","time":{ms}}}]`,
		"POST /track/ HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n" +
			"data=" + `%5B%7B%22event%22%3A%22e%22%2C%22properties%22%3A%7B%22token%22%3A%22t%22%2C%22distinct_id%22%3A%22d%22%2C%22time%22%3A{s}%7D%7D%5D`,
	},
	"posthog": {
		"POST /e/ HTTP/1.1\n\n" + `{"api_key":"k","event":"e","properties":{"distinct_id":"d"},"timestamp":"{iso}"}`,
		"POST /e/ HTTP/1.1\n\n" + `{"api_key":"k","event":"e","properties":{"distinct_id":"d"},"offset":{ms_ago}}`,
		"POST /batch/ HTTP/1.1\n\n" +
			`{"api_key":"k","batch":[{"event":"e","distinct_id":"d","timestamp":"{iso}"}],"sent_at":"{sent_iso}"}`,
	},
	"rudderstack": {
		"POST /v1/track HTTP/1.1\n\n" +
			`{"type":"track","event":"e","anonymousId":"a","originalTimestamp":"{iso}","sentAt":"{sent_iso}"}`,
		"POST /v1/batch HTTP/1.1\n\n" +
			`{"batch":[{"type":"track","event":"e","anonymousId":"a","originalTimestamp":"{iso}"}],"sentAt":"{sent_iso}"}`,
	},
	"segment": {
		"POST /v1/t HTTP/1.1\n\n" +
			`{"type":"track","event":"e","anonymousId":"a","timestamp":"{iso}","sentAt":"{sent_iso}","writeKey":"k"}`,
		"POST /v1/b HTTP/1.1\n\n" + `{"batch":[{"type":"track","event":"e","anonymousId":"a","timestamp":"{iso}"}],` +
			`"sentAt":"{sent_iso}","writeKey":"k"}`,
	},
	"snowplow": {
		"GET /i?e=pv&p=web&tv=js&dtm={ms}&stm={sent_ms} HTTP/1.1\n\n",
		"POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1\n\n" +
			`{"schema":"iglu:x/y/jsonschema/1-0-0","data":[{"e":"pv","p":"web","tv":"js","dtm":"{ms}","stm":"{sent_ms}"}]}`,
		"GET /i?e=pv&p=web&tv=js&ttm={ms} HTTP/1.1\n\n",
	},
	"umami": {"POST /api/send HTTP/1.1\n\n" + `{"type":"event","payload":{"website":"w","url":"/","timestamp":{s}}}`},
}

// untimed are vendors whose hits never say when they were.
var untimed = []string{"plausible"}

// written is a request of timed of an event that was at a time and is sent at another.
func written(text string, at, sent time.Time) string {
	const iso = "2006-01-02T15:04:05.000Z"
	ago := sent.Sub(at)
	return strings.NewReplacer(
		"{ms}", strconv.FormatInt(at.UnixMilli(), 10), "{us}", strconv.FormatInt(at.UnixMicro(), 10),
		"{s}", strconv.FormatInt(at.Unix(), 10), "{iso}", at.Format(iso), "{sql}",
		strings.ReplaceAll(at.Format(time.DateTime), " ", "%20"),
		"{ms_ago}", strconv.FormatInt(ago.Milliseconds(), 10), "{s_ago}", strconv.Itoa(int(ago.Seconds())),
		"{sent_iso}", sent.Format(iso), "{sent_ms}", strconv.FormatInt(sent.UnixMilli(), 10),
	).Replace(text)
}

// chosenPolicy is consent to every vendor, by a choice of the site's own with a date in a cookie beside it.
func chosenPolicy(t testing.TB, rungs ...rules.DraftActivity) *rules.Policy {
	t.Helper()
	d := draft(rungs...)
	d.Sites[0].Signals[3].Date = signal.Date{Cookie: "chosen"}
	d.Assessments = register(t)
	return compile(t, d)
}

func chosen(at time.Time) string { return yes + "; chosen=" + at.Format(time.RFC3339) }

// TestEachVendorsTimes: whichever vendor, an event from before the choice is denied and one from after it passes, also
// where the SDK's clock is hours wrong and the hit says when it was sent. A vendor that is in no table is forgotten.
func TestEachVendorsTimes(t *testing.T) {
	t.Parallel()
	known := slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(timed)), untimed...)))
	if all := slices.Sorted(slices.Values(catalog.BuiltinIDs())); !slices.Equal(known, all) {
		t.Fatalf("vendors %v, in the table %v", all, known)
	}
	p := chosenPolicy(t)
	for vendor, requests := range timed {
		for _, text := range requests {
			clocks := []time.Duration{0}
			if strings.Contains(text, "{sent") {
				clocks = append(clocks, -3*time.Hour, 3*time.Hour, -30*time.Hour)
			}
			for _, clock := range clocks {
				for ago, want := range map[time.Duration]string{
					0: "permitted", 50 * time.Minute: "permitted", 64 * time.Minute: "permitted", 66 * time.Minute: "before_choice",
					20 * time.Hour: "before_choice",
				} {
					sent := now.Add(clock)
					r := request(t, written(text, sent.Add(-ago), sent), vendor, chosen(now.Add(-time.Hour)))
					x := explain(t, p, r)
					if len(x.Events) != 1 || x.Events[0].Reason != want {
						t.Errorf("%s, %v ago by a clock %v off: %s %v, want %s\n%s", vendor, ago, clock, x.Reason, x.Events, want, text)
					}
				}
			}
		}
	}
}

// TestClocks: what an act and an event are dated by, and which error is made where it is not known.
func TestClocks(t *testing.T) {
	t.Parallel()
	p := chosenPolicy(t)
	at := func(d time.Duration) time.Time { return now.Add(d) }
	for _, c := range []struct {
		why               string
		chosen, own, sent time.Time
		want              string
	}{
		{"a browser two hours behind dated both, before", at(-130 * time.Minute), at(-190 * time.Minute),
			at(-2 * time.Hour), "before_choice"},
		{"a browser two hours behind dated both, after", at(-130 * time.Minute), at(-125 * time.Minute),
			at(-2 * time.Hour), "permitted"},
		{"a browser two hours ahead dated both, before", at(110 * time.Minute), at(60 * time.Minute),
			at(2 * time.Hour), "before_choice"},
		{"a browser two hours ahead dated both, after", at(110 * time.Minute), at(115 * time.Minute),
			at(2 * time.Hour), "permitted"},
		{"two hours ahead, and nobody says so, after", at(110 * time.Minute), at(115 * time.Minute),
			time.Time{}, "permitted"},
		{"two hours ahead, and nobody says so, before", at(110 * time.Minute), at(60 * time.Minute),
			time.Time{}, "before_choice"},
		{"the choice is dated a day and more ahead", at(25 * time.Hour), at(0), at(0), "no_consent"},
		{"the choice is dated hours ahead", at(23 * time.Hour), at(23 * time.Hour), time.Time{}, "permitted"},
		{"an event from the future", at(-time.Hour), at(48 * time.Hour), time.Time{}, "permitted"},
		{"no time of the event", at(-time.Hour), time.Time{}, time.Time{}, "permitted"},
		{"no time of the choice", time.Time{}, at(-100 * time.Hour), time.Time{}, "permitted"},
	} {
		event := map[string]string{"own": "", "sent": ""}
		if !c.own.IsZero() {
			event["own"] = `,"timestamp":"` + c.own.Format(time.RFC3339) + `"`
		}
		if !c.sent.IsZero() {
			event["sent"] = `,"sentAt":"` + c.sent.Format(time.RFC3339) + `"`
		}
		cookie := chosen(c.chosen)
		if c.chosen.IsZero() {
			cookie = yes
		}
		text := "POST /v1/t HTTP/1.1\n\n" + `{"type":"track","event":"e","anonymousId":"a"` + event["own"] +
			event["sent"] + `}`
		if got := explain(t, p, request(t, text, "segment", cookie)).Events[0].Reason; got != c.want {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
	}
	old := `,"originalTimestamp":"` + at(-2*time.Hour).Format(time.RFC3339) + `","timestamp":"` +
		at(0).Format(time.RFC3339) + `"`
	for text, want := range map[string]string{old: "before_choice", `,"timestamp":"yesterday"`: "permitted",
		`,"timestamp":null`: "permitted"} {
		text = "POST /v1/t HTTP/1.1\n\n" + `{"type":"track","event":"e","anonymousId":"a"` + text + `}`
		if got := explain(t, p, request(t, text, "segment", chosen(at(-time.Hour)))).Events[0].Reason; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// denials remembers everything, or nothing.
type denials map[uint64]bool

func (d denials) Sum(text []byte) (sum uint64) {
	sum = 14695981039346656037
	for _, c := range text {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return sum
}

func (d denials) Denied(sum uint64, _ time.Time) bool { return d[sum] }

// TestBeforeChoiceByBasis: an act covers what comes after it on every basis that one may refuse, and on no other one;
// a scope that was taken back covers what it was about.
func TestBeforeChoiceByBasis(t *testing.T) {
	t.Parallel()
	back := func(o rules.Objections, hours int) rules.Objections {
		return rules.Objections{TakenBack: o.AsTakenBack(now.Add(time.Duration(hours) * time.Hour).Unix())}
	}
	for b := basis.Consent; b <= basis.OptOut; b++ {
		for _, purpose := range []string{"audience", "ads"} {
			a := rung("a", b, law, func(a *rules.DraftActivity) { a.Vendor, a.Purposes = "segment", []string{purpose} })
			if b == basis.LegitimateInterest {
				a.Assessment = "LIA-1"
			}
			p := chosenPolicy(t, a)
			open := purpose == "ads" || b.OpenToObjection()
			signals := p.SignalsOf(&rules.Choices{Own: map[string]string{"analytics": "granted", "marketing": "granted"}})
			for why, c := range map[string]struct {
				taken  rules.Objections
				act    time.Duration
				denied bool
				before bool
			}{
				"nothing":                 {},
				"everything, an hour ago": {taken: back(rules.Objections{All: true}, -1), before: true},
				"everything, three hours": {taken: back(rules.Objections{All: true}, -3)},
				"the purpose": {taken: back(rules.Objections{Purposes: 1 << slices.Index([]string{"audience", "ads"},
					purpose)}, -1), before: true},
				"another purpose":            {taken: back(rules.Objections{Purposes: 1 << 40}, -1)},
				"the vendor":                 {taken: back(rules.Objections{Vendors: ^uint64(0)}, -1), before: true},
				"a yes, an hour ago":         {act: -time.Hour, before: true},
				"a yes, three hours ago":     {act: -3 * time.Hour},
				"its id was denied":          {denied: true, before: true},
				"a yes before, and was none": {act: -3 * time.Hour, denied: true, before: true},
			} {
				s := *signals
				for i := range s.Sources[:s.N] {
					if c.act != 0 && s.Sources[i].Granted != 0 {
						s.Sources[i].At, s.Sources[i].Last = now.Add(c.act).Unix(), now.Add(c.act).Unix()
					}
				}
				in := rules.Inputs{Now: now, Keys: keysOf(p)}
				j := new(rules.Judgement)
				j.Hit.Reset()
				j.Hit.Request = request(t, "POST /v1/t HTTP/1.1\n\n"+
					`{"type":"track","event":"e","anonymousId":"a","messageId":"message-1","timestamp":"`+
					now.Add(-2*time.Hour).Format(time.RFC3339)+`"}`, "segment", "CF-IPCountry: US")
				if reason := rules.Read(p, j, &in, nil); reason != rules.Unjudged {
					t.Fatal(reason)
				}
				j.Signals, j.Objections = append(j.Signals[:0], s), append(j.Objections, c.taken)
				if c.denied {
					in.Denials = everyDenial{}
				}
				if reason := rules.Judge(j, &in); reason != rules.Unjudged {
					t.Fatal(reason)
				}
				want := "permitted"
				if c.before && open {
					want = "before_choice"
				}
				if got := j.Verdicts[0].Reason.String(); got != want {
					t.Errorf("%v, %s, %s: %s, want %s", b, purpose, why, got, want)
				}
			}
		}
	}
}

// everyDenial remembers that everything was denied.
type everyDenial struct{ denials }

func (everyDenial) Denied(uint64, time.Time) bool { return true }

// TestDeniedSums: what is remembered of an event is known again in a hit with the same event, and in no other; nothing
// is of an event that travels, that has no id, or that was denied for another reason than the lack of a yes.
func TestDeniedSums(t *testing.T) {
	t.Parallel()
	p := chosenPolicy(t)
	event := func(id, whose string) string {
		return `{"type":"track","event":"e","anonymousId":"` + whose + `","messageId":"` + id + `"}`
	}
	judged := func(remembered denials, vendor, cookie string, events ...string) (reasons []string, sums int) {
		t.Helper()
		path := map[string]string{"segment": "/v1/b", "rudderstack": "/v1/batch"}[vendor]
		in := rules.Inputs{Now: now, Keys: keysOf(p), Denials: remembered}
		j := new(rules.Judgement)
		j.Hit.Reset()
		j.Hit.Request = request(t, "POST "+path+" HTTP/1.1\n\n"+`{"batch":[`+strings.Join(events, ",")+`],"writeKey":"k"}`,
			vendor, cookie)
		if reason := rules.Read(p, j, &in, nil); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		j.Objections = append(j.Objections, make([]rules.Objections, len(events))...)
		if reason := rules.Judge(j, &in); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		for e := range j.Verdicts {
			j.DeniedSums(e, remembered, func(sum uint64) bool {
				remembered[sum] = true
				sums++
				return true
			})
			reasons = append(reasons, j.Verdicts[e].Reason.String())
		}
		return reasons, sums
	}
	const no = `Cookie: site_consent={"analytics":"no"}`
	all := denials{}
	check := func(why, vendor, cookie string, sums int, want string, events ...string) {
		t.Helper()
		reasons, n := judged(all, vendor, cookie, events...)
		if got := strings.Join(reasons, " "); got != want || n != sums {
			t.Errorf("%s: %s and %d sums, want %s and %d", why, got, n, want, sums)
		}
	}
	check("permitted", "segment", yes, 0, "permitted permitted", event("message-1", "a"), event("message-2", "a"))
	check("no ids, or counters", "segment", no, 0, "consent_refused consent_refused", event("", "a"),
		event("1234567", "a"))
	check("refused", "segment", no, 4, "consent_refused consent_refused", event("message-1", "a"), event("message-2", "a"))
	check("again", "segment", yes, 2, "before_choice permitted", event("message-2", "a"), event("message-3", "a"))
	check("another visitor's", "segment", yes, 0, "permitted", event("message-1", "b"))
	check("another vendor's", "rudderstack", yes, 0, "permitted", event("message-1", "a"))
	check("nothing chosen", "segment", "X: y", 2, "no_consent", event("message-4", "a"))
	check("and then", "segment", yes, 2, "before_choice", event("message-4", "a"))
}

// TestChoicesFromTCStrings: a TC string covers what comes after the day it was made, on interest too, and none that is
// dated ahead is one.
func TestChoicesFromTCStrings(t *testing.T) {
	t.Parallel()
	of := func(a *rules.DraftActivity) { a.Vendor, a.Purposes = "matomo", []string{"audience"} }
	d := draft(rung("a", basis.Consent, of), rung("b", basis.LegitimateInterest, assessed("LIA-1"), of))
	d.Purposes[0].TCF, d.Purposes[0].Categories = []int{8}, nil
	d.Sites[0].Signals = []signal.Source{{Kind: signal.TransparencyConsent}}
	d.Assessments = register(t)
	p := compile(t, d)
	midnight := now.Truncate(24 * time.Hour)
	for _, c := range []struct {
		updated, event time.Time
		want           string
	}{
		{midnight, now, "permitted"}, {midnight, midnight.Add(-4 * time.Minute), "permitted"},
		{midnight, midnight.Add(-6 * time.Minute), "before_choice"},
		{midnight.AddDate(0, 0, -3), midnight.AddDate(0, 0, -1), "permitted"},
		{now.Add(23 * time.Hour), now.Add(23 * time.Hour), "permitted"}, {now.Add(25 * time.Hour), now.Add(25 * time.Hour),
			"tcf_purpose_li"},
	} {
		string8 := tc{consent: []int{8}, li: []int{8}, updated: c.updated}.String()
		target := "GET /matomo.php?idsite=1&rec=1&action_name=x&cdt=" + url.QueryEscape(c.event.Format(time.DateTime)) +
			" HTTP/1.1\n\n"
		x := explain(t, p, request(t, target, "matomo", "Cookie: euconsent-v2="+string8))
		if got := x.Events[0].Reason; got != c.want {
			t.Errorf("made %v, event %v: %s %v, want %s", c.updated, c.event, got, x.Events[0].Ladder, c.want)
		}
	}
}
