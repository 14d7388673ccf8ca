package visitor_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
)

// choosing is a world whose pages take choices.
func choosing(t testing.TB, counts bool) (*world, *[]visitor.Choosing) {
	t.Helper()
	var all []visitor.Choosing
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) {
		o.Choose = func(_ context.Context, c visitor.Choosing) (visitor.Chose, error) {
			switch {
			case slices.Contains(c.Choice.Refused, "unknown"):
				return visitor.Chose{}, &objection.Fault{What: "categories", Err: errors.New("no purpose is in it")}
			case c.User != "" && c.Proof[0] != 0xaa:
				return visitor.Chose{}, visitor.ErrProof
			case c.Choice.Version == "failing":
				return visitor.Chose{}, objection.ErrFull
			}
			all = append(all, c)
			return visitor.Chose{Recorded: true, Counts: counts, Kept: c.Choice.Version == "kept"}, nil
		}
	})
	return w, &all
}

const choicesPath = "/privacy/choices"

// TestPostedChoices: what is right is handed over as it was sent, by the digest of its text; everything else is refused
// whole, with a problem that says where, and holds nothing of what was sent.
func TestPostedChoices(t *testing.T) {
	t.Parallel()
	w, taken := choosing(t, false)
	proof := strings.Repeat("aa", 32)
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{`{"categories":{"analytics":true,"marketing":false},"text":"We count pages.","version":"kept","time":"2026-05-04T11:00:00.123Z"}`,
			200, `"text_kept":true`},
		{`{"categories":{"analytics":false},"time":"2026-05-04T11:00:00Z"}`, 200,
			`{"recorded":true,"identified":1,"counts":"nothing","text_kept":false}`},
		{`{"categories":{"ANALYTICS of it":false},"platform":"osano","time":"2026-05-04T11:00:00Z"}`, 200, `"recorded":true`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","user_id":"cust-secret-1","proof":"` + proof + `"}`,
			200, `"recorded":true`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","user_id":"cust-secret-1","proof":"` +
			strings.Repeat("bb", 32) + `"}`, 403, `"at":"/proof"`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","user_id":"cust-secret-1"}`, 403, `"at":"/user_id"`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","proof":"` + proof + `"}`, 400, `"at":"/proof"`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","user_id":"a","proof":"` + strings.ToUpper(proof) +
			`"}`, 400, `"at":"/proof"`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","user_id":"null","proof":"` + proof + `"}`,
			400, `"at":"/user_id"`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","ids":{"email":"jane.secret@example.com"}}`,
			403, `"at":"/ids/email"`},
		{`{"categories":{"unknown":false},"time":"2026-05-04T11:00:00Z"}`, 400, `categories`},
		{`{"categories":{"analytics":true}}`, 400, `"at":"/time"`},
		{`{"categories":{"analytics":true},"time":"yesterday"}`, 400, `"at":"/time"`},
		{`{"categories":{},"time":"2026-05-04T11:00:00Z"}`, 400, `"at":"/categories"`},
		{`{"categories":{"analytics":"yes"},"time":"2026-05-04T11:00:00Z"}`, 400, `"at":"/categories"`},
		{`{"categories":{"analytics":true,"analytics":false},"time":"2026-05-04T11:00:00Z"}`, 400, `"at":"/categories"`},
		{`{"categories":["analytics"],"time":"2026-05-04T11:00:00Z"}`, 400, `"at":"/categories"`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","version":"jane@secret"}`, 400, `"at":"/version"`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","platform":"One Trust"}`, 400, `"at":"/platform"`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","more":1}`, 400, `unknown`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z"}{}`, 400, `follows`},
		{`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z","text":"` + strings.Repeat("a", 33<<10) +
			`"}`, 413, ``},
		{`{"categories":{"analytics":true},"version":"failing","time":"2026-05-04T11:00:00Z"}`, 503, ``},
		{`{`, 400, ``}, {``, 400, ``}, {"\xff", 400, ``},
	} {
		before := len(*taken)
		a := w.browser("_ga=123.456").do("POST", choicesPath, "application/json", c.body)
		if a.StatusCode() != c.status || !strings.Contains(a.text, c.says) || strings.Contains(a.text, "secret") {
			t.Errorf("%.120s: %d %s; want %d %s", c.body, a.StatusCode(), a.text, c.status, c.says)
		}
		if len(*taken) != before+map[bool]int{true: 1}[c.status == 200] {
			t.Errorf("%.120s: %d were taken", c.body, len(*taken)-before)
		}
		if kind := a.header("Content-Type"); c.status != 200 && kind != "application/problem+json" {
			t.Errorf("%.120s: %s", c.body, kind)
		}
	}
	first := (*taken)[0]
	if sum := sha256.Sum256([]byte("We count pages.")); first.Choice.Text != sum || first.Site != "shop" ||
		first.User != "" ||
		fmt.Sprint(first.Choice.Granted, first.Choice.Refused,
			first.Browsers[0].IDs) != "[analytics] [marketing] [{client_id:ga4 123.456}]" ||
		first.Browsers[0].Holder.Kind != objection.Browser {
		t.Errorf("%+v, text %s", first, hex.EncodeToString(first.Choice.Text[:]))
	}
}

// TestWhoMayPostChoices: pages of the site's alone, as for objections, and not without end.
func TestWhoMayPostChoices(t *testing.T) {
	t.Parallel()
	w, taken := choosing(t, false)
	const body = `{"categories":{"analytics":false},"time":"2026-05-04T11:00:00Z"}`
	b := w.browser()
	b.headers["Origin"], b.headers["Sec-Fetch-Site"] = "https://evil.example", "cross-site"
	if a := b.do("POST", choicesPath, "application/json", body); a.StatusCode() != 403 ||
		a.header("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d", a.StatusCode())
	}
	b = w.browser()
	if a := b.do("POST", choicesPath, "text/plain", body); a.StatusCode() != 415 {
		t.Errorf("%d", a.StatusCode())
	}
	if a := b.get(choicesPath); a.StatusCode() != 405 {
		t.Errorf("%d", a.StatusCode())
	}
	if a := b.do("OPTIONS", choicesPath, "", ""); a.StatusCode() != 204 ||
		a.header("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("%d", a.StatusCode())
	}
	if len(*taken) > 0 {
		t.Error("something was taken")
	}
	refused := 0
	for range 400 {
		if a := b.do("POST", choicesPath, "application/json", body); a.StatusCode() == 429 && a.header("Retry-After") != "" {
			refused++
		}
	}
	if refused != 100 || len(*taken) != 300 {
		t.Errorf("%d were taken, %d refused", len(*taken), refused)
	}
}

// TestABrowsersOwnChoice: where choices count, a browser that refuses keeps the proof of that act, and its later
// choices are of the same one; another browser's are of another. Where they do not count it is given nothing.
func TestABrowsersOwnChoice(t *testing.T) {
	t.Parallel()
	const no, yes = `{"categories":{"analytics":false},"time":"2026-05-04T11:00:00Z"}`,
		`{"categories":{"analytics":true},"time":"2026-05-04T11:00:00Z"}`
	w, taken := choosing(t, true)
	own, other := w.browser("_ga=123.456"), w.browser("_ga=123.456")
	own.do("POST", choicesPath, "application/json", yes)
	if own.cookies[visitor.UndoCookie] != "" {
		t.Error("a yes leaves a proof")
	}
	own.do("POST", choicesPath, "application/json", no)
	if own.cookies[visitor.UndoCookie] == "" || own.cookies[visitor.Cookie] != "" {
		t.Errorf("%v", own.cookies)
	}
	own.do("POST", choicesPath, "application/json", yes)
	other.do("POST", choicesPath, "application/json", yes)
	by := func(i int) objection.Holder { return (*taken)[i].Browsers[0].Holder }
	if by(1) != by(2) || by(3) == by(1) || by(0) == by(1) {
		t.Errorf("%v, %v, %v, %v", by(0), by(1), by(2), by(3))
	}
	w, _ = choosing(t, false)
	quiet := w.browser("_ga=123.456")
	quiet.do("POST", choicesPath, "application/json", no)
	if len(quiet.cookies) != 1 {
		t.Errorf("%v", quiet.cookies)
	}
}

// FuzzPostedChoice: whatever is posted, the answer is one of ours, and what is taken is whole.
func FuzzPostedChoice(f *testing.F) {
	f.Add(`{"categories":{"analytics":true,"marketing":false},"text":"t","version":"1","time":"2026-05-04T11:00:00Z","platform":"osano"}`)
	f.Add(`{"categories":{"a":true},"time":"2026-05-04T11:00:00Z","user_id":"u-1","proof":"` + strings.Repeat("aa", 32) +
		`","ids":{"client_id":"abcdefgh1"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		w, taken := choosing(t, true)
		a := w.browser().do("POST", choicesPath, "application/json", body)
		if !slices.Contains([]int{200, 400, 403, 413, 503}, a.StatusCode()) || (len(*taken) > 0) != (a.StatusCode() == 200) {
			t.Fatalf("%d %s", a.StatusCode(), a.text)
		}
		for _, c := range *taken {
			if len(c.Choice.Granted)+len(c.Choice.Refused) == 0 || c.Choice.At.IsZero() ||
				slices.ContainsFunc(c.Choice.Granted, func(name string) bool { return slices.Contains(c.Choice.Refused, name) }) {
				t.Fatalf("%+v", c)
			}
		}
	})
}
