package rules_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestWhoseIDsAre: every field and cookie of the catalog that holds an id of a browser or device, by
// whose id it is and how it is read. What has one id must be of one family, and read by one format: a new
// field is held against the others here.
func TestWhoseIDsAre(t *testing.T) {
	t.Parallel()
	isMade := func(class hit.Class) bool {
		return class == hit.ClientID || class == hit.DeviceID || class == hit.AdvertisingID
	}
	var lines []string
	line := func(vendor, place string, class hit.Class, kin, format string, exact bool) {
		if !isMade(class) {
			return
		}
		if format == "" {
			format = "none"
		}
		if exact {
			format = "exact " + format
		}
		lines = append(lines, fmt.Sprintf("%s: %s, %s %s", rules.Namespace(class, kin), format, vendor, place))
	}
	for _, file := range catalog.Builtins() {
		v, err := catalog.Compile(file, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.Fields {
			f := &v.Fields[i]
			kin := file.Kin()
			if f.Family != "" {
				kin = f.Family
			}
			for _, class := range append(slices.Clip(f.Also), f.Class) {
				line(file.ID, f.Path, class, kin, f.Format, f.Exact)
			}
		}
	}
	for _, c := range catalog.BuiltinCookies() {
		line(c.File.ID, "cookie "+c.Name, c.Class, c.Kin(), c.Format, c.Exact)
	}
	slices.Sort(lines)
	goldenLines(t, "testdata/ids.golden.txt", strings.Join(slices.Compact(lines), "\n")+"\n")
}

// sameID are the places, in browsers and on servers, in which one id stands, each with the dresses it comes
// in there. ID is put in place of "ID".
var sameID = []struct {
	name  string // as Policy.Identities reads it
	id    string
	other string // of somebody else
	dress []string
	at    map[string]string // request line, headers and body by vendor and place
}{
	{"client_id:ga4", "555.666", "555.667", []string{"555.666", "GA1.1.555.666", "GA1.2-2.555.666"}, map[string]string{
		"ga4 cid":    "POST /g/collect?v=2&tid=G-1&en=x&cid=ID HTTP/1.1\n\n",
		"ga4 cookie": "POST /g/collect?v=2&tid=G-1&en=x HTTP/1.1\nCookie: _ga=GA1.1.ID\n\n",
		"ga4_mp":     "POST /mp/collect HTTP/1.1\n" + jsonHead + `{"client_id":"ID","events":[{"name":"x"}]}`,
		"jitsu": "POST /api/s/track HTTP/1.1\n" + jsonHead +
			`{"type":"track","event":"x","context":{"clientIds":{"ga4":{"clientId":"ID"}}}}`,
		"snowplow cookie": "GET /i?e=pv&p=web&tv=x HTTP/1.1\nCookie: _ga=GA1.1.ID\n\n",
	}},
	{"client_id:meta_pixel", "fb.1.1700000000000.1234567890", "fb.1.1700000000000.1234567891", []string{
		"fb.1.1700000000000.1234567890", "fb.1.1700000000000.1234567890.Bg",
	}, map[string]string{
		"meta_pixel":        "GET /tr?id=1&ev=PageView&fbp=ID HTTP/1.1\n\n",
		"meta_pixel cookie": "GET /tr?id=1&ev=PageView HTTP/1.1\nCookie: _fbp=ID\n\n",
		"meta_capi": "POST /v21.0/123/events HTTP/1.1\n" + jsonHead +
			`{"data":[{"event_name":"x","event_time":1,"user_data":{"fbp":"ID"}}]}`,
		"jitsu": "POST /api/s/track HTTP/1.1\n" + jsonHead +
			`{"type":"track","event":"x","context":{"clientIds":{"fbp":"ID"}}}`,
		"posthog": "POST /i/v0/e/ HTTP/1.1\n" + jsonHead +
			`{"event":"x","properties":{"distinct_id":"d"},"$set":{"$fbp":"ID"}}`,
	}},
	{"client_id:segment", "b1946ac9-1111-4222-8333-44445555666a", "b1946ac9-1111-4222-8333-44445555666b", []string{
		"b1946ac9-1111-4222-8333-44445555666a", "B1946AC9-1111-4222-8333-44445555666A",
	}, map[string]string{
		"segment": "POST /v1/track HTTP/1.1\n" + jsonHead + `{"type":"track","event":"x","anonymousId":"ID"}`,
		"segment cookie": "POST /v1/track HTTP/1.1\nCookie: ajs_anonymous_id=%22ID%22\n" + jsonHead +
			`{"type":"track","event":"x"}`,
		"rudderstack": "POST /v1/track HTTP/1.1\n" + jsonHead + `{"type":"track","event":"x","anonymousId":"ID"}`,
		"rudderstack cookie": "POST /v1/track HTTP/1.1\nCookie: rl_anonymous_id=%22ID%22\n" + jsonHead +
			`{"type":"track","event":"x"}`,
		"jitsu": "POST /api/s/track HTTP/1.1\n" + jsonHead + `{"type":"track","event":"x","anonymousId":"ID"}`,
		"jitsu cookie": "POST /api/s/track HTTP/1.1\nCookie: __eventn_id=ID\n" + jsonHead +
			`{"type":"track","event":"x"}`,
	}},
	{"client_id:matomo", "0123456789abcdef", "0123456789abcdee", []string{
		"0123456789abcdef", "0123456789ABCDEF", "0123456789abcdef.jane",
	}, map[string]string{
		"matomo _id":    "GET /matomo.php?idsite=1&rec=1&_id=ID HTTP/1.1\n\n",
		"matomo cid":    "GET /matomo.php?idsite=1&rec=1&cid=ID HTTP/1.1\n\n",
		"matomo cookie": "GET /matomo.php?idsite=1&rec=1 HTTP/1.1\nCookie: _pk_id.1.1fff=ID.1700000000.\n\n",
	}},
	{"client_id:mixpanel", "b1946ac9-1111-4222-8333-44445555666a", "b1946ac9-1111-4222-8333-44445555666b", []string{
		"b1946ac9-1111-4222-8333-44445555666a", "$device:b1946ac9-1111-4222-8333-44445555666a",
		"$device:B1946AC9-1111-4222-8333-44445555666A",
	}, map[string]string{
		"mixpanel distinct_id": "POST /track HTTP/1.1\n" + jsonHead +
			`[{"event":"x","properties":{"token":"t","distinct_id":"ID"}}]`,
		"mixpanel $device_id": "POST /track HTTP/1.1\n" + jsonHead +
			`[{"event":"x","properties":{"token":"t","$device_id":"ID"}}]`,
		"mixpanel cookie": "POST /track HTTP/1.1\nCookie: mp_t_mixpanel=%7B%22distinct_id%22%3A%22ID%22%7D\n" +
			jsonHead + `[{"event":"x","properties":{"token":"t"}}]`,
	}},
	{"client_id:posthog", "0190f000-1111-7222-8333-44445555666a", "0190f000-1111-7222-8333-44445555666b", []string{
		"0190f000-1111-7222-8333-44445555666a", "0190F000-1111-7222-8333-44445555666A",
	}, map[string]string{
		"posthog": "POST /i/v0/e/ HTTP/1.1\n" + jsonHead + `{"event":"x","properties":{"distinct_id":"ID"}}`,
		"posthog cookie": "POST /i/v0/e/ HTTP/1.1\nCookie: ph_x_posthog=%7B%22distinct_id%22%3A%22ID%22%7D\n" + jsonHead +
			`{"event":"x","properties":{"a":1}}`,
	}},
	{"client_id:snowplow", "b1946ac9-1111-4222-8333-44445555666a", "b1946ac9-1111-4222-8333-44445555666b", []string{
		"b1946ac9-1111-4222-8333-44445555666a", "B1946AC9-1111-4222-8333-44445555666A",
	}, map[string]string{
		"snowplow duid":   "GET /i?e=pv&p=web&tv=x&duid=ID HTTP/1.1\n\n",
		"snowplow cookie": "GET /i?e=pv&p=web&tv=x HTTP/1.1\nCookie: _sp_id.1fff=ID.1700000000.1.1.1.x\n\n",
	}},
	{"device_id:amplitude", "b1946ac9-1111-4222-8333-44445555666a", "b1946ac9-1111-4222-8333-44445555666b", []string{
		"b1946ac9-1111-4222-8333-44445555666a", "B1946AC9-1111-4222-8333-44445555666A",
	}, map[string]string{
		"amplitude": "POST /2/httpapi HTTP/1.1\n" + jsonHead +
			`{"api_key":"k","events":[{"event_type":"x","device_id":"ID"}]}`,
	}},
	{"advertising_id", "b1946ac9-1111-4222-8333-44445555666a", "b1946ac9-1111-4222-8333-44445555666b", []string{
		"b1946ac9-1111-4222-8333-44445555666a", "B1946AC9-1111-4222-8333-44445555666A",
	}, map[string]string{
		"amplitude": "POST /2/httpapi HTTP/1.1\n" + jsonHead + `{"api_key":"k","events":[{"event_type":"x","idfa":"ID"}]}`,
		"segment": "POST /v1/track HTTP/1.1\n" + jsonHead +
			`{"type":"track","event":"x","context":{"device":{"advertisingId":"ID"}}}`,
		"meta_capi": "POST /v21.0/123/events HTTP/1.1\n" + jsonHead +
			`{"data":[{"event_name":"x","event_time":1,"user_data":{"madid":"ID"}}]}`,
	}},
	{"device_id:device", "b1946ac9-1111-4222-8333-44445555666a", "b1946ac9-1111-4222-8333-44445555666b", []string{
		"b1946ac9-1111-4222-8333-44445555666a", "B1946AC9-1111-4222-8333-44445555666A",
	}, map[string]string{
		"amplitude": "POST /2/httpapi HTTP/1.1\n" + jsonHead + `{"api_key":"k","events":[{"event_type":"x","idfv":"ID"}]}`,
		"segment":   "POST /v1/track HTTP/1.1\n" + jsonHead + `{"type":"track","event":"x","context":{"device":{"id":"ID"}}}`,
		"meta_capi": "POST /v21.0/123/events HTTP/1.1\n" + jsonHead +
			`{"data":[{"event_name":"x","event_time":1,"app_data":{"vendor_id":"ID"}}]}`,
	}},
	{"user_id", "12345", "12346", []string{"12345", "12345.0", "1.2345E4"}, map[string]string{
		"ga4":       "POST /g/collect?v=2&tid=G-1&en=x&uid=ID HTTP/1.1\n\n",
		"matomo":    "GET /matomo.php?idsite=1&rec=1&uid=ID HTTP/1.1\n\n",
		"segment":   "POST /v1/track HTTP/1.1\n" + jsonHead + `{"type":"track","event":"x","userId":ID}`,
		"amplitude": "POST /2/httpapi HTTP/1.1\n" + jsonHead + `{"api_key":"k","events":[{"event_type":"x","user_id":ID}]}`,
		"mixpanel": "POST /track HTTP/1.1\n" + jsonHead +
			`[{"event":"x","properties":{"token":"t","$user_id":ID,"distinct_id":ID}}]`,
		"posthog":  "POST /i/v0/e/ HTTP/1.1\n" + jsonHead + `{"event":"x","properties":{"distinct_id":ID}}`,
		"snowplow": "GET /i?e=pv&p=web&tv=x&uid=ID HTTP/1.1\n\n",
		"umami":    "POST /api/send HTTP/1.1\n" + jsonHead + `{"type":"event","payload":{"website":"w","id":"ID"}}`,
	}},
}

const jsonHead = "Content-Type: application/json\n\n"

// TestOneIDIsOneSubject: an id that somebody objected by is found wherever it stands, in browsers and
// on servers, in every dress, by every name that its vendors are called by, also where an objection
// is older than families; others are not.
func TestOneIDIsOneSubject(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := keysOf(p)
	for _, c := range sameID {
		for given, found := range map[string]bool{c.other: false, c.id: true} {
			for _, dress := range c.dress {
				name := given
				if found {
					name = dress
				}
				of, err := p.Identities(keys, c.name, []byte(name))
				if err != nil {
					t.Fatal(c.name, err)
				}
				for place, text := range c.at {
					vendor, _, _ := strings.Cut(place, " ")
					for _, sent := range c.dress {
						if strings.Contains(place, "cookie") && (c.name == "client_id:ga4" && sent != c.id || vendor == "matomo" &&
							strings.Contains(sent, ".")) {
							continue // the cookie has its own head and tail
						}
						if !strings.Contains(text, `"ID"`) && !strings.Contains(text, `:ID`) {
							sent = url.QueryEscape(sent)
						}
						all := subjectsOf(t, p, keys, request(t, strings.ReplaceAll(text, "ID", sent), vendor))
						newest := slices.ContainsFunc(of, func(i rules.Identity) bool {
							return i.Form == pseudonym.NewestForm && slices.Contains(all, i.Hash)
						})
						if newest != found {
							t.Errorf("%s of %s, sent to %s as %s: found %t", c.name, name, place, sent, newest)
						}
					}
				}
			}
		}
	}
}

// withID compiles a vendor file with one more id, in a field or in a cookie.
func withID(cookie bool, format, family string) error {
	d := draft()
	file, _ := catalog.Builtin("umami")
	if cookie {
		file.Cookies = append(file.Cookies, catalog.CookieFile{Name: "who", Class: "client_id",
			Format: format, Family: family})
	} else {
		file.Fields["payload.who"] = catalog.Field{Class: "client_id", Format: format, Family: family}
	}
	for i := range d.Vendors {
		if d.Vendors[i].ID == "umami" {
			d.Vendors[i].Catalog = file
		}
	}
	_, err := rules.Compile(d)
	return err
}

// TestFormatsThatAreNone: a vendor can refuse ids of another form only where its own have one.
func TestFormatsThatAreNone(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"uuid": "", "open uuid": "", "exact uuid": "", "exact hex16": "", "text": "", "": "",
		"exact": `"exact"`, "exact text": `"exact text"`, "exact amplitude_device": `"exact amplitude_device"`,
		"exact ": `"exact "`, "UUID": `"UUID"`,
	} {
		for _, cookie := range []bool{false, true} {
			err := withID(cookie, format, "")
			if said := fmt.Sprint(err); (err == nil) != (want == "") || err != nil &&
				!strings.Contains(said, want+" is no format of an identifier") {
				t.Errorf("%q, of a cookie %t: %s", format, cookie, said)
			}
		}
	}
}

// TestFamiliesThatAreNone: the family of a field or cookie is an entry's whose SDKs make ids, or the device's.
func TestFamiliesThatAreNone(t *testing.T) {
	t.Parallel()
	for family, known := range map[string]bool{
		"": true, "meta_pixel": true, "device": true, "umami": true, "meta_capi": false, "rudderstack": false,
		"metapixel": false,
	} {
		for _, cookie := range []bool{false, true} {
			err := withID(cookie, "", family)
			if (err == nil) != known || err != nil && !strings.Contains(err.Error(),
				"is no catalog entry that is of its own family") {
				t.Errorf("%q, of a cookie %t: %v", family, cookie, err)
			}
		}
	}
}

// TestWhatIsSentOfAnExactID: an id is sent as its vendor reads it, under a profile that keeps ids; one that the vendor
// refuses is not, and is looked up all the same, as it stands.
func TestWhatIsSentOfAnExactID(t *testing.T) {
	t.Parallel()
	d := draft()
	for i := range d.Profiles {
		d.Profiles[i].Classes = maps.Clone(d.Profiles[i].Classes)
		d.Profiles[i].Classes["client_id"] = keep
	}
	p := compile(t, d)
	for given, want := range map[string]string{
		"0123456789abcdef": "_id=0123456789abcdef", "0123456789ABCDEF": "_id=0123456789abcdef",
		"0123456789abcdef.jane@example.com": "_id=0123456789abcdef",
		"jane.doe":                          "", "0123456789abcde": "", "jane@example.com": "", "0123456789abcdeg": "",
	} {
		r := request(t, "GET /matomo.php?idsite=1&rec=1&_id="+url.QueryEscape(given)+" HTTP/1.1\n\n", "matomo", yes)
		x := explain(t, p, r)
		if x.Forward == nil {
			t.Fatalf("%s: nothing is sent", given)
		}
		_, query, _ := strings.Cut(x.Forward.URL, "?")
		if got := strings.Contains(query, "_id="); got != (want != "") || want != "" &&
			!slices.Contains(strings.Split(query, "&"), want) {
			t.Errorf("%s: %s is sent", given, query)
		}
		of, err := p.Identities(keysOf(p), "client_id:matomo", []byte(given))
		if err != nil {
			t.Fatal(err)
		}
		all := subjectsOf(t, p, keysOf(p), r)
		if !slices.ContainsFunc(of, func(i rules.Identity) bool { return slices.Contains(all, i.Hash) }) {
			t.Errorf("%s is not looked up", given)
		}
	}
}
