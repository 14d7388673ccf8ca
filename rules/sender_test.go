package rules_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestSenders: who is in a network or shows the token is a server; what carries a browser's own headers is none,
// whatever it shows; and nobody is where nobody may be.
func TestSenders(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef0123456789abcdef"
	byNetwork := rules.Senders{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("2001:db8::/32")}}
	byToken := rules.Senders{Token: rules.NewSenderToken([]byte(token))}
	both := rules.Senders{Networks: byNetwork.Networks, Token: byToken.Token}
	for _, c := range []struct {
		name    string
		senders rules.Senders
		from    string
		headers string // name: value, by lines
		vouched bool
		want    bool
	}{
		{"in the network", byNetwork, "10.1.2.3", "User-Agent: Go-http-client/1.1", false, true},
		{"in the other one", byNetwork, "2001:db8::7", "", false, true},
		{"elsewhere", byNetwork, "11.1.2.3", "", false, false},
		{"nowhere", byNetwork, "", "", false, false},
		{"with the token", byToken, "192.0.2.1", "X-Tagwarden-Sender: " + token, false, true},
		{"with the token, in another case of its name", byToken, "192.0.2.1", "x-tagwarden-sender: " + token, false, true},
		{"with another token", byToken, "192.0.2.1", "X-Tagwarden-Sender: " + token + "0", false, false},
		{"with no token", byToken, "192.0.2.1", "X-Tagwarden-Sender:", false, false},
		{"with two tokens", byToken, "192.0.2.1", "X-Tagwarden-Sender: " + token + "\nX-Tagwarden-Sender: " +
			token, false, false},
		{"with a token where none is known", byNetwork, "192.0.2.1", "X-Tagwarden-Sender: " + token, false, false},
		{"either", both, "10.1.2.3", "", false, true},
		{"nobody may", rules.Senders{}, "10.1.2.3", "X-Tagwarden-Sender: " + token, false, false},
		{"nobody may, and shows nothing", rules.Senders{}, "10.1.2.3", "X-Tagwarden-Sender:", false, false},
		{"vouched for", rules.Senders{}, "192.0.2.1", "", true, true},
		{"a cookie", both, "10.1.2.3", "Cookie: a=b\nX-Tagwarden-Sender: " + token, false, false},
		{"an empty cookie", both, "10.1.2.3", "cookie:", false, false},
		{"a script", both, "10.1.2.3", "Origin: https://shop.example\nX-Tagwarden-Sender: " + token, false, false},
		{"a script without an origin", both, "10.1.2.3", "Origin: null", false, false},
		{"fetch metadata", both, "10.1.2.3", "Sec-Fetch-Site: same-origin", false, false},
		{"fetch metadata of another kind", both, "10.1.2.3", "Sec-Fetch-Dest: empty", false, false},
		{"a page", both, "10.1.2.3", "Sec-Fetch-Mode: navigate", false, false},
		{"Node's fetch", both, "10.1.2.3", "User-Agent: node\nSec-Fetch-Mode: cors", false, true},
		{"a browser's fetch", both, "10.1.2.3", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\nSec-Fetch-Mode: cors",
			false, false},
		{"nobody's fetch", both, "10.1.2.3", "Sec-Fetch-Mode: cors", false, false},
		{"client hints", both, "10.1.2.3", "Sec-CH-UA-Mobile: ?0", false, false},
		{"client hints, vouched for", both, "10.1.2.3", "sec-ch-ua: x", true, false},
	} {
		d := draftOfClasses(t)
		d.Vendors[0].Senders = c.senders
		d.Activities = []rules.DraftActivity{rung("servers", basis.Contract, func(a *rules.DraftActivity) {
			a.Vendor, a.Reference, a.Server = "own", "terms", true
		})}
		request := hit.Request{Method: []byte("GET"), Host: []byte("shop.example"), Path: []byte("/t/own/x"),
			Query:   []byte("e=x"),
			Vouched: c.vouched}
		if c.from != "" {
			request.Address = netip.MustParseAddr(c.from)
		}
		for line := range strings.Lines(c.headers) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			request.Headers = append(request.Headers, hit.Header{Name: []byte(name), Value: []byte(strings.TrimSpace(value))})
		}
		policy, err := rules.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
		x, err := policy.Explain(&rules.Question{Request: request, At: at,
			Keys: rules.NewKeys(pseudonym.TestRoot, policy, at)})
		if err != nil {
			t.Fatal(err)
		}
		want := "no_activity skip other_sender"
		if c.want {
			want = "permitted permit permitted"
		}
		rung := x.Events[0].Ladder[0]
		if got := x.Events[0].Reason + " " + rung.Decision + " " + rung.Reason; got != want || x.Server != c.want {
			t.Errorf("%s: %s, from a server: %t", c.name, got, x.Server)
		}
		if x.Forward != nil && strings.Contains(fmt.Sprint(x.Forward), token) {
			t.Errorf("%s: the token leaves", c.name)
		}
	}
}
