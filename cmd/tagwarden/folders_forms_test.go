package main

import (
	"bytes"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// ofFirstForm is somebody in the folder forms-1, and how events carry the same identifier: ID in their place stands for
// each of the texts.
type ofFirstForm struct {
	id    string // NAME=VALUE, as it was objected by
	other string // an identifier of somebody else
	texts []string
	hits  []string // method, target; a line with cookies; a body
}

// The places of ids that several entries of the catalog have.
var (
	ga4Places = []string{
		"GET /g/collect?v=2&tid=G-1&en=x&cid=ID", "GET /g/collect?v=2&tid=G-1&en=x\n_ga=GA1.1.ID",
		"POST /ga4_mp/mp/collect?measurement_id=G-1\n\n" + `{"client_id":"ID","events":[{"name":"x"}]}`,
		"POST /jitsu/api/s/track\n\n" + `{"type":"track","event":"x","context":{"clientIds":{"ga4":{"clientId":"ID"}}}}`,
	}
	metaPlaces = []string{
		"GET /meta_pixel/tr?id=1&ev=PageView&fbp=ID", "GET /matomo.php?idsite=1&rec=1\n_fbp=ID",
		"POST /meta_capi/v21.0/123/events\n\n" + `{"data":[{"event_name":"x","event_time":1,"user_data":{"fbp":"ID"}}]}`,
	}
	segmentPlaces = []string{
		"POST /segment/v1/track\n\n" + `{"type":"track","event":"x","anonymousId":"ID"}`,
		"GET /matomo.php?idsite=1&rec=1\najs_anonymous_id=%22ID%22",
		"POST /rudderstack/v1/track\n\n" + `{"type":"track","event":"x","anonymousId":"ID"}`,
		"POST /jitsu/api/s/track\n\n" + `{"type":"track","event":"x","anonymousId":"ID"}`,
	}
	advertisingPlaces = []string{
		"POST /amplitude/2/httpapi\n\n" + `{"api_key":"k","events":[{"event_type":"x","idfa":"ID"}]}`,
		"POST /segment/v1/track\n\n" + `{"type":"track","event":"x","context":{"device":{"advertisingId":"ID"}}}`,
		"POST /meta_capi/v21.0/123/events\n\n" + `{"data":[{"event_name":"x","event_time":1,"user_data":{"madid":"ID"}}]}`,
	}
	devicePlaces = []string{
		"POST /amplitude/2/httpapi\n\n" + `{"api_key":"k","events":[{"event_type":"x","idfv":"ID"}]}`,
		"POST /segment/v1/track\n\n" + `{"type":"track","event":"x","context":{"device":{"id":"ID"}}}`,
		"POST /meta_capi/v21.0/123/events\n\n" + `{"data":[{"event_name":"x","event_time":1,"app_data":{"vendor_id":"ID"}}]}`,
	}
	userPlaces = []string{
		"GET /g/collect?v=2&tid=G-1&en=x&uid=ID", "GET /matomo.php?idsite=1&rec=1&uid=ID",
		"POST /segment/v1/track\n\n" + `{"type":"track","event":"x","userId":"ID"}`,
		"POST /amplitude/2/httpapi\n\n" + `{"api_key":"k","events":[{"event_type":"x","user_id":"ID"}]}`,
		"POST /umami/api/send\n\n" + `{"type":"event","payload":{"website":"w","id":"ID"}}`,
	}
	emailPlaces = []string{
		"POST /segment/v1/identify\n\n" + `{"type":"identify","traits":{"email":"ID"}}`, "POST /segment/v1/track\n\n" +
			`{"type":"track","event":"x","userId":"ID"}`,
	}
	phonePlaces = []string{"POST /segment/v1/identify\n\n" + `{"type":"identify","traits":{"phone":"ID"}}`}

	mixpanelPlaces = []string{
		"POST /mixpanel/track\n\n" + `[{"event":"x","properties":{"token":"t","distinct_id":"ID"}}]`,
	}
	mixpanelDevice = []string{
		"POST /mixpanel/track\n\n" + `[{"event":"x","properties":{"token":"t","$device_id":"ID"}}]`,
	}
	posthogPlaces  = []string{"POST /posthog/i/v0/e/\n\n" + `{"event":"x","properties":{"distinct_id":"ID"}}`}
	posthogDevice  = []string{"POST /posthog/i/v0/e/\n\n" + `{"event":"x","properties":{"$device_id":"ID"}}`}
	matomoPlaces   = []string{"GET /matomo.php?idsite=1&rec=1&_id=ID", "GET /matomo.php?idsite=1&rec=1&cid=ID"}
	snowplowPlaces = []string{"GET /snowplow/i?e=pv&p=web&tv=x&duid=ID"}
	amplitude      = []string{"POST /amplitude/2/httpapi\n\n" +
		`{"api_key":"k","events":[{"event_type":"x","device_id":"ID"}]}`}
)

// odd are the identifiers in the folder forms-1, of every class and vendor. What was objected by as it is in its normal
// form now is found in every spelling; what was not, in the spelling that it was objected by.
var odd = []ofFirstForm{
	{"client_id:ga4=7000000001.1700000000", "7000000091.1700000000", []string{"7000000001.1700000000",
		"GA1.1.7000000001.1700000000"}, ga4Places},
	{"client_id:ga4=GA1.1.7000000002.1700000000", "GA1.1.7000000092.1700000000", []string{"GA1.1.7000000002.1700000000"},
		ga4Places[2:]},
	{"client_id:ga4_mp=7000000003.1700000000", "7000000093.1700000000", []string{"7000000003.1700000000",
		"GA1.1.7000000003.1700000000"}, ga4Places},
	{"client_id:ga4_mp=GA1.1.7000000004.1700000000", "7000000094.1700000000", []string{"GA1.1.7000000004.1700000000"},
		ga4Places[2:]},
	{"client_id:ga4_mp=7F1C5A9E-0000-4000-8000-000000000005", "7F1C5A9E-0000-4000-8000-0000000000f5",
		[]string{"7F1C5A9E-0000-4000-8000-000000000005"}, ga4Places},
	{"device_id:ga4_mp=7123456789ABCDEF0123456789ABCDEF", "7123456789ABCDEF0123456789ABCDEE",
		[]string{"7123456789ABCDEF0123456789ABCDEF"}, []string{
			"POST /ga4_mp/mp/collect?firebase_app_id=G-1\n\n" + `{"app_instance_id":"ID","events":[{"name":"x"}]}`,
		}},
	{"client_id:matomo=7123456789ABCDE1", "7123456789ABCDF1", []string{"7123456789ABCDE1"}, matomoPlaces},
	{"client_id:matomo=7123456789abcde2.1700000000.", "7123456789abcdf2.1700000000.",
		[]string{"7123456789abcde2.1700000000."}, matomoPlaces},
	{"client_id:matomo=7123456789abcde3", "7123456789abcdf3", []string{"7123456789abcde3", "7123456789ABCDE3",
		"7123456789abcde3jane"}, matomoPlaces},
	{"client_id:meta_pixel=fb.1.1700000000000.7000000001", "fb.1.1700000000000.7000000091", []string{
		"fb.1.1700000000000.7000000001", "fb.1.1700000000000.7000000001.Bg",
	}, metaPlaces},
	{"client_id:meta_capi=fb.1.1700000000000.7000000002", "fb.1.1700000000000.7000000092", []string{
		"fb.1.1700000000000.7000000002", "fb.1.1700000000000.7000000002.Bg",
	}, metaPlaces},
	{"client_id:meta_capi=fb.1.1700000000000.7000000003.Bg", "fb.1.1700000000000.7000000093.Bg",
		[]string{"fb.1.1700000000000.7000000003.Bg"}, metaPlaces},
	{"advertising_id:meta_capi=7F1C5A9E-0000-4000-8000-000000000010", "7F1C5A9E-0000-4000-8000-0000000000f0",
		[]string{"7F1C5A9E-0000-4000-8000-000000000010"}, advertisingPlaces},
	{"device_id:meta_capi=7F1C5A9E-0000-4000-8000-000000000011", "7F1C5A9E-0000-4000-8000-0000000000f1",
		[]string{"7F1C5A9E-0000-4000-8000-000000000011"}, devicePlaces},
	{"client_id:mixpanel=$device:7f1c5a9e-0000-4000-8000-000000000020", "$device:7f1c5a9e-0000-4000-8000-0000000000f0",
		[]string{"$device:7f1c5a9e-0000-4000-8000-000000000020"}, mixpanelPlaces},
	{"device_id:mixpanel=7F1C5A9E-0000-4000-8000-000000000021", "7F1C5A9E-0000-4000-8000-0000000000f1",
		[]string{"7F1C5A9E-0000-4000-8000-000000000021"}, mixpanelDevice},
	{"client_id:mixpanel=mixpanel-jane", "mixpanel-joe", []string{"mixpanel-jane"}, mixpanelPlaces},
	{"client_id:mixpanel=7f1c5a9e-0000-4000-8000-000000000022", "7f1c5a9e-0000-4000-8000-0000000000f2", []string{
		"7f1c5a9e-0000-4000-8000-000000000022", "$device:7f1c5a9e-0000-4000-8000-000000000022",
		"7F1C5A9E-0000-4000-8000-000000000022",
	}, slices.Concat(mixpanelPlaces, mixpanelDevice)},
	{"client_id:posthog=7F1C5A9E-0000-7000-8000-000000000030", "7F1C5A9E-0000-7000-8000-0000000000f0",
		[]string{"7F1C5A9E-0000-7000-8000-000000000030"}, posthogPlaces},
	{"device_id:posthog=7F1C5A9E-0000-7000-8000-000000000031", "7F1C5A9E-0000-7000-8000-0000000000f1",
		[]string{"7F1C5A9E-0000-7000-8000-000000000031"}, posthogDevice},
	{"client_id:segment=7F1C5A9E-0000-4000-8000-000000000040", "7F1C5A9E-0000-4000-8000-0000000000f4",
		[]string{"7F1C5A9E-0000-4000-8000-000000000040"}, segmentPlaces},
	{"client_id:rudderstack=7f1c5a9e-0000-4000-8000-000000000041", "7f1c5a9e-0000-4000-8000-0000000000f4", []string{
		"7f1c5a9e-0000-4000-8000-000000000041", "7F1C5A9E-0000-4000-8000-000000000041",
	}, segmentPlaces},
	{"client_id:jitsu=7F1C5A9E-0000-4000-8000-000000000042", "7F1C5A9E-0000-4000-8000-0000000000f4",
		[]string{"7F1C5A9E-0000-4000-8000-000000000042"}, segmentPlaces},
	{"advertising_id:segment=7F1C5A9E-0000-4000-8000-000000000043", "7F1C5A9E-0000-4000-8000-0000000000f4",
		[]string{"7F1C5A9E-0000-4000-8000-000000000043"}, advertisingPlaces},
	{"device_id:segment=7F1C5A9E-0000-4000-8000-000000000044", "7F1C5A9E-0000-4000-8000-0000000000f4",
		[]string{"7F1C5A9E-0000-4000-8000-000000000044"}, devicePlaces},
	{"client_id:snowplow=7F1C5A9E-0000-4000-8000-000000000050", "7F1C5A9E-0000-4000-8000-0000000000f4",
		[]string{"7F1C5A9E-0000-4000-8000-000000000050"}, snowplowPlaces},
	{"advertising_id:snowplow=7F1C5A9E-0000-4000-8000-000000000051", "7F1C5A9E-0000-4000-8000-0000000000f4",
		[]string{"7F1C5A9E-0000-4000-8000-000000000051"}, advertisingPlaces},
	{"device_id:amplitude=7F1C5A9E-0000-4000-8000-000000000060", "7F1C5A9E-0000-4000-8000-0000000000f6",
		[]string{"7F1C5A9E-0000-4000-8000-000000000060"}, amplitude},
	{"advertising_id:amplitude=7F1C5A9E-0000-4000-8000-000000000061", "7F1C5A9E-0000-4000-8000-0000000000f6",
		[]string{"7F1C5A9E-0000-4000-8000-000000000061"}, advertisingPlaces},
	{"device_id:amplitude=7123456789ABCDE9", "7123456789ABCDF9", []string{"7123456789ABCDE9"}, amplitude},
	{"user_id=7012345.0", "7012399.0", []string{"7012345.0"}, userPlaces},
	{"user_id=7012346", "7012396", []string{"7012346", "7012346.0", "7.012346E6"}, userPlaces},
	{"user_id=7F1C5A9E-0000-4000-8000-000000000070", "7F1C5A9E-0000-4000-8000-0000000000f7",
		[]string{"7F1C5A9E-0000-4000-8000-000000000070"}, userPlaces},
	{"user_id=odd-customer", "odd-customer-2", []string{"odd-customer"}, userPlaces},
	{"external_id=7F1C5A9E-0000-4000-8000-000000000071", "7F1C5A9E-0000-4000-8000-0000000000f7",
		[]string{"7F1C5A9E-0000-4000-8000-000000000071"}, []string{
			"POST /segment/v1/group\n\n" + `{"type":"group","groupId":"ID"}`,
		}},
	{"user_id=odd.user@example.com", "other.user@example.com", []string{"odd.user@example.com", "Odd.User@Example.com"},
		emailPlaces},
	{"email=plain.odd@example.com", "plain.even@example.com", []string{
		"plain.odd@example.com", "Plain.Odd@example.COM", "Jane <plain.odd@example.com>", "mailto:plain.odd@example.com",
		"plain.odd@example.com.",
	}, emailPlaces},
	{"email=Odd.Name.1 <odd.1@example.com>", "Odd.Name.9 <odd.9@example.com>", []string{"odd.1@example.com",
		"Odd.Name.1 <odd.1@example.com>"}, emailPlaces},
	{"email=mailto:odd.2@example.com", "mailto:odd.92@example.com", []string{"odd.2@example.com",
		"mailto:odd.2@example.com"}, emailPlaces},
	{"email=odd.3@bücher.example", "odd.93@bücher.example", []string{"odd.3@bücher.example", "Odd.3@BÜCHER.example"},
		emailPlaces},
	{"email=odd.4@example.com.", "odd.94@example.com.", []string{"odd.4@example.com."}, emailPlaces},
	{"email=Odd.5@EXAMPLE.com", "Odd.95@EXAMPLE.com", []string{"odd.5@example.com", "ODD.5@EXAMPLE.COM"}, emailPlaces},
	{"email=odd.6@xn--bcher-kva.example", "odd.96@xn--bcher-kva.example", []string{"odd.6@xn--bcher-kva.example"},
		emailPlaces},
	{"phone=+49 30 901821", "+49 30 901891", []string{"+49 30 901821", "004930901821", "+49 (0)30 901821"}, phonePlaces},
	{"phone=0049 (0)30 901822", "+49 30 901892", []string{"+49 30 901822", "0049 (0)30 901822"}, phonePlaces},
	{"phone=+49 030 901824", "+49 030 901894", []string{"+49 030 901824"}, phonePlaces},
	{"phone=+49 30 901825 ext. 12", "+49 30 901895 ext. 12", []string{"+49 30 901825 ext. 12"}, phonePlaces},
	{"email_sha256=DCBEF8D87E6C1B2EC3D4F8FFD5E09E4D4E6F2DBF1C9DBB0C6A42E2C4D5A2FB77",
		"DCBEF8D87E6C1B2EC3D4F8FFD5E09E4D4E6F2DBF1C9DBB0C6A42E2C4D5A2FB78", []string{
			"dcbef8d87e6c1b2ec3d4f8ffd5e09e4d4e6f2dbf1c9dbb0c6a42e2c4d5a2fb77",
			"DCBEF8D87E6C1B2EC3D4F8FFD5E09E4D4E6F2DBF1C9DBB0C6A42E2C4D5A2FB77",
		}, emailPlaces[:1]},
	{"phone_sha256=AABBF8D87E6C1B2EC3D4F8FFD5E09E4D4E6F2DBF1C9DBB0C6A42E2C4D5A2FB77",
		"AABBF8D87E6C1B2EC3D4F8FFD5E09E4D4E6F2DBF1C9DBB0C6A42E2C4D5A2FB78", []string{
			"aabbf8d87e6c1b2ec3d4f8ffd5e09e4d4e6f2dbf1c9dbb0c6a42e2c4d5a2fb77",
		}, phonePlaces},
}

// requestLike reads method and target, a line with cookies and a body, with an id in place of ID.
func requestLike(text, id string) hit.Request {
	head, body, _ := strings.Cut(text, "\n\n")
	line, cookies, _ := strings.Cut(head, "\n")
	method, target, _ := strings.Cut(strings.ReplaceAll(line, "ID", url.QueryEscape(id)), " ")
	path, query, _ := strings.Cut(target, "?")
	r := hit.Request{
		Method: []byte(method), Host: []byte("shop.example"), Path: []byte(path), Query: []byte(query),
		Body: []byte(strings.ReplaceAll(body, `"ID"`, `"`+id+`"`)),
	}
	if cookies != "" {
		id = strings.TrimPrefix(id, "GA1.1.")
		r.Headers = append(r.Headers, hit.Header{Name: []byte("Cookie"),
			Value: []byte(strings.ReplaceAll(cookies, "ID", id))})
	}
	if body != "" {
		r.Headers = append(r.Headers, hit.Header{Name: []byte("Content-Type"), Value: []byte("application/json")})
	}
	return r
}

// lookups asks a folder's store for what hits hold.
type lookups struct {
	*opened
	policy *rules.Policy
	keys   *rules.Keys
	store  *objection.Store
}

func (o *opened) lookups() *lookups {
	o.t.Helper()
	loaded, err := config.Load(o.file())
	if err != nil {
		o.t.Fatal(err)
	}
	l := &lookups{opened: o, policy: loaded.Policy, keys: rules.NewKeys(pseudonym.Root(folderRoot),
		loaded.Policy, o.clock)}
	l.open()
	return l
}

func (l *lookups) open() {
	l.t.Helper()
	var err error
	l.store, err = objection.Open(objection.Options{Dir: proxy.ObjectionsDir(filepath.Join(l.dir, "data")),
		Identity: l.Identity, Map: 1 << 20})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lookups) close() {
	l.t.Helper()
	if err := l.store.Close(); err != nil {
		l.t.Error(err)
	}
}

// found tells whether something stands for any identifier of a hit. Newest: it is looked up in the newest form alone.
func (l *lookups) found(r hit.Request, newest bool) bool {
	l.t.Helper()
	var j rules.Judgement
	j.Hit.Reset()
	j.Hit.Request = r
	if reason := rules.Read(l.policy, &j, &rules.Inputs{Now: l.clock, Keys: l.keys, NewestForm: newest},
		nil); reason != rules.Unjudged {
		l.t.Fatalf("%s %s?%s %s: %v", r.Method, r.Path, r.Query, r.Body, reason)
	}
	for i := range j.Subjects {
		scopes, err := l.store.Lookup(j.Subjects[i].Hash)
		if err != nil {
			l.t.Fatal(err)
		}
		if scopes.Any() {
			return true
		}
	}
	return false
}

// TestObjectorsOfTheFirstForm: who objected before ids had normal forms by number is found from every event that finds
// them, by whichever entry of a family it travels, and nobody else is. Stats say how many are left; what is taken back
// is taken back in both forms, and what is objected to anew is of the newest.
func TestObjectorsOfTheFirstForm(t *testing.T) {
	o := openFolder(t, filepath.Join(keptFolders, "forms-1"))
	l := o.lookups()
	for _, one := range odd {
		for _, text := range one.hits {
			for _, id := range one.texts {
				if !l.found(requestLike(text, id), false) {
					t.Errorf("%s is not found as %s in %s", one.id, id, text)
				}
			}
			if l.found(requestLike(text, one.other), false) {
				t.Errorf("%s, who is not %s, is found in %s", one.other, one.id, text)
			}
		}
	}
	if !l.store.OlderForms() {
		t.Error("no older forms are known")
	}
	l.close()

	var before, after api.Stats
	o.asJSON(&before, "objections", "stats")
	if before.Older == 0 || before.Older != before.Subjects {
		t.Errorf("%d of %d are said to be of an older form", before.Older, before.Subjects)
	}
	var back []string
	for _, one := range odd {
		back = append(back, "--id", one.id)
	}
	for chunk := range slices.Chunk(back, 40) {
		o.command(append(append([]string{"objections", "withdraw"}, chunk...), "--all", "--because", "they wrote to us")...)
	}
	o.asJSON(&after, "objections", "stats")
	if after.Older >= before.Older {
		t.Errorf("%d are of an older form, and then %d", before.Older, after.Older)
	}
	if text := o.command("objections", "stats"); !strings.Contains(text, "of an older form: ") {
		t.Errorf("stats say\n%s", text)
	}
	each := func(when string, newest bool, is func(one *ofFirstForm, text, id string) bool) {
		l.open()
		defer l.close()
		for i := range odd {
			one := &odd[i]
			for _, text := range one.hits {
				for _, id := range one.texts {
					if want := is(one, text, id); l.found(requestLike(text, id), newest) != want {
						t.Errorf("%s: %s as %s in %s: want %t", when, one.id, id, text, want)
					}
				}
			}
		}
	}
	each("taken back", false, func(*ofFirstForm, string, string) bool { return false })
	for chunk := range slices.Chunk(back, 40) {
		o.command(append(append([]string{"objections", "add"}, chunk...), "--all")...)
	}
	each("objected again", true, func(*ofFirstForm, string, string) bool { return true })
	var last api.Stats
	o.asJSON(&last, "objections", "stats")
	if last.Older != after.Older || last.Subjects <= after.Subjects {
		t.Errorf("of an older form are %d after %d, of %d after %d", last.Older, after.Older, last.Subjects, after.Subjects)
	}
}

// TestRecordsSayTheirForm: records of events name the form of the hashes in them;
// those of before do not, and are read on.
func TestRecordsSayTheirForm(t *testing.T) {
	o := openFolder(t, filepath.Join(keptFolders, "forms-1"))
	search := func() []byte {
		return []byte(o.command("logs", "search", "--where", "kind=event", "--format", "json"))
	}
	was := search()
	if len(was) == 0 || bytes.Contains(was, []byte(`"form":`)) {
		t.Errorf("of the first form are\n%s", was)
	}
	s := serveFolder(t, o.file(), func() time.Time { return o.clock })
	s.hit(&folderHit{Method: "GET", Target: pageView("7000000099.1700000000", ""), Cookie: consented, Leaves: true})
	s.stop()
	now := search()
	added := bytes.TrimPrefix(now, was)
	if len(added) == len(now) || bytes.Count(added, []byte(`"form":2,"subjects":[`)) != 1 {
		t.Errorf("added are\n%s", added)
	}
}
