package proxy_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// device is the id that Segment's SDK gives a browser; the number tells browsers apart.
func device(n int) string { return fmt.Sprintf("b1946ac9-1111-4222-8333-4444%08d", n) }

// seen is an event of Segment: of a user, in a browser. What is empty is not named.
type seen struct{ user, browser string }

// seenEvents sends events in one batch, and returns which of them arrived, by their places.
func (r *running) seenEvents(t testing.TB, v *vendor, events ...seen) (arrived []int) {
	t.Helper()
	var all []string
	for i, one := range events {
		event := fmt.Sprintf(`{"type":"track","event":"event %d","messageId":"m-%[1]d","timestamp":"2026-11-28T12:00:00Z"`, i)
		if one.user != "" {
			event += fmt.Sprintf(`,"userId":%q`, one.user)
		}
		if one.browser != "" {
			event += fmt.Sprintf(`,"anonymousId":%q`, one.browser)
		}
		all = append(all, event+"}")
	}
	before := len(v.got())
	a := r.send(t, post("/t/v1/batch", consent+"Content-Type: application/json\r\n",
		`{"writeKey":"KEY","batch":[`+strings.Join(all, ",")+`],"sentAt":"2026-11-28T12:00:00Z"}`))
	if a.status != 200 {
		t.Fatalf("%+v", a)
	}
	got := strings.Join(v.got()[before:], "\n")
	for i := range events {
		if strings.Contains(got, fmt.Sprintf("event %d\"", i)) {
			arrived = append(arrived, i)
		}
	}
	return arrived
}

// arrives fails where what arrived is not what is wanted.
func arrives(t testing.TB, what string, got []int, want ...int) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v arrived, want %v", what, got, want)
	}
}

// does objects, or takes back, by identifiers.
func (r *running) does(t testing.TB, change objection.Change, ids ...objection.ID) {
	t.Helper()
	if change.Source == "" {
		change.Source = objection.API
	}
	acts := objection.Acts{Acts: []objection.Act{{IDs: ids, Change: change}}}
	if _, err := r.Act(t.Context(), acts); err != nil {
		t.Fatal(err)
	}
}

// stands tells whether something is in force for a browser.
func (r *running) stands(t testing.TB, browser string) bool {
	t.Helper()
	scopes, err := r.Standing([]objection.ID{{Name: "client_id:segment", Value: browser}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return len(scopes) > 0
}

// hand turns a clock, and the ticker of what writes down who follows.
type hand struct {
	now  atomic.Int64
	tick chan time.Time
}

func newHand() *hand {
	h := &hand{tick: make(chan time.Time)}
	h.now.Store(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC).UnixNano())
	return h
}

func (h *hand) option(o *proxy.Options) {
	o.Now = func() time.Time { return time.Unix(0, h.now.Load()).UTC() }
	o.Elapsed = func() time.Duration { return time.Duration(h.now.Load()) }
	o.Every = func(d time.Duration) (<-chan time.Time, func()) {
		if d != time.Second/2 { // of something else
			return nil, func() {}
		}
		return h.tick, func() {}
	}
}

// turn lets time pass, and what is done now and again be done.
func (h *hand) turn(by time.Duration) {
	h.now.Add(int64(by))
	h.tick <- time.Time{}
}

var (
	everything = objection.Change{Object: []string{"all"}}
	takenBack  = objection.Change{
		TakeBack: []string{"all"}, Holder: objection.Holder{Kind: objection.Role}, By: "operator", Because: "asked",
	}
)

func user(id string) objection.ID { return objection.ID{Name: "user_id", Value: id} }

// TestAnObjectionFollowsItsPerson: who objects by a user id is not tracked by the device's id either, once they were
// seen together: not in that hit, not later, not after a restart or a crash; until it is taken back. The other way
// round nothing follows, and nobody else is touched.
func TestAnObjectionFollowsItsPerson(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	arrives(t, "before", r.seenEvents(t, v, seen{"u-1", device(1)}, seen{"", device(1)}), 0, 1)
	r.does(t, everything, user("u-1"))
	arrives(t, "the device alone, not seen with the person since", r.seenEvents(t, v, seen{"", device(1)}), 0)
	arrives(t, "in one batch", r.seenEvents(t, v, seen{"", device(1)}, seen{"u-2", device(2)}, seen{"u-1", device(1)}), 1)
	until(t, "it follows", func() bool { return r.stands(t, device(1)) })
	arrives(t, "later", r.seenEvents(t, v, seen{"", device(1)}, seen{"", device(2)}, seen{"u-2", ""}), 1, 2)
	arrives(t, "as another user on the device", r.seenEvents(t, v, seen{"u-3", device(1)}))
	arrives(t, "that other user elsewhere", r.seenEvents(t, v, seen{"u-3", device(3)}, seen{"u-3", ""}), 0, 1)

	crashed := start(t, copied(t, r.file))
	arrives(t, "after a crash", crashed.seenEvents(t, v, seen{"", device(1)}, seen{"", device(2)}), 1)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, r.file)
	arrives(t, "after a restart", r.seenEvents(t, v, seen{"", device(1)}, seen{"", device(2)}), 1)
	r.does(t, takenBack, user("u-1"))
	arrives(t, "after it was taken back", r.seenEvents(t, v, seen{"", device(1)}, seen{"u-1", device(1)}), 0, 1)
	r.does(t, everything, user("u-1"))
	arrives(t, "of a person who objects again", r.seenEvents(t, v, seen{"u-1", device(1)}))
	until(t, "it follows again", func() bool { return r.stands(t, device(1)) })

	until(t, "it is on the ledger", func() bool { return len(r.recordsOf(t, "objection")) == 4 })
	followed := r.recordsOf(t, "objection")
	var of []string
	for _, record := range followed {
		of = append(of, gjson.Get(record, "source").Str)
	}
	if strings.Join(of, " ") != "api seen_with api seen_with" || gjson.Get(followed[1], "scopes.0").Str != "all" {
		t.Errorf("the ledger has %v", followed)
	}
	if strings.Contains(r.ledger(t), device(1)) {
		t.Error("an identifier is on the ledger")
	}
}

// TestAnObjectionFollowsInItsScopes: what follows is what the person objected to, and more where they object to more.
func TestAnObjectionFollowsInItsScopes(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	standing := func() string {
		scopes, err := r.Standing([]objection.ID{{Name: "client_id:segment", Value: device(1)}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(scopes, " ")
	}
	r.does(t, objection.Change{Object: []string{"vendor:ga4"}}, user("u-1"))
	arrives(t, "an objection to another vendor", r.seenEvents(t, v, seen{"u-1", device(1)}, seen{"", device(1)}), 0, 1)
	until(t, "it follows", func() bool { return standing() == "vendor:ga4" })
	r.does(t, objection.Change{Object: []string{"audience"}}, user("u-1"))
	until(t, "more follows", func() bool { return standing() == "audience vendor:ga4" })
	arrives(t, "an objection to the purpose", r.seenEvents(t, v, seen{"", device(1)}, seen{"", device(2)}), 1)
}

// TestNothingFollowsABrowser: an objection of a browser is no objection of the person that is seen in it, or of another
// browser; nor is one by a name that a site gives browsers.
func TestNothingFollowsABrowser(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	r.does(t, everything, objection.ID{Name: "client_id:segment", Value: device(1)})
	r.does(t, everything, user("u-9"))
	arrives(t, "beside a browser that objected", r.seenEvents(t, v, seen{"u-1", device(1)}, seen{"u-2", device(2)}), 1)
	arrives(t, "beside a person, in a name of the site's", r.seenEvents(t, v, seen{"u-9", "kiosk"}))
	arrives(t, "a mark", r.seenEvents(t, v, seen{"u-9", device(9)}))
	until(t, "what came last follows", func() bool { return r.stands(t, device(9)) })
	elsewhere := r.seenEvents(t, v, seen{"u-1", device(3)}, seen{"u-1", ""}, seen{"", "kiosk"})
	arrives(t, "the person elsewhere", elsewhere, 0, 1, 2)
}

// TestFollowingIsTurnedOff: with follow: false a person who objected is found by their own id alone.
func TestFollowingIsTurnedOff(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	file := folder(t, v.URL)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(text)+"objections: { follow: false }\n")
	r := start(t, file)
	r.does(t, everything, user("u-1"))
	arrives(t, "in one batch", r.seenEvents(t, v, seen{"u-1", device(1)}, seen{"", device(1)}))
	if err := r.stop(t); err != nil { // what was seen would be written by now
		t.Fatal(err)
	}
	r = start(t, file)
	arrives(t, "the device alone", r.seenEvents(t, v, seen{"", device(1)}), 0)
	if got := len(r.recordsOf(t, "objection")); got != 1 {
		t.Errorf("%d objections are recorded", got)
	}
}

// TestTheEndWritesDownWhatWasSeen: what waits in the list when the server ends is in force when it starts again.
func TestTheEndWritesDownWhatWasSeen(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	still := newHand() // a network has one group
	r := start(t, folder(t, v.URL), still.option)
	r.does(t, everything, user("u-1"))
	for n := range 5 {
		arrives(t, "of the person", r.seenEvents(t, v, seen{"u-1", device(n)}))
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, r.file, still.option)
	for n := range 5 {
		arrives(t, fmt.Sprint("device ", n), r.seenEvents(t, v, seen{"", device(n)}, seen{"", device(77)}), 1)
	}
}

// TestTooManyBrowsersOfOnePerson: an identifier of a person by which more than 20 browsers would follow on one day is
// followed no more that day: it is said once, by its hash on the ledger, and counted; the day after it goes on.
func TestTooManyBrowsersOfOnePerson(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	core, logged := observer.New(zap.WarnLevel)
	hand := newHand()
	r := start(t, folder(t, v.URL), hand.option, func(o *proxy.Options) { o.Log = zap.New(core) })
	follows := func(n int) func() bool { // after a second more
		return func() bool {
			hand.turn(time.Second)
			return r.stands(t, device(n))
		}
	}
	r.does(t, everything, user("u-1"))
	var all []seen
	for n := range 25 {
		all = append(all, seen{"u-1", device(n)})
	}
	for range 3 { // the same browsers again make no difference
		arrives(t, "of the person", r.seenEvents(t, v, all...))
	}
	alone := func() (denied int) {
		for n := range 25 {
			denied += 1 - len(r.seenEvents(t, v, seen{"", device(n)}))
		}
		return denied
	}
	until(t, "20 follow", follows(19))
	if got := alone(); got != 20 {
		t.Errorf("%d browsers follow", got)
	}
	warned := logged.FilterMessageSnippet("more browsers would follow").All()
	if len(warned) != 1 {
		t.Fatalf("%d warnings", len(warned))
	}
	objected := r.recordsOf(t, "objection")
	if hash := warned[0].ContextMap()["subject"]; hash != gjson.Get(objected[0], "subjects.0").Str {
		t.Errorf("%v is warned of, the ledger has %s", hash, objected[0])
	} else if _, err := hex.DecodeString(hash.(string)); err != nil {
		t.Error(err)
	}
	const counted = `tagwarden_objections_seen_with_total{outcome="`
	until(t, "it is counted", func() bool { // behind what stands
		_, text := r.get(t, "/metrics")
		return strings.Contains(text, counted+`too_many"}`) && strings.Contains(text, counted+`written"} 20`)
	})
	hand.turn(24 * time.Hour)
	arrives(t, "the day after", r.seenEvents(t, v, all[20:]...))
	until(t, "all follow", follows(24))
	if got := alone(); got != 25 {
		t.Errorf("the day after %d browsers follow", got)
	}
}

// TestWhatFollowsEndsInTime: a browser is objected for until 13 months after it was last seen with the person.
func TestWhatFollowsEndsInTime(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	v, hand := startVendor(t), newHand()
	r := start(t, folder(t, v.URL), hand.option)
	r.does(t, everything, user("u-1"))
	arrives(t, "at first", r.seenEvents(t, v, seen{"u-1", device(1)}, seen{"u-1", device(2)}))
	both := func() bool { hand.turn(time.Second); return r.stands(t, device(1)) && r.stands(t, device(2)) }
	until(t, "both follow", both)
	for range 10 {
		hand.turn(30 * day)
		arrives(t, "one of them is seen again", r.seenEvents(t, v, seen{"u-1", device(1)}))
	}
	hand.turn(94 * day)
	if !both() {
		t.Error("it ends before its time")
	}
	hand.turn(2 * day)
	until(t, "one ends", func() bool { hand.turn(time.Second); return !r.stands(t, device(2)) })
	arrives(t, "13 months after", r.seenEvents(t, v, seen{"", device(1)}, seen{"", device(2)}), 1)
	for range 9 {
		hand.turn(30 * day)
		arrives(t, "the other alone, which is not seen with the person", r.seenEvents(t, v, seen{"", device(1)}))
	}
	hand.turn(30 * day)
	until(t, "it ends", func() bool { hand.turn(time.Second); return !r.stands(t, device(1)) })
	arrives(t, "at last", r.seenEvents(t, v, seen{"", device(1)}, seen{"u-1", ""}), 0)
}

// TestAnAgentsBrowserDoesNotFollow: where somebody works on the data of a person who objected, that event is denied,
// and the browser of who works goes on; so do all browsers of an account.
func TestAnAgentsBrowserDoesNotFollow(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	r.does(t, everything, objection.ID{Name: "email", Value: "jane.doe@example.com"})
	r.does(t, everything, user("u-9"), user("acme"))
	for of, beside := range map[int]string{
		1: `,"userId":"admin","properties":{"customer":{"email":"jane.doe@example.com"}}`,
		2: `,"properties":{"account_id":"acme"}`,
		3: `,"context":{"externalIds":[{"type":"company_id","id":"acme","collection":"users","encoding":"none"}]}`,
		4: `,"properties":{"customer":{"email":"jane.doe@example.com"}}`,
	} {
		before := len(v.got())
		r.send(t, post("/t/v1/batch", consent+"Content-Type: application/json\r\n", `{"writeKey":"KEY","batch":[`+
			`{"type":"track","event":"x","messageId":"m","anonymousId":"`+device(of)+`"`+beside+`}]}`))
		if len(v.got()) != before {
			t.Errorf("browser %d: the event arrived", of)
		}
	}
	arrives(t, "a mark", r.seenEvents(t, v, seen{"u-9", device(9)}))
	until(t, "what came last follows", func() bool { return r.stands(t, device(9)) && r.stands(t, device(4)) })
	for n := 1; n <= 3; n++ {
		arrives(t, fmt.Sprint("browser ", n), r.seenEvents(t, v, seen{"", device(n)}), 0)
	}
}

// TestARestartDoesNotCountAnew: browsers that began to follow today count after a restart and after a crash, too; those
// that did before do not.
func TestARestartDoesNotCountAnew(t *testing.T) {
	t.Parallel()
	v, hand := startVendor(t), newHand()
	r := start(t, folder(t, v.URL), hand.option)
	r.does(t, everything, user("u-1"))
	see := func(from, to int) {
		t.Helper()
		var all []seen
		for n := from; n < to; n++ {
			all = append(all, seen{"u-1", device(n)})
		}
		arrives(t, "of the person", r.seenEvents(t, v, all...))
	}
	follows := func(n int) func() bool {
		return func() bool { hand.turn(time.Second); return r.stands(t, device(n)) }
	}
	see(0, 5)
	until(t, "5 follow", follows(4))
	hand.turn(24 * time.Hour)
	see(0, 17) // 12 of them for the first time
	until(t, "12 more follow", follows(16))
	again := func(at *running) { r = at }
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	again(start(t, r.file, hand.option))
	see(17, 30)
	until(t, "20 follow in all", follows(24))
	again(start(t, copied(t, r.file), hand.option))
	see(25, 35)
	see(24, 25) // which is known
	hand.turn(time.Second)
	if err := r.stop(t); err != nil { // what was seen is written by now
		t.Fatal(err)
	}
	again(start(t, r.file, hand.option))
	for n := range 35 {
		if got := r.stands(t, device(n)); got != (n < 25) {
			t.Errorf("browser %d follows: %t", n, got)
		}
	}
}
