package proxy_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/curious"
)

// taint hands out tokens that look like nothing a detector knows, and remembers what each stands for.
type taint struct{ names []string }

// of makes a token of its own for a place in a hit.
func (m *taint) of(place string) string {
	m.names = append(m.names, place)
	n := len(m.names) - 1
	return "zq" + string([]byte{byte('a' + n/26), byte('a' + n%26)}) + "xw"
}

var token = regexp.MustCompile("zq[a-z][a-z]xw")

// found lists the places whose tokens are in a text, in whichever coding.
func (m *taint) found(t *testing.T, text string) []string {
	t.Helper()
	r, err := curious.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	var places []string
	for _, found := range token.FindAllString(r.Folded(), -1) {
		places = append(places, m.names[int(found[2]-'a')*26+int(found[3]-'a')])
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// headersOf are headers of every kind that browsers, proxies and attackers send, each with a token.
func (m *taint) headersOf() string {
	var b strings.Builder
	for _, name := range []string{
		"Accept", "Accept-Language", "Authorization", "CF-Connecting-IP", "Client-IP", "DNT", "Forwarded", "From", "If-Match",
		"If-Modified-Since",
		"If-None-Match", "Max-Forwards", "Origin", "Pragma", "Proxy-Authorization", "Range", "Referer", "Save-Data",
		"Sec-CH-UA", "Sec-CH-UA-Arch",
		"Sec-CH-UA-Full-Version-List", "Sec-CH-UA-Mobile", "Sec-CH-UA-Model", "Sec-CH-UA-Platform", "Sec-Fetch-Site",
		"Traceparent", "True-Client-IP",
		"User-Agent", "Via", "Warning", "X-Client-Data", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
		"X-Original-URL", "X-Real-IP",
		"X-Request-ID", "X-Rewrite-URL", "X-Custom", "Content-Language", "Accept-Charset", "Sec-WebSocket-Key",
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", name, m.of("header "+name))
	}
	fmt.Fprintf(&b, "%s: a\r\n", m.of("name of a header"))
	fmt.Fprintf(&b, "Cookie: choice=yes; _ga=GA1.1.%s; session=%s; %s=1\r\n", m.of("cookie _ga"), m.of("cookie session"),
		m.of("name of a cookie"))
	return b.String()
}

// TestVendorGetsWhatIsNamed: every header, cookie, key, leaf and name in a hit holds a token of its
// own. Those at the vendor are exactly those of the fields that the profile keeps, and of the
// account, which says nothing about a visitor.
func TestVendorGetsWhatIsNamed(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	for name, c := range map[string]struct {
		hit    func(m *taint) string
		want   []string
		status int
	}{
		"GA4": {func(m *taint) string {
			return post("/t/g/collect?v=2&tid="+m.of("account tid")+"&cid=1234567890.1700000000&uid="+m.of("uid")+"&sid="+
				m.of("sid")+"&dl=https%3A%2F%2Fshop.example%2F"+m.of("dl")+
				"&dr="+m.of("dr")+"&dt="+m.of("title dt")+"&ul="+m.of("ul")+"&sr="+m.of("sr")+"&ep.a="+m.of("ep.a")+"&up.b="+
				m.of("up.b")+"&unheard="+m.of("unheard")+"&"+m.of("key")+"=1&ep."+m.of("ep.key")+"=1",
				m.headersOf()+"Content-Type: text/plain\r\n", "en=page_view&ep.c="+m.of("line ep.c")+"&epn.d="+m.of("line epn.d")+
					"&"+m.of("line key")+"=2")
		}, []string{"account tid", "header User-Agent", "title dt"}, 204},
		"Matomo": {func(m *taint) string {
			return get("/t/matomo.php?idsite="+m.of("account idsite")+"&rec=1&action_name="+m.of("title action_name")+"&_id="+
				m.of("_id")+"&uid="+m.of("uid")+"&url="+m.of("url")+"&urlref="+m.of("urlref")+
				"&cip=203.0.113.7&token_auth="+m.of("token_auth")+"&dimension1="+m.of("dimension1")+"&"+m.of("key")+
				"=1&_cvar=%7B%221%22%3A%5B%22"+m.of("cvar")+"%22%2C%22b%22%5D%7D", m.headersOf())
		}, []string{"account idsite", "header User-Agent", "title action_name"}, 200},
		"Segment": {func(m *taint) string {
			return post("/t/segment/v1/t", m.headersOf()+"Content-Type: application/json\r\n", `{"type":"track","event":"`+
				m.of("event name")+`","anonymousId":"`+m.of("anonymousId")+`","userId":"`+m.of("userId")+
				`","messageId":"`+m.of("messageId")+`","writeKey":"`+m.of("account writeKey")+`","properties":{"a":"`+
				m.of("property")+`","`+m.of("property key")+`":1,"title":"`+m.of("property title")+`","deep":{"er":["`+
				m.of("deep leaf")+`"]}},`+
				`"context":{"ip":"`+m.of("ip")+`","userAgent":"`+m.of("context userAgent")+`","page":{"title":"`+m.of("page title")+
				`","url":"`+m.of("page url")+`"},"traits":{"email":"`+m.of("email")+`"},"`+m.of("context key")+`":{}},"`+
				m.of("root key")+`":null}`)
		}, []string{"account writeKey", "context userAgent", "event name", "header User-Agent", "page title",
			"property title"}, 200},
	} {
		m := new(taint)
		v.Forget()
		hit := c.hit(m)
		if came := m.found(t, hit); len(came) != len(m.names) {
			t.Errorf("%s: of the tokens of %q those of %q are seen in what comes: the others prove nothing", name, m.names, came)
		}
		if a := r.ask(t, hit); a.Status != c.status {
			t.Errorf("%s: answered with\n%s", name, a.Raw)
		}
		if got := m.found(t, string(v.Received())); !slices.Equal(got, c.want) {
			t.Errorf("%s: the vendor received the tokens of %q, want %q, in\n%s", name, got, c.want, v.Received())
		}
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	all := r.ledger(t)
	for _, found := range token.FindAllString(all, -1) {
		if !strings.Contains(all, `"name":"`+found+`"`) {
			t.Errorf("the ledger holds %s", found)
		}
	}
}

// TestVendorsAnswersAreCut: what a vendor sends beside status, type and body does not reach the visitor, and type and
// body only where the endpoint is asked for an answer.
func TestVendorsAnswersAreCut(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	neutral := string(r.ask(t, get("/t/segment/v1/projects/KEY/settings", "")).Body)
	for name, c := range map[string]struct {
		answer string
		status int
		body   string
	}{
		"one cookie": {"HTTP/1.1 200 OK\r\nSet-Cookie: leak=1; Domain=shop.example\r\nContent-Length: 2\r\n\r\nok",
			200, "ok"},
		"three cookies": {
			"HTTP/1.1 200 OK\r\nSet-Cookie: leak=1\r\nset-cookie: leak=2\r\nSET-COOKIE: leak=3\r\nContent-Length: 2\r\n\r\nok",
			200, "ok"},
		"fifty cookies": {"HTTP/1.1 200 OK\r\n" + strings.Repeat("Set-Cookie: leak=1; Domain=.shop.example\r\n", 50) +
			"Content-Length: 2\r\n\r\nok", 200, "ok"},
		"a cookie, folded":   {"HTTP/1.1 200 OK\r\nSet-Cookie:\r\n leak=1\r\nContent-Length: 2\r\n\r\nok", 502, ""},
		"a cookie in a fold": {"HTTP/1.1 200 OK\r\nX-A: b\r\n Set-Cookie: leak=1\r\nContent-Length: 2\r\n\r\nok", 502, ""},
		"a cookie in a trailer": {
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: leak=1\r\n\r\n", 200, "ok"},
		"a script": {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\n<script>",
			200, "<script>"},
		"other headers": {"HTTP/1.1 200 OK\r\nETag: leak\r\nLast-Modified: leak\r\nLocation: http://leak/\r\nRefresh: 0; url=http://leak/\r\nAccess-Control-Allow-Origin: http://leak\r\n" +
			"Content-Security-Policy: leak\r\nStrict-Transport-Security: leak\r\nLink: <http://leak>\r\nServer: leak\r\nNEL: leak\r\nReport-To: leak\r\nClear-Site-Data: leak\r\nService-Worker-Allowed: leak\r\nContent-Length: 2\r\n\r\nok",
			200, "ok"},
		"a redirection": {"HTTP/1.1 302 Found\r\nLocation: http://leak.example/\r\nContent-Length: 4\r\n\r\nleak",
			204, ""},
		"a lasting redirection": {"HTTP/1.1 308 Moved\r\nLocation: http://leak.example/\r\nContent-Length: 4\r\n\r\nleak",
			204, ""},
		"not modified": {"HTTP/1.1 304 Not Modified\r\nETag: leak\r\n\r\n", 204, ""},
		"a refusal": {
			"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=leak\r\nContent-Length: 4\r\n\r\nleak", 401, ""},
		"switching protocols": {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: leak\r\nConnection: Upgrade\r\n\r\n",
			204, ""},
		"a status of no kind": {"HTTP/1.1 999 leak\r\nContent-Length: 0\r\n\r\n", 204, ""},
		"a body in another type": {
			"HTTP/1.1 200 OK\r\nContent-Type: application/x-leak\"\x01\r\nContent-Length: 2\r\n\r\nok", 0, ""},
		"no status text": {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
		"a line's end in a value": {
			"HTTP/1.1 200 OK\r\nContent-Type: text/plain\rSet-Cookie: leak=1\r\nContent-Length: 2\r\n\r\nok", 0, ""},
	} {
		v.Answer(c.answer)
		for target, asked := range map[string]bool{pageView: false, "/t/segment/v1/projects/KEY/settings": true} {
			a := r.ask(t, get(target, yes))
			status, body := c.status, c.body
			switch {
			case !asked && status == 200:
				status, body = 204, "" // the catalog's
			case asked && status == 204:
				status, body = 200, neutral
			}
			if status != 0 && (a.Status != status || string(a.Body) != body) {
				t.Errorf("%s: %s: answered with\n%s", name, target, a.Raw)
			}
			if a.Header.Get("Set-Cookie") != "" || c.status != 0 && bytes.Contains(a.Raw, []byte("leak")) {
				t.Errorf("%s: %s: it got through:\n%s", name, target, a.Raw)
			}
			if a.Header.Get("X-Content-Type-Options") != "nosniff" || len(a.Body) > 0 &&
				!strings.Contains(a.Header.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("%s: %s: a browser might run it:\n%s", name, target, a.Raw)
			}
			for header := range a.Header {
				if !slices.Contains([]string{"Cache-Control", "Content-Length", "Content-Type", "Content-Security-Policy",
					"X-Content-Type-Options", "Retry-After", "Connection"}, header) {
					t.Errorf("%s: %s: a header of the name %s", name, target, header)
				}
			}
		}
	}
}
