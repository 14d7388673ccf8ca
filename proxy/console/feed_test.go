package console

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

func TestFeed(t *testing.T) {
	a := newAPI(t)
	for i := range 5 {
		a.call(a.face, "POST", "/api/v1/objections", fmt.Sprintf(`{"ids":{"email":["u%d@example.com","v%d@example.com"]},"purposes":["ads"]}`, i, i))
	}
	a.call(a.face, "DELETE", "/api/v1/objections", `{"ids":{"email":"u0@example.com"},"purposes":["ads"],"because":"asked"}`)
	var all []Entry
	since := "/api/v1/objections?limit=3"
	pages := 0
	for since != "" {
		w := a.call(a.face, "GET", since, "")
		var page Feed
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 || page.Size != 6 {
			t.Fatalf("%v: %d %s", err, w.Code, w.Body)
		}
		if link := w.Header().Get("Link"); (link != "") != (page.Next != "") || page.Next != "" && link != "<"+page.Next+`>; rel="next"` {
			t.Errorf("link %q, next %q", link, page.Next)
		}
		all, since = append(all, page.Entries...), page.Next
		pages++
	}
	if len(all) != 11 || pages != 5 { // two entries a change, and a change is not divided; the last one has one
		t.Errorf("%d entries on %d pages", len(all), pages)
	}
	if last := all[10]; last.Op != "withdrawal" || last.Hash != all[0].Hash || len(last.InForce) != 0 || fmt.Sprint(last.Scopes) != "[ads]" {
		t.Errorf("%+v", last)
	}
	if want := pseudonym.SubjectHash(&feedKey, "email", []byte("u0@example.com")); all[0].Hash != hex.EncodeToString(want[:]) || all[0].Op != "objection" {
		t.Errorf("%+v", all[0])
	}

	w := a.call(a.face, "GET", "/api/v1/objections?since=5", "", "Accept: text/csv")
	if want := "seq,time,op,space,hash,scopes,in_force\n6,2026-12-01T12:00:00Z,withdrawal,email," + all[0].Hash + ",ads,\n"; w.Body.String() != want || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("%s", w.Body)
	}
	if json := a.call(a.face, "GET", "/api/v1/objections?since=5&format=json", "", "Accept: text/csv"); json.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%q", json.Header())
	}
	tag := w.Header().Get("Etag")
	if again := a.call(a.face, "GET", "/api/v1/objections?since=5", "", "Accept: text/csv", `If-None-Match: "x", W/`+tag); again.Code != 304 || again.Body.Len() > 0 {
		t.Errorf("%d %s", again.Code, again.Body)
	}
	a.call(a.face, "POST", "/api/v1/objections", `{"ids":{"email":"new@example.com"},"all":true}`)
	if again := a.call(a.face, "GET", "/api/v1/objections?since=5", "", "Accept: text/csv", "If-None-Match: "+tag); again.Code != 200 {
		t.Errorf("%d", again.Code)
	}
}

// pythonExample is what the documentation shows: how a tool finds its own contacts in the feed.
const pythonExample = `import hashlib, hmac, sys
key = bytes.fromhex(sys.argv[1])  # tagwarden objections feed-key

def feed_hash(space, normalised):
    message = space.encode() + b"\0" + normalised.encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]

for contact in sys.argv[2:]:
    print(feed_hash("email", contact.strip().lower()))
`

// TestFeedIsMatched: the hashes are what the documentation's example makes, in Python where it is there, with openssl where that is.
func TestFeedIsMatched(t *testing.T) {
	want := pseudonym.SubjectHash(&feedKey, "email", []byte("jane.doe@example.com"))
	key := hex.EncodeToString(feedKey[:])
	if python, err := exec.LookPath("python3"); err == nil {
		out, err := exec.Command(python, "-c", pythonExample, key, " Jane.Doe@Example.com ").Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != hex.EncodeToString(want[:]) {
			t.Errorf("python: %s, %v", got, err)
		}
	}
	if openssl, err := exec.LookPath("openssl"); err == nil {
		run := exec.Command(openssl, "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:"+key)
		run.Stdin = strings.NewReader("email\x00jane.doe@example.com")
		out, err := run.Output()
		if err != nil || !strings.Contains(string(out), " "+hex.EncodeToString(want[:])) {
			t.Errorf("openssl: %s, %v", out, err)
		}
	}
}

func TestStats(t *testing.T) {
	a := newAPI(t)
	at := noon.AddDate(0, 0, -40)
	a.now = func() time.Time { return at }
	for i := range 45 {
		at = noon.AddDate(0, 0, i-44)
		a.call(a.face, "POST", "/api/v1/objections",
			fmt.Sprintf(`{"ids":{"email":"u%d@example.com"},"purposes":["ads"],"vendors":["ga4"],"source":"s%d","campaign":"c%d","complaint":%t}`, i, i%2, i, i%10 == 0))
	}
	a.call(a.face, "DELETE", "/api/v1/objections", `{"ids":{"email":"u44@example.com"},"all":true,"purposes":["ads"],"because":"asked"}`)
	w := a.call(a.face, "GET", "/api/v1/objections/stats?days=30", "")
	var out Stats
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err, w.Body)
	}
	if out.Total != (Count{30, 0, 1, 3, 1}) || out.From != "2026-11-02" || out.To != "2026-12-01" || out.Changes != 46 || len(out.PerDay) != 30 {
		t.Errorf("%+v", out)
	}
	if fmt.Sprint(out.Sources) != "[{s0 {15 0 0 3 0.5}} {s1 {15 0 0 0 0.5}} {api {0 0 1 0 0}}]" || fmt.Sprint(out.PerDay[29]) != "{2026-12-01 {1 0 1 0 1}}" {
		t.Errorf("%v %v", out.Sources, out.PerDay[29])
	}
	if fmt.Sprint(out.Scopes) != "[{ads {30 0 1 3 1}} {vendor:ga4 {30 0 0 3 1}} {all {0 0 1 0 0}}]" || len(out.Campaigns) != 30 {
		t.Errorf("%v %d", out.Scopes, len(out.Campaigns))
	}
}
