package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

func TestFeed(t *testing.T) {
	a := newAPI(t)
	for i := range 5 {
		a.call(a.face, "POST", "/api/v1/objections",
			fmt.Sprintf(`{"ids":{"email":["u%d@example.com","v%d@example.com"]},"purposes":["ads"]}`, i, i))
	}
	a.call(a.face, "DELETE", "/api/v1/objections",
		`{"ids":{"email":"u0@example.com"},"purposes":["ads"],"because":"asked"}`)
	var all []Entry
	since := "/api/v1/objections?limit=3"
	pages := 0
	for since != "" {
		w := a.call(a.face, "GET", since, "")
		var page Feed
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 || page.Size != 6 {
			t.Fatalf("%v: %d %s", err, w.Code, w.Body)
		}
		if link := w.Header().Get("Link"); (link != "") != (page.Next != "") || page.Next != "" && link != "<"+
			page.Next+`>; rel="next"` {
			t.Errorf("link %q, next %q", link, page.Next)
		}
		all, since = append(all, page.Entries...), page.Next
		pages++
	}
	if len(all) != 11 || pages != 5 { // two entries a change, and a change is not divided; the last one has one
		t.Errorf("%d entries on %d pages", len(all), pages)
	}
	if last := all[10]; last.Op != "withdrawal" || last.Hash != all[0].Hash || len(last.InForce) != 0 ||
		fmt.Sprint(last.Scopes) != "[ads]" {
		t.Errorf("%+v", last)
	}
	if want := pseudonym.SubjectHash(feedKey.Hasher(), "email",
		[]byte("u0@example.com")); all[0].Hash != hex.EncodeToString(want[:]) || all[0].Op != "objection" {
		t.Errorf("%+v", all[0])
	}

	w := a.call(a.face, "GET", "/api/v1/objections?since=5", "", "Accept: text/csv")
	if want := "seq,time,op,space,hash,scopes,in_force,source\n6,2026-12-01T12:00:00Z,withdrawal,email," + all[0].Hash +
		",ads,,api\n"; w.Body.String() != want || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("%s", w.Body)
	}
	if json := a.call(a.face, "GET", "/api/v1/objections?since=5&format=json", "", "Accept: text/csv"); json.Header().Get(
		"Content-Type") != "application/json" {
		t.Errorf("%q", json.Header())
	}
	tag := w.Header().Get("Etag")
	if again := a.call(a.face, "GET", "/api/v1/objections?since=5", "", "Accept: text/csv", `If-None-Match: "x", W/`+
		tag); again.Code != 304 || again.Body.Len() > 0 {
		t.Errorf("%d %s", again.Code, again.Body)
	}
	a.call(a.face, "POST", "/api/v1/objections", `{"ids":{"email":"new@example.com"},"all":true}`)
	if again := a.call(a.face, "GET", "/api/v1/objections?since=5", "", "Accept: text/csv", "If-None-Match: "+
		tag); again.Code != 200 {
		t.Errorf("%d", again.Code)
	}
}

// TestFeedsTags: two answers that differ never share a tag, and a tag is not answered with
// "the same" where the answer is another.
func TestFeedsTags(t *testing.T) {
	a := newAPI(t)
	tags, answers := map[string]string{}, map[string]string{}
	for i := range 4 {
		a.call(a.face, "POST", "/api/v1/objections", fmt.Sprintf(`{"ids":{"email":"u%d@example.com"},"all":true}`, i))
		for _, form := range []string{"json", "csv"} {
			for since := range i + 2 {
				for limit := range 3 {
					query := fmt.Sprintf("/api/v1/objections?since=%d&limit=%d&format=%s", since, limit+1, form)
					w := a.call(a.face, "GET", query, "")
					tag, text := w.Header().Get("Etag"), w.Body.String()+w.Header().Get("Link")
					if before, seen := answers[tag]; seen && before != text {
						t.Errorf("%s: the tag %s is that of another answer", query, tag)
					}
					answers[tag] = text
					for other, of := range tags {
						again := a.call(a.face, "GET", query, "", "If-None-Match: "+of)
						if again.Code == 304 && answers[of] != text {
							t.Errorf("%s: not modified, by the tag of %s", query, other)
						}
					}
					tags[query] = tag
					if again := a.call(a.face, "GET", query, "", "If-None-Match: "+tag); again.Code != 304 || again.Body.Len() > 0 {
						t.Errorf("%s: %d by its own tag", query, again.Code)
					}
				}
			}
		}
	}
}

// pythonExample is what the documentation shows: how a tool finds its own contacts in the feed.
const pythonExample = `import hashlib, hmac, sys
key = bytes.fromhex(sys.argv[1])  # tagwarden objections feed-key

def feed_hash(space, normalised):
    message = space.encode() + b"\0" + normalised.encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]

for contact in sys.argv[2:]:
    address = hashlib.sha256(contact.strip().lower().encode()).hexdigest()
    print(feed_hash("email_sha256", address))
`

// TestFeedIsMatched: the hashes are what the documentation's example makes, in Python where it
// is there, with openssl where that is.
func TestFeedIsMatched(t *testing.T) {
	sum := sha256.Sum256([]byte("jane.doe@example.com"))
	address := hex.EncodeToString(sum[:])
	want := pseudonym.SubjectHash(feedKey.Hasher(), "email_sha256", []byte(address))
	key := hex.EncodeToString(feedKey[:])
	if python, err := exec.LookPath("python3"); err == nil {
		out, err := exec.Command(python, "-c", pythonExample, key, " Jane.Doe@Example.com ").Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != hex.EncodeToString(want[:]) {
			t.Errorf("python: %s, %v", got, err)
		}
	}
	if openssl, err := exec.LookPath("openssl"); err == nil {
		run := exec.Command(openssl, "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:"+key)
		run.Stdin = strings.NewReader("email_sha256\x00" + address)
		out, err := run.Output()
		if err != nil || !strings.Contains(string(out), " "+hex.EncodeToString(want[:])) {
			t.Errorf("openssl: %s, %v", out, err)
		}
	}
}

func TestStats(t *testing.T) {
	a := newAPI(t)
	one := func(o, w, c uint64) objection.Counts {
		return objection.Counts{Objections: o, Withdrawals: w, Complaints: c}
	}
	named := func(name string, n objection.Counts) map[string]objection.Counts {
		return map[string]objection.Counts{name: n}
	}
	a.counted = objection.Stats{
		Head: objection.Head{Size: 46}, Subjects: 20, Older: 7, Waiting: 3, Scopes: map[string]uint64{"ads": 5, "all": 15},
		Days: []objection.Day{
			{Date: "2026-11-01", All: one(9, 9, 9), Scope: named("ads", one(9, 9, 9))},
			{Date: "2026-11-02", All: one(10, 0, 1), Scope: named("ads", one(10, 0, 1)), Source: named("api", one(10, 0, 1)),
				Campaign: named("spring", one(4, 0, 0))},
			{Date: "2026-12-01", All: one(20, 1, 2), Scope: named("vendor:ga4", one(20, 0, 2)),
				Source: named("link", one(20, 1, 2)), Site: named("shop", one(1, 0, 0)), Channel: named("mail", one(2, 0, 0))},
		},
	}
	var out Stats
	if w := a.call(a.face, "GET", "/api/v1/objections/stats?days=30", ""); json.Unmarshal(w.Body.Bytes(), &out) != nil {
		t.Fatal(w.Body)
	}
	if out.Total != (Count{30, 0, 1, 3, 1}) || out.From != "2026-11-02" || out.To != "2026-12-01" || out.Changes != 46 ||
		out.Waiting != 3 || out.Older != 7 || len(out.PerDay) != 30 {
		t.Errorf("%+v", out)
	}
	if got := fmt.Sprint(out.Scopes, out.Sites, out.Channels, out.Campaigns, out.PerDay[29], out.InForce); got !=
		"[{vendor:ga4 {20 0 0 2 0.6666666666666666}} {ads {10 0 0 1 0.3333333333333333}}] [{shop {1 0 0 0 0.03333333333333333}}] "+
			"[{mail {2 0 0 0 0.06666666666666667}}] [{spring {4 0 0 0 0.13333333333333333}}] {2026-12-01 {20 0 1 2 20}} [{all 15} {ads 5}]" {
		t.Error(got)
	}
}
