package rules_test

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func md(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// subjectsOf are the hashes that objections are looked up by for a hit.
func subjectsOf(t testing.TB, p *rules.Policy, keys *rules.Keys, r hit.Request) [][16]byte {
	t.Helper()
	var j rules.Judgement
	j.Hit.Reset()
	j.Hit.Request = r
	if reason := rules.Read(p, &j, &rules.Inputs{Now: now, Keys: keys}, nil); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	var all [][16]byte
	for _, s := range j.Subjects {
		if slices.Contains(all, s.Hash) {
			t.Errorf("a subject is looked up twice")
		}
		all = append(all, s.Hash)
	}
	return all
}

// TestAnObjectionIsFoundByAnyForm: an identifier that somebody gave finds the events that carry it, in whichever form
// either side knows it; and what cannot match does not.
func TestAnObjectionIsFoundByAnyForm(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := keysOf(p)
	const mail, phone = "Jane.Doe+News@Example.com", "+49 (0)30 1234567"
	segment := func(member, value string) hit.Request {
		return request(t, "POST /v1/track HTTP/1.1\nContent-Type: application/json\n\n"+
			`{"event":"Order","anonymousId":"b1946ac9-1111-4222-8333-444455556666","writeKey":"k","messageId":"m","type":"track",`+
			member+`:"`+value+`"}`, "segment")
	}
	kin := func(vendor, path string) hit.Request {
		return request(t, "POST "+path+" HTTP/1.1\nContent-Type: application/json\n\n"+
			`{"event":"Order","anonymousId":"b1946ac9-1111-4222-8333-444455556666","messageId":"m","type":"track"}`, vendor)
	}
	ga4 := func(query, cookies string) hit.Request {
		r := request(t, "POST /g/collect?v=2&tid=G-1&en=page_view"+query+" HTTP/1.1\n\n", "ga4")
		if cookies != "" {
			r.Headers = append(r.Headers, hit.Header{Name: []byte("Cookie"), Value: []byte(cookies)})
		}
		return r
	}
	inData := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	amplitude := base64.StdEncoding.EncodeToString(
		[]byte(url.QueryEscape(`{"deviceId":"2a7c1f00-aaaa-4bbb-8ccc-000000000001","userId":"jane@example.com"}`)))
	old := base64.StdEncoding.EncodeToString(
		[]byte(`{"deviceId":"2a7c1f00-aaaa-4bbb-8ccc-000000000001","userId":"jane@example.com","optOut":false,"sessionId":1700000000000}`))
	for _, c := range []struct {
		what     string
		name, id string
		event    hit.Request
		found    bool
	}{
		{"client id in the query", "client_id", "555.666", ga4("&cid=555.666", ""), true},
		{"of that vendor", "client_id:ga4", "555.666", ga4("&cid=555.666", ""), true},
		{"of another vendor", "client_id:matomo", "555.666", ga4("&cid=555.666", ""), false},
		{"in the vendor's cookie", "client_id:ga4", "555.666", ga4("&cid=1.2", "_ga=GA1.1.555.666"), true},
		{"in another vendor's cookie", "client_id:matomo", "8a6b3c2d1e0f9a8b",
			ga4("&cid=1.2", "_pk_id.1.1fff=8a6b3c2d1e0f9a8b.1700000000."), true},
		{"Meta's", "client_id:meta_pixel", "fb.1.1700000000000.123456789",
			ga4("&cid=1.2", "_fbp=fb.1.1700000000000.123456789"), true},
		{"Snowplow's", "client_id:snowplow", "6f1c5a9e-0000-4000-8000-000000000009",
			ga4("&cid=1.2", "_sp_id.1fff=6f1c5a9e-0000-4000-8000-000000000009.1700000000.1.1700000000.1700000000.x"), true},
		{"Segment's, in quotation marks", "client_id:segment", "b1946ac9-1111-4222-8333-444455556666",
			ga4("&cid=1.2", "ajs_anonymous_id=%22b1946ac9-1111-4222-8333-444455556666%22"), true},
		{"Segment's user id", "user_id", "u-17", ga4("&cid=1.2", "ajs_user_id=%22u-17%22"), true},
		{"Mixpanel's", "client_id:mixpanel", "18c-x", ga4("&cid=1.2", "mp_abc_mixpanel="+strings.ReplaceAll(
			url.QueryEscape(`{"distinct_id": "18c-x"}`), "+", "%20")), true},
		{"Amplitude's, in base64", "device_id:amplitude", "2a7c1f00-aaaa-4bbb-8ccc-000000000001",
			ga4("&cid=1.2", "AMP_0123456789="+url.QueryEscape(amplitude)), true},
		{"Amplitude's of before, in base64", "device_id:amplitude", "2a7c1f00-aaaa-4bbb-8ccc-000000000001",
			ga4("&cid=1.2", "amplitude_id_0123456789abcdef0123456789abcdefshop.example="+old), true},
		{"Amplitude's user of before", "email", "jane@example.com",
			ga4("&cid=1.2", "amplitude_id_0123456789abcdef0123456789abcdefshop.example="+old), true},
		{"Amplitude's, with dots", "device_id:amplitude", "aB3-_678901234567890xyR",
			ga4("&cid=1.2", "amp_a1b2c3=aB3-_678901234567890xyR.dS0xNw==.1.1fhk2m3n4.1fhk2m3n5.3.1.4"), true},
		{"Amplitude's user, with dots", "user_id", "u-17",
			ga4("&cid=1.2", "amp_a1b2c3=aB3-_678901234567890xyR.dS0xNw==.1.1fhk2m3n4.1fhk2m3n5.3.1.4"), true},
		{"Amplitude's user, with dots, padding escaped", "user_id", "u-17",
			ga4("&cid=1.2", "amp_a1b2c3_shop.example=aB3-_678901234567890xyR.dS0xNw%3D%3D.1.1fhk2m3n4.1fhk2m3n5.3.1.4"), true},
		{"nobody who logged in", "device_id:amplitude", "aB3-_678901234567890xyR",
			ga4("&cid=1.2", "amp_a1b2c3=aB3-_678901234567890xyR..1.1fhk2m3n4.1fhk2m3n5.3.1.4"), true},
		{"something else that begins so", "user_id", "u-17", ga4("&cid=1.2", "amp_cookie_test=x.dS0xNw==.1"), false},
		{"Mixpanel's user", "user_id", "u-17",
			ga4("&cid=1.2", "mp_abc_mixpanel="+url.QueryEscape(`{"distinct_id":"u-17","$user_id":"u-17","$device_id":"x"}`)),
			true},
		{"PostHog's user", "user_id", "u-17",
			ga4("&cid=1.2", "ph_phc_x_posthog="+url.QueryEscape(`{"distinct_id":"0190-aa","$user_id":"u-17"}`)), true},
		{"Google's of a day", "client_id:ga4", "555.666", ga4("&cid=1.2", "_gid=GA1.2.555.666"), true},
		{"RudderStack's phone number", "phone", "+49 30 901820",
			ga4("&cid=1.2", "rl_trait=RS_ENC_v3_"+base64.StdEncoding.EncodeToString(
				[]byte(`{"phone":"+4930901820","email":"jane@example.com"}`))), true},
		{"Jitsu's phone number", "phone", "+49 30 901820",
			ga4("&cid=1.2", "__eventn_id_usr="+url.QueryEscape(`{"phone":"+4930901820"}`)), true},
		{"PostHog's", "client_id:posthog", "0190-aa",
			ga4("&cid=1.2", "ph_phc_x_posthog="+url.QueryEscape(`{"distinct_id":"0190-aa"}`)), true},
		{"RudderStack's, in base64", "client_id:rudderstack", "b1946ac9-1111-4222-8333-444455556666",
			ga4("&cid=1.2", "rl_anonymous_id=RS_ENC_v3_ImIxOTQ2YWM5LTExMTEtNDIyMi04MzMzLTQ0NDQ1NTU1NjY2NiI%3D"), true},
		{"RudderStack's, enciphered", "client_id:rudderstack", "b1946ac9-1111-4222-8333-444455556666",
			ga4("&cid=1.2", "rl_anonymous_id=RudderEncrypt%3AU2FsdGVkX18AESIzRFVmd3osQqKcYY3INKcY6hlDqSnWua6ylbtPIALC5O%2BmZ89FjmWVwsLp8bZPXQs78gZhFg%3D%3D"),
			true},
		{"RudderStack's, as it is", "client_id:rudderstack", "b1946ac9-1111-4222-8333-444455556666",
			ga4("&cid=1.2", "rl_anonymous_id=%22b1946ac9-1111-4222-8333-444455556666%22"), true},
		{"RudderStack's user id", "user_id", "u-17", ga4("&cid=1.2", "rl_user_id=RS_ENC_v3_InUtMTci"), true},
		{"RudderStack's user id, as OpenSSL wrote it", "user_id", "u-18",
			ga4("&cid=1.2", "rl_user_id=RudderEncrypt%3AU2FsdGVkX18ihKnC8FjOIJk3V9jQS6z7r8dc3EI7NpU%3D"), true},
		{"RudderStack's, under another passphrase", "user_id", "u-18",
			ga4("&cid=1.2", "rl_user_id=RudderEncrypt%3AU2FsdGVkX1%2FG0000000000000000000000000000000%3D"), false},
		{"RudderStack's address", "email", "jane.doe@example.com",
			ga4("&cid=1.2", "rl_trait=RS_ENC_v3_eyJlbWFpbCI6ImphbmUuZG9lQGV4YW1wbGUuY29tIiwiZmlyc3ROYW1lIjoiSmFuZSIsImxhc3ROYW1lIjoiRG9lIn0%3D"),
			true},
		{"Jitsu's", "client_id:jitsu", "89018b68-610b-41b9-96b4-f83875a2a2e5",
			ga4("&cid=1.2", "__eventn_id=89018b68-610b-41b9-96b4-f83875a2a2e5"), true},
		{"Jitsu's user id", "user_id", "u-17", ga4("&cid=1.2", "__eventn_uid=u-17"), true},
		{"Segment's, in RudderStack's cookie", "client_id:segment", "b1946ac9-1111-4222-8333-444455556666",
			ga4("&cid=1.2", "rl_anonymous_id=RS_ENC_v3_ImIxOTQ2YWM5LTExMTEtNDIyMi04MzMzLTQ0NDQ1NTU1NjY2NiI%3D"), true},
		{"Segment's, at RudderStack", "client_id:segment", "b1946ac9-1111-4222-8333-444455556666",
			kin("rudderstack", "/v1/track"), true},
		{"Segment's, at Jitsu", "client_id:segment", "b1946ac9-1111-4222-8333-444455556666",
			kin("jitsu", "/api/s/track"), true},
		{"Jitsu's, at RudderStack", "client_id:jitsu", "b1946ac9-1111-4222-8333-444455556666",
			kin("rudderstack", "/v1/track"), true},
		{"RudderStack's, at Segment", "client_id:rudderstack", "b1946ac9-1111-4222-8333-444455556666",
			kin("segment", "/v1/track"), true},
		{"PostHog's, at Segment", "client_id:posthog", "b1946ac9-1111-4222-8333-444455556666",
			kin("segment", "/v1/track"), false},
		{"a cookie that only looks like it", "client_id:ga4", "555.666", ga4("&cid=1.2", "x_ga=GA1.1.555.666"), false},

		{"the address in plain, as plain", "email", mail,
			segment(`"context":{"traits":{"email":"jane.doe+news@example.com"}},"x"`, ""), true},
		{"its tag is part of it", "email", "jane.doe@example.com",
			segment(`"context":{"traits":{"email":"jane.doe+news@example.com"}},"x"`, ""), false},
		{"the address as a site's own id", "email", mail, segment(`"userId"`, "jane.doe+news@example.com"), true},
		{"a site's own id that is the address", "user_id", mail,
			segment(`"context":{"traits":{"email":"jane.doe+news@example.com"}},"x"`, ""), true},
		{"known by SHA-256, event in plain", "email_sha256", strings.ToUpper(sha(strings.ToLower(mail))),
			segment(`"userId"`, mail), true},
		{"known by MD5, event in plain", "email_md5", md(strings.ToLower(mail)), segment(`"userId"`, mail), true},
		{"known in plain, event by SHA-256", "email", mail, ga4("&cid=1.2&em=tv.1~em."+inData(strings.ToLower(mail)), ""),
			true},
		{"known by SHA-256, event by SHA-256", "email_sha256", sha(strings.ToLower(mail)),
			ga4("&cid=1.2&em=tv.1~fn0.x~em."+inData(strings.ToLower(mail))+"=", ""), true},
		{"known by MD5, event by SHA-256", "email_md5", md(strings.ToLower(mail)),
			ga4("&cid=1.2&em=tv.1~em."+inData(strings.ToLower(mail)), ""), false},
		{"a hash where an address was expected", "email", mail, segment(`"context":{"traits":{"email":"`+
			sha(strings.ToLower(mail))+`"}},"x"`, ""), true},

		{"a phone number, written otherwise", "phone", phone,
			segment(`"context":{"traits":{"phone":"0049 30 1234567"}},"x"`, ""), true},
		{"its digits hashed", "phone_sha256", sha("49301234567"),
			segment(`"context":{"traits":{"phone":"+49301234567"}},"x"`, ""), true},
		{"E.164 hashed", "phone", phone, ga4("&cid=1.2&em=tv.1~pn."+inData("+49301234567"), ""), true},
		{"another number", "phone", "+49 30 7654321", ga4("&cid=1.2&em=tv.1~pn."+inData("+49301234567"), ""), false},
	} {
		of, err := p.Identities(keys, c.name, []byte(c.id))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		all := subjectsOf(t, p, keys, c.event)
		found := slices.ContainsFunc(of, func(i rules.Identity) bool { return slices.Contains(all, i.Hash) })
		if found != c.found {
			t.Errorf("%s: found %t", c.what, found)
		}
	}
}

// TestIdentitiesInCookiesOfOthers: an id is looked for in the cookies of every vendor of the catalog, also
// where the policy has none of its family, by the vendor's name, by that of its family and by none; and
// under another vendor's name it is not.
func TestIdentitiesInCookiesOfOthers(t *testing.T) {
	d := draft()
	alone := func(vendor string) bool { return vendor != "plausible" } // which has no cookies
	d.Vendors = slices.DeleteFunc(d.Vendors, func(v rules.DraftVendor) bool { return alone(v.ID) })
	d.Activities = slices.DeleteFunc(d.Activities, func(a rules.DraftActivity) bool { return alone(a.Vendor) })
	p := compile(t, d)
	keys := keysOf(p)
	spaces := func(name string) (all []string) {
		of, err := p.Identities(keys, name, []byte("b1946ac9-1111-4222-8333-444455556666"))
		if err != nil {
			return nil
		}
		for _, one := range of {
			all = append(all, one.Space)
		}
		return all
	}
	relatives := 0
	for _, cookie := range catalog.BuiltinCookies() {
		class := cookie.Class.String()
		space := rules.Namespace(cookie.Class, cookie.Kin())
		if !cookie.Class.Identifies() || space == class {
			continue
		}
		if cookie.File.ID != cookie.Kin() {
			relatives++
		}
		for _, name := range []string{class, class + ":" + cookie.File.ID, class + ":" + cookie.Kin()} {
			if got := spaces(name); !slices.Contains(got, space) {
				t.Errorf("%s of cookie %s: %v, want %s among them", name, cookie.Name, got, space)
			}
		}
		for _, other := range catalog.BuiltinCookies() {
			if got := spaces(class + ":" + other.File.ID); other.Kin() != cookie.Kin() && slices.Contains(got, space) {
				t.Errorf("%s:%s means %s, too", class, other.File.ID, space)
			}
		}
	}
	if relatives < 2 {
		t.Errorf("%d cookies of vendors that are of a family: too few to show anything", relatives)
	}
}

// TestIdentitiesThatAreNone: the error says what is wrong, and nothing of the identifier.
func TestIdentitiesThatAreNone(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := keysOf(p)
	for _, c := range [][3]string{
		{"email", "jane.doe", "email: there is none in it: name@example.com is one"},
		{"email", " \t", "email: there is none in it: name@example.com is one"},
		{"phone", "jane", "phone: there is none in it: +49 30 1234567 is one"},
		{"email_sha256", "jane@example.com", "email_sha256: 64 hexadecimal digits are right, or the same in base64"},
		{"email_md5", sha("x"), "email_md5: 32 hexadecimal digits are right, or the same in base64"},
		{"user_id", "u\xff1", "user_id: it holds a character that is none"},
		{"user_id", "u\xed\xa0\x801", "user_id: it holds a character that is none"}, // U+D800 as some write it
		{"user_id", "u\ufffd1", "user_id: it holds a character that is none"},
		{"client_id:ga4", "\xc0\x80.1700000000", "client_id: it holds a character that is none"},
		{"email", "j\xe4ne@example.com", "email: it holds a character that is none"},
		{"email:ga4", "jane@example.com", "email is the same for every vendor: write it without one"},
		{"client_id:nobody", "1.2", "client_id: no vendor of the policy is of the catalog entry that is named with it"},
		{"page_title", "Jane",
			`page_title names no identifier: advertising_id, client_id, device_id, email, external_id, phone, user_id, email_sha256, email_md5, phone_sha256 are right`},
		{"", "Jane", `that names no identifier: advertising_id, client_id, device_id, email, external_id, phone, user_id, email_sha256, email_md5, phone_sha256 are right`},
	} {
		of, err := p.Identities(keys, c[0], []byte(c[1]))
		if err == nil || err.Error() != c[2] || of != nil {
			t.Errorf("%q: %v", c[0], err)
		}
	}
}

// TestCookieIdentities: a browser is known by what SDKs made at random, never by what somebody could guess.
func TestCookieIdentities(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	got := p.CookieIdentities(
		signal.CookieHeader(`_ga=GA1.1.555.666; ajs_user_id=%22jane%22; ajs_anonymous_id=%22b1946ac9-1111-4222-8333-444455556666%22; _ga_X=GS1.1.77.1; _fbp=fb.1.2.3; _ga=GA1.1.555.666; theme=dark; =; _ga=`))
	want := []rules.CookieIdentity{{"client_id:ga4", "555.666"},
		{"client_id:segment", "b1946ac9-1111-4222-8333-444455556666"}, {"client_id:meta_pixel", "fb.1.2.3"}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// TestThePreferenceCookieObjects: a browser without an identifier carries its objections itself.
func TestThePreferenceCookieObjects(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	for cookie, reason := range map[string]string{
		"":                                "permitted",
		"__Host-tagwarden-objections=ads": "permitted", // another purpose
		"__Host-tagwarden-objections=all": "objection",
		"__Host-tagwarden-objections=ads/audience":  "objection",
		"__Host-tagwarden-objections=vendor:ga4":    "objection",
		"__Host-tagwarden-objections=vendor:matomo": "permitted",
		// a purpose that there is no more
		"__Host-tagwarden-objections=gone":                                       "permitted",
		"__Host-tagwarden-objections=":                                           "objection", // nobody knows what it was
		"__Host-tagwarden-objections=ads/":                                       "objection",
		"__Host-tagwarden-objections=%41ll":                                      "objection",
		"__Host-tagwarden-objections=gone; __Host-tagwarden-objections=audience": "objection",
		"tagwarden-objections=all":                                               "permitted", // another host may have set it
	} {
		r := request(t, "POST /g/collect?v=2&tid=G-1&cid=1.2&en=page_view HTTP/1.1\n\n", "ga4", yes+"; "+cookie)
		if x := explain(t, p, r); len(x.Events) != 1 || x.Events[0].Reason != reason {
			t.Errorf("%s: %+v", cookie, x.Events)
		}
	}
}

// TestObjectionsUnavailable: where no objection can be taken, or others may know of some that this node does not,
// nothing travels on a basis that one may object to.
func TestObjectionsUnavailable(t *testing.T) {
	t.Parallel()
	for b, want := range map[basis.Basis]rules.Reason{
		basis.Consent: rules.Permitted, basis.Contract: rules.Permitted, basis.LegalObligation: rules.Permitted,
		basis.VitalInterests:     rules.Permitted,
		basis.LegitimateInterest: rules.ObjectionsUntaken, basis.PublicTask: rules.ObjectionsUntaken,
	} {
		for reason, set := range map[rules.Reason]func(*rules.Inputs){
			rules.Permitted:         func(*rules.Inputs) {},
			rules.ObjectionsUntaken: func(in *rules.Inputs) { in.ObjectionsUnavailable, in.ObjectionsStale = true, true },
			rules.ObjectionsStale:   func(in *rules.Inputs) { in.ObjectionsStale = true },
		} {
			d := draft(rung("a", b, assessed("LIA-3"), law))
			d.Assessments = register(t)
			p := compile(t, d)
			var j rules.Judgement
			j.Hit.Reset()
			j.Hit.Request = request(t, pageView, "ga4", yes)
			in := rules.Inputs{Now: now, Keys: keysOf(p)}
			set(&in)
			if reason := rules.Read(p, &j, &in, nil); reason != rules.Unjudged {
				t.Fatal(reason)
			}
			j.Objections = append(j.Objections, rules.Objections{})
			rules.Judge(&j, &in)
			expected := reason
			if want == rules.Permitted {
				expected = want
			}
			if got := j.Verdicts[0].Reason; got != expected {
				t.Errorf("%v, %v: %v", b, reason, got)
			}
		}
	}
	p := compile(t, draft(rung("a", basis.OptOut, in("US"))))
	for want, in := range map[rules.Reason]rules.Inputs{
		rules.ObjectionsUntaken: {ObjectionsUnavailable: true}, rules.ObjectionsStale: {ObjectionsStale: true},
	} {
		var j rules.Judgement
		j.Hit.Reset()
		j.Hit.Request = request(t, pageView, "ga4", "CF-IPCountry: US")
		in.Now, in.Keys = now, keysOf(p)
		if reason := rules.Read(p, &j, &in, nil); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		j.Objections = append(j.Objections, rules.Objections{})
		if rules.Judge(&j, &in); j.Verdicts[0].Reason != want {
			t.Errorf("opt-out: %v, want %v", j.Verdicts[0].Reason, want)
		}
	}
}
