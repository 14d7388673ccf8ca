package proxy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

const receiptSecret = "0123456789abcdef0123456789abcdef"

// chooser is a shop that lists receipts, with a visitor whose browser has an id.
type chooser struct {
	*late
}

func openChooser(t *testing.T, signals string) *chooser {
	t.Helper()
	return &chooser{openLate(t, signals)}
}

// choose posts a choice from the site's page, and returns status and answer.
func (c *chooser) choose(cookie, categories, more string) string {
	c.t.Helper()
	body := `{"categories":` + categories + `,"text":"We count pages.","version":"2026-05"` + more
	if !strings.Contains(more, `"time"`) {
		body += `,"time":"` + c.time().Format(time.RFC3339) + `"`
	}
	a := c.ask(c.t, post("/t/privacy/choices", "Origin: https://shop.example\r\nSec-Fetch-Site: same-origin\r\n"+
		"Content-Type: application/json\r\nCookie: "+cookie+"\r\n", body+"}"))
	return fmt.Sprintf("%d %s", a.Status, gjson.GetBytes(a.Body, "counts").Str)
}

// order is an event that the shop's server sends about a user, with nothing of a browser's choice in it.
func (c *chooser) order(user string) string {
	c.t.Helper()
	return c.sends("/t/segment/v1/track", "none=1", "application/json", fmt.Sprintf(
		`{"type":"track","event":"Order Completed","userId":%q,"messageId":"m-%d","timestamp":%q,"writeKey":"K"}`,
		user, c.seen,
		c.time().Format(time.RFC3339)))
}

// proof is what the shop's server vouches with for the user cust-1.
func (c *chooser) proof(at time.Time, granted, refused []string) string {
	stamp := at.Format(time.RFC3339)
	mac := objection.ChoiceProof([]byte(receiptSecret), "shop", "cust-1", stamp, granted, refused)
	return fmt.Sprintf(`,"user_id":"cust-1","time":%q,"proof":%q`, stamp, hex.EncodeToString(mac[:]))
}

// TestServersObeyTheBrowsersChoice, live: events of a server about somebody travel on what that one chose in the
// browser and the site vouches for, until the next choice; nothing that a browser posts by itself grants.
func TestServersObeyTheBrowsersChoice(t *testing.T) {
	t.Parallel()
	c := openChooser(t, ownChoice+`, receipts: { secret_file: ./receipts.key }`)
	if err := os.WriteFile(filepath.Join(filepath.Dir(c.file), "receipts.key"), []byte(receiptSecret+"\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Reload(); err != nil {
		t.Fatal(err)
	}
	const device = `mp_mx_mixpanel=%7B%22distinct_id%22%3A%225d889c3c-0547-48a4-9dc5-2e5a46242f82%22%2C%22%24device_id%22%3A%225d889c3c-0547-48a4-9dc5-2e5a46242f82%22%7D`
	c.is("nobody chose", c.order("cust-1"), "no_consent")
	c.is("a browser's yes", c.choose(device, `{"analytics":true}`, ""), "200 refusals")
	c.is("grants nothing", c.order("cust-1"), "no_consent")
	c.is("with a wrong proof", c.choose(device, `{"analytics":true}`, c.proof(c.now, nil, []string{"analytics"})), "403 ")
	c.is("for another user", c.choose(device, `{"analytics":true}`,
		strings.Replace(c.proof(c.now, []string{"analytics"}, nil), "cust-1", "cust-2", 1)), "403 ")
	c.is("that is too old", c.choose(device, `{"analytics":true}`, c.proof(c.now.Add(-25*time.Hour),
		[]string{"analytics"}, nil)), "400 ")
	c.is("of an unknown category", c.choose(device, `{"nothing":true}`, c.proof(c.now, []string{"nothing"}, nil)), "400 ")
	c.is("of a platform, about nothing that is a category", c.choose(device, `{"a purpose":true}`, `,"platform":"didomi"`),
		"200 nothing")
	c.is("of a platform, made long ago", c.choose(device, `{"analytics":true}`,
		`,"platform":"didomi","time":"2023-11-14T22:13:20Z"`), "200 nothing")
	c.is("grant nothing either", c.order("cust-1"), "no_consent")
	first := c.proof(c.now, []string{"analytics"}, nil)
	c.is("with a proof", c.choose(device, `{"analytics":true}`, first), "200 all")
	c.is("grants", c.order("cust-1"), "permitted")
	c.is("and for nobody else", c.order("cust-2"), "no_consent")
	c.pass(time.Hour)
	c.is("taken back", c.choose(device, `{"analytics":false}`, c.proof(c.now, nil, []string{"analytics"})), "200 all")
	c.is("refuses", c.order("cust-1"), "consent_refused")
	c.is("the first one again", c.choose(device, `{"analytics":true}`, first), "200 all")
	c.is("does nothing", c.order("cust-1"), "consent_refused")

	ahead := c.proof(c.now.Add(4*time.Minute), []string{"analytics"}, nil) // by a clock that is wrong
	c.is("with a proof that is dated ahead", c.choose(device, `{"analytics":true}`, ahead), "200 all")
	c.is("grants as well", c.order("cust-1"), "permitted")
	c.pass(time.Minute)
	c.is("taken back by the same clock", c.choose(device, `{"analytics":false}`, c.proof(c.now.Add(4*time.Minute), nil,
		[]string{"analytics"})), "200 all")
	c.pass(time.Minute)
	c.is("the one before again", c.choose(device, `{"analytics":true}`, ahead), "200 all")
	c.is("is no newer", c.order("cust-1"), "consent_refused")

	// Over a restart, too, and by a token.
	if err := c.stop(t); err != nil {
		t.Fatal(err)
	}
	c.running = start(t, c.file, c.clocked)
	c.is("restarted", c.order("cust-1"), "consent_refused")
	c.pass(time.Hour)
	if w := c.vouch(`{"site":"shop","ids":{"user_id":"cust-1"},"categories":{"analytics":true},"version":"2026-05"}`); w.Code != 200 || !gjson.Get(w.Body.String(),
		"counts").Bool() {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	c.is("vouched for by the operator", c.order("cust-1"), "permitted")
	for _, wrong := range []string{
		`{"site":"shop","ids":{"user_id":"cust-1"},"categories":{"nothing":true}}`,
		`{"site":"none","ids":{"user_id":"cust-1"},"categories":{"analytics":true}}`,
		`{"site":"shop","ids":{"user_id":"null"},"categories":{"analytics":true}}`,
		`{"site":"shop","categories":{"analytics":true}}`,
		`{"ids":{"user_id":"cust-1"},"categories":{"analytics":true}}`, `{"site":"shop","ids":{"user_id":"cust-1"}}`,
	} {
		if w := c.vouch(wrong); w.Code != 422 {
			t.Errorf("%s: %d %s", wrong, w.Code, w.Body)
		}
	}

	digest := sha256.Sum256([]byte("We count pages."))
	records := c.recordsOf(t, "choice")
	for _, line := range records {
		if strings.Contains(line, "cust-1") || gjson.Get(line, "site").Str != "shop" || gjson.Get(line, "seq").Uint() == 0 ||
			gjson.Get(line, "version").Str != "2026-05" {
			t.Error(line)
		}
		if gjson.Get(line, "by").Str == "" && gjson.Get(line, "text").Str != hex.EncodeToString(digest[:]) {
			t.Error(line)
		}
	}
	if len(records) < 5 {
		t.Errorf("%d records of choices", len(records))
	}
}

// vouch asks the admin API as the operator.
func (c *chooser) vouch(body string) *httptest.ResponseRecorder {
	c.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, "/api/v1/receipts", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	c.Operator().ServeHTTP(w, r)
	return w
}

// TestARecordAlone, live: where receipts are not listed a choice is a record and nothing else, with the words of a text
// that the server file names.
func TestARecordAlone(t *testing.T) {
	t.Parallel()
	c := openChooser(t, ownChoice)
	c.is("refused", c.choose("none=1", `{"analytics":false}`, ""), "200 nothing")
	c.is("and nothing follows", c.mixpanel("choice=yes", "an-event", c.now), "permitted")
	records := c.recordsOf(t, "choice")
	if len(records) != 1 || gjson.Get(records[0], "seq").Exists() ||
		gjson.Get(records[0], "refused.0").Str != "analytics" ||
		gjson.Get(records[0], "act").Str != "cookie" || gjson.Get(records[0], "text_kept").Bool() {
		t.Errorf("%v", records)
	}
	text, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(filepath.Dir(c.file), "banner.txt"), "We count pages.")
	write(t, c.file, strings.Replace(string(text), "base: /t,", "base: /t, choices: { texts: [./banner.txt] },", 1))
	if err := c.Reload(); err != nil {
		t.Fatal(err)
	}
	c.is("again", c.choose("none=1", `{"analytics":false}`, ""), "200 nothing")
	records = c.recordsOf(t, "choice")
	if !gjson.Get(records[1], "text_kept").Bool() {
		t.Errorf("%v", records)
	}
	digest := sha256.Sum256([]byte("We count pages."))
	kept, err := os.ReadFile(filepath.Join(filepath.Dir(c.file), "data", "texts", hex.EncodeToString(digest[:])+".txt"))
	if err != nil || string(kept) != "We count pages." {
		t.Errorf("%q, %v", kept, err)
	}
}
