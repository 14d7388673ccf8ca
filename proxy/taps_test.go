package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// tapped asks the admin listener about taps, with a token.
func (r *running) tapped(t *testing.T, bearer, method, query, body string) (int, gjson.Result) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.admin+"/api/v1/tap"+query,
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+bearer)
	q.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, gjson.ParseBytes(text)
}

// linesOf takes so many lines.
func (r *running) linesOf(t *testing.T, bearer, id string, n int) (all []gjson.Result) {
	t.Helper()
	for range 30 {
		code, got := r.tapped(t, bearer, "GET", "?tap="+id, "")
		if code != 200 {
			t.Fatalf("%d %s", code, got.Raw)
		}
		if all = append(all, got.Get("lines").Array()...); len(all) >= n {
			return all
		}
	}
	t.Fatalf("%d lines, not %d: %v", len(all), n, all)
	return nil
}

// TestTap: hits are shown as they come: of anybody without a value, of one's own browser with them, and of nobody else
// there. The preview token goes nowhere. The log says who watched, and how much was shown.
func TestTap(t *testing.T) {
	t.Parallel()
	const secret = "1234567890.1700000000"
	v := startVendor(t)
	file := folder(t, v.URL)
	r := start(t, file)
	dev, counter := r.bearer(t, "dev", "developer"), r.bearer(t, "counter", "analyst")
	if code, got := r.tapped(t, counter, "POST", "", "{}"); code != 403 {
		t.Errorf("an analyst watches: %d %s", code, got.Raw)
	}
	for _, wrong := range []string{`{"vendor":["ga5"]}`, `{"endpoint":["nowhere"]}`, `{"reason":["because"]}`, `{"own":1}`,
		`{"site":["shop"]}`} {
		if code, got := r.tapped(t, dev, "POST", "", wrong); code != 422 {
			t.Errorf("%s: %d %s", wrong, code, got.Raw)
		}
	}
	ids := map[string]string{}
	token := ""
	for name, ask := range map[string]string{
		"all": "{}", "own": `{"own":true}`, "denied": `{"vendor":["ga4"],"reason":["no_consent"]}`,
	} {
		code, got := r.tapped(t, dev, "POST", "", ask)
		if ids[name] = got.Get("tap").Str; code != 200 || ids[name] == "" ||
			(got.Get("preview").Str != "") != (name == "own") {
			t.Fatalf("%s: %d %s", name, code, got.Raw)
		}
		if name == "own" {
			token = got.Get("preview").Str
		}
	}
	r.send(t, get(pageView+"&uid=jane", consent))
	r.send(t, get(pageView, ""))
	r.send(t, get(pageView+"&ep.note=mine", strings.Replace(consent, "Cookie: ",
		"Cookie: tagwarden_preview="+token+"; ", 1)))
	r.send(t, get("/t/nowhere", ""))

	all := r.linesOf(t, dev, ids["all"], 4)
	if got := fmt.Sprint(all); len(all) != 4 || strings.Contains(got, secret) || strings.Contains(got, "jane") ||
		strings.Contains(got, "mine") || strings.Contains(got, token) {
		t.Errorf("%s", got)
	}
	for at, want := range []string{"event permit permitted delivered", "event deny no_consent ",
		"event permit permitted delivered", "hit deny unknown_path "} {
		l := all[at]
		if got := l.Get("kind").Str + " " + l.Get("decision").Str + " " + l.Get("reason").Str + " " +
			l.Get("outcome").Str; got != want {
			t.Errorf("line %d: %s, not %s", at, got, want)
		}
	}
	first := all[0]
	if first.Get("activity").Str != "ga4-consent" || first.Get("basis").Str != "consent" ||
		first.Get("name").Str != "page_view" ||
		first.Get("endpoint").Str == "" || first.Get("status").Int() != 200 || first.Get("site").Str != "shop" {
		t.Errorf("%s", first.Raw)
	}
	if uid := first.Get(`fields.#(name=="uid")`); uid.Get("class").Str != "user_id" || uid.Get("sent").Bool() ||
		uid.Get("is").Str != "text, 4 bytes" || uid.Get("before").Exists() {
		t.Errorf("%s", first.Raw)
	}
	if cid := first.Get(`fields.#(name=="cid")`); cid.Get("class").Str != "client_id" || !cid.Get("sent").Bool() ||
		cid.Get("action").Str == "keep" || cid.Get("before").Exists() || cid.Get("after").Exists() {
		t.Errorf("%s", first.Raw)
	}
	if denied := r.linesOf(t, dev, ids["denied"], 1); len(denied) != 1 || denied[0].Get("reason").Str != "no_consent" {
		t.Errorf("%v", denied)
	}
	own := r.linesOf(t, dev, ids["own"], 1)
	if got := fmt.Sprint(own); len(own) != 1 || !own[0].Get("own").Bool() || !strings.Contains(got, secret) ||
		!strings.Contains(got, "mine") || strings.Contains(got, token) {
		t.Errorf("%s", got)
	}

	if code, _ := r.tapped(t, r.bearer(t, "other", "developer"), "GET", "?tap="+ids["own"], ""); code != 404 {
		t.Errorf("somebody else's: %d", code)
	}
	for _, id := range ids {
		if code, got := r.tapped(t, dev, "DELETE", "?tap="+id, ""); code != 200 {
			t.Errorf("%d %s", code, got.Raw)
		}
		if code, _ := r.tapped(t, dev, "GET", "?tap="+id, ""); code != 404 {
			t.Errorf("it goes on: %d", code)
		}
	}
	if err := r.stop(t); err != nil {
		t.Error(err)
	}
	log := r.ledger(t)
	for _, want := range []string{
		`"by":"dev","verb":"tap","through":"http"`, `"asked":["own"]`, `"asked":["reason","vendor"]`,
		`"reading":"` + ids["all"] + `","by":"dev","records":4`, `"reading":"` + ids["own"] + `","by":"dev","records":1`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s: %s", want, log)
		}
	}
	if got := log + fmt.Sprint(v.got()); strings.Contains(got, token) || strings.Contains(got, "tagwarden_preview") {
		t.Errorf("the token went on: %s", got)
	}
}
