package minimise

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

func TestURL(t *testing.T) {
	list := []string{"utm_source", "utm_medium", "utm_campaign", "page", "next", "url"}
	plain := URLSpec{Query: list}
	tests := []struct {
		spec     URLSpec
		in, want string
	}{
		{plain, "https://shop.example/red-shoes", "https://shop.example/red-shoes"},
		{plain, "https://shop.example", "https://shop.example"},
		{plain, "https://shop.example/?utm_source=news&utm_medium=mail",
			"https://shop.example/?utm_source=news&utm_medium=mail"},
		{plain, "https://shop.example/?x=1&utm_source=news&y=2&page=2", "https://shop.example/?utm_source=news&page=2"},
		{plain, "https://shop.example/?gclid=Cj0KCQ&fbclid=IwAR0TEST", "https://shop.example/"},
		{URLSpec{Query: []string{"class:campaign"}},
			"https://shop.example/?utm_source=a&x=1&hsa_cam=7&gclid=Cj0KCQ&q=red&cm_mmc_x=1",
			"https://shop.example/?utm_source=a&hsa_cam=7&cm_mmc_x=1"},
		{URLSpec{Query: []string{"class:search_term"}},
			"https://shop.example/?q=red+shoes&Query=jane.doe%40example.com&utm_source=a",
			"https://shop.example/?q=red+shoes&Query=[email]"},
		{URLSpec{Query: []string{"class:click_id"}},
			"https://shop.example/?gclid=Cj0KCQjw9f8e7d6c5b4a39281706&mc_eid=5&fbclid=jane@example.com",
			"https://shop.example/?gclid=Cj0KCQjw9f8e7d6c5b4a39281706&fbclid=[email]"},
		{plain, "https://shop.example/?next=" + base64.RawURLEncoding.EncodeToString(
			[]byte("https://shop.example/account/12345?q=jane&page=2")), "https://shop.example/?next=" +
			base64.RawURLEncoding.EncodeToString([]byte("https://shop.example/account/:id?page=2"))},
		{plain, "https://shop.example/?next=" + url.QueryEscape(base64.StdEncoding.EncodeToString(
			[]byte("https://jane@shop.example/a?email=jane%40example.com#x"))), "https://shop.example/?next=" +
			base64.RawURLEncoding.EncodeToString([]byte("https://shop.example/a"))},
		{plain, "https://shop.example/?next=" + base64.RawURLEncoding.EncodeToString([]byte("https://")),
			"https://shop.example/"},
		{plain, "https://shop.example/?UTM_Source=A", "https://shop.example/?UTM_Source=A"},
		{plain, "https://shop.example/?utm%5Fsource=A", "https://shop.example/?utm%5Fsource=A"},
		{plain, "https://shop.example/?a=1&amp;utm_source=A", "https://shop.example/?utm_source=A"},
		{plain, "https://shop.example/?utm_source=jane.doe%40example.com", "https://shop.example/?utm_source=[email]"},
		{plain, "https://shop.example/?page=9f8e7d6c5b4a39281706f5e4d3c2b1a0", "https://shop.example/?page=[token]"},
		{plain, "https://jane:pw@shop.example:8443/", "https://shop.example:8443/"},
		{plain, "https://a@b@shop.example/", "https://shop.example/"},
		{plain, `https:\\jane@shop.example\x`, "https://shop.example/x"},
		{plain, "https://shop.example/#access_token=abc", "https://shop.example/"},
		{plain, "https://shop.example/account/12345/orders", "https://shop.example/account/:id/orders"},
		{plain, "https://shop.example/reset/9f8e7d6c5b4a39281706f5e4d3c2b1a0", "https://shop.example/reset/:token"},
		{plain, "https://shop.example/u/836f82db-9912-4b34-8101-1f16b49dfa5f/x", "https://shop.example/u/:id/x"},
		{plain, "https://shop.example/users/jane.doe@example.com/", "https://shop.example/users/:email/"},
		{plain, "https://shop.example/users/jane.doe%2540example.com/", "https://shop.example/users/:email/"},
		{plain, "https://shop.example/users/jane.doe/settings", "https://shop.example/users/:id/settings"},
		{plain, "https://shop.example/users/settings", "https://shop.example/users/settings"},
		{plain, "https://shop.example/x/cust-48213", "https://shop.example/x/:id"},
		{plain, "https://shop.example/@jane", "https://shop.example/:id"},
		{plain, "https://shop.example/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "https://shop.example/t/:token"},
		{plain, "https://shop.example/watch/dQw4w9WgXcQ", "https://shop.example/watch/:id"},
		{plain, "https://shop.example/cart;jsessionid=ABC123/pay;x=1", "https://shop.example/cart/pay"},
		{plain, "https://shop.example/p/" + base64.RawURLEncoding.EncodeToString([]byte("jane.doe@example.com")),
			"https://shop.example/p/:email"},
		{plain, "https://shop.example/a%2Fusers%2F12345", "https://shop.example/:id"},
		{plain, "https://shop.example/iphone-15-pro/sale-2026", "https://shop.example/iphone-15-pro/sale-2026"},
		{plain, "https://shop.example/+49/30/901820/11", "https://shop.example/+49/:id/:id/:id"},
		{plain, "https://9f8e7d6c5b4a39281706f5e4d3c2b1a0.shop.example/", "https://id.shop.example/"},
		{plain, "/account/12345?page=2", "/account/:id?page=2"},
		{plain, "account/12345", "account/:id"},
		{plain, "?utm_source=a&q=jane", "?utm_source=a"},
		{plain, "shop.example/account/12345", "shop.example/account/:id"},
		{plain, "shop.example:8080/x", "shop.example:8080/x"},
		{plain, "127.0.0.1:41991/x", ":id/x"},
		{plain, "//shop.example/x?q=1", "//shop.example/x"},
		{plain, "android-app://com.example.mail/", "android-app://com.example.mail/"},
		{plain, "mailto:jane.doe@example.com?subject=x", "mailto:[email]"},
		{plain, "tel:+4930901820", "tel:[phone]"},
		{plain, "data:text/html,jane", dropped},
		{plain, "javascript:alert(1)", dropped},
		{plain, "file:///home/jane/x.html", dropped},
		{plain, "https://exa mple/", dropped},
		{plain, "https://", dropped},
		{plain, "about:blank", "about:blank"},
		// addresses inside
		{plain, "https://shop.example/?next=" + url.QueryEscape("https://x.example/account/12345?email=j@x.de&page=1#f"),
			"https://shop.example/?next=" + url.QueryEscape("https://x.example/account/:id?page=1")},
		{plain, "https://shop.example/?next=" + url.QueryEscape(url.QueryEscape("https://x.example/account/12345")),
			"https://shop.example/?next=" + url.QueryEscape(url.QueryEscape("https://x.example/account/:id"))},
		{plain, "https://shop.example/?next=/account/12345&page=1", "https://shop.example/?next=/account/:id&page=1"},
		{plain, "https://shop.example/?next=" + base64.StdEncoding.EncodeToString([]byte("https://x.example/account/12345")),
			"https://shop.example/?next=" + base64.StdEncoding.EncodeToString([]byte("https://x.example/account/:id"))},
		{plain, "https://shop.example/?next=" + base64.StdEncoding.EncodeToString([]byte("https://x.example/account/1")) +
			"%21", "https://shop.example/"},
		{plain, "https://shop.example/?next=javascript%3A%2F%2Fx", "https://shop.example/?next=javascript%3A%2F%2Fx"},
		{plain, nest("a", "b", "c", "d") + url.QueryEscape(url.QueryEscape(url.QueryEscape("?q=1"))),
			nest("a", "b", "c", "d")},
		{plain, nest("a", "b", "c", "d", "e"), nest("a", "b", "c", "d")},
		// settings
		{URLSpec{Query: []string{"utm_*"}}, "https://shop.example/?utm_source=a&utm_userid=7&utm_=1&gclid=2",
			"https://shop.example/?utm_source=a"},
		{URLSpec{IDs: "cut"}, "https://shop.example/account/12345/orders", "https://shop.example/account/"},
		{URLSpec{IDs: "keep"}, "https://shop.example/account/12345/a@x.de/9f8e7d6c5b4a39281706f5e4d3c2b1a0",
			"https://shop.example/account/12345/:email/:token"},
		{URLSpec{Path: "first"}, "https://shop.example/account/12345/orders", "https://shop.example/account"},
		{URLSpec{Path: "none"}, "https://shop.example/account/12345/orders?x=1", "https://shop.example/"},
		{URLSpec{Fragment: "route"}, "https://shop.example/#/cart/12345?x=1", "https://shop.example/#/cart/:id"},
		{URLSpec{Fragment: "route"}, "https://shop.example/#top", "https://shop.example/"},
		{URLSpec{Templates: []string{"/club/:member/page", "/archive/*/*"}}, "https://shop.example/club/jane/page",
			"https://shop.example/club/:member/page"},
		{URLSpec{Templates: []string{"/club/:member/page", "/archive/*/*"}}, "https://shop.example/archive/2026/1234",
			"https://shop.example/archive/2026/1234"},
		{URLSpec{Templates: []string{"/archive/*/*"}}, "https://shop.example/archive/x@x.de/1",
			"https://shop.example/archive/:email/1"},
		{URLSpec{Templates: []string{"/archive/*/x"}}, "https://shop.example/archive/2026;jsessionid=9/x",
			"https://shop.example/archive/2026/x"},
		{URLSpec{Templates: []string{"/archive/*/x"}}, "https://shop.example/archive/2026;/x",
			"https://shop.example/archive/2026/x"},
		{plain, "  https://shop.example/x \n", "https://shop.example/x"},
		{plain, "\x00https://shop.example/x\x1f", "https://shop.example/x"},
		{plain, "https://shop.example/a\tb", dropped},
		{plain, "https://.9f8e7d6c5b4a39281706f5e4d3c2b1a0.example/", "https://.id.example/"},
		{plain, "localhost:80/account/12345", "localhost:80/account/:id"},
		{plain, "shop:8/account", dropped},
		{plain, "shop:808080/account", dropped},
	}
	env := testEnv()
	for _, tt := range tests {
		a := must(t, Spec{Kind: URL, URL: tt.spec}, hit.URL)
		got := text(t, a, tt.in, env)
		if got != tt.want {
			t.Errorf("%q = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// nest puts addresses of hosts into each other.
func nest(hosts ...string) string {
	address := "https://" + hosts[0] + ".example/"
	if len(hosts) > 1 {
		address += "?url=" + url.QueryEscape(nest(hosts[1:]...))
	}
	return address
}

// TestURLCaptureLeak puts every address in the recordings through the url minimiser:
// nothing of what was planted may be left.
func TestURLCaptureLeak(t *testing.T) {
	folder := os.Getenv("TAGWARDEN_CAPTURES")
	if folder == "" {
		folder = "../testdata/captures"
	}
	planted, err := os.ReadFile(filepath.Join(folder, "planted.txt"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	a, env := must(t, Spec{Kind: URL, URL: URLSpec{Query: []string{"utm_*", "page", "next", "redirect"}}}, hit.URL),
		testEnv()
	address := regexp.MustCompile(`https?://[^\s"'<>\\]+`)
	seen := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		lines.Buffer(nil, 1<<24)
		for lines.Scan() {
			var hit struct {
				Target string
				Body   []byte `json:"body_base64"`
			}
			if err := json.Unmarshal(lines.Bytes(), &hit); err != nil {
				t.Fatal(err)
			}
			for _, raw := range append(values(hit.Target), values("?"+string(hit.Body))...) {
				for _, in := range address.FindAllString(raw, -1) {
					seen++
					got := text(t, a, in, env)
					for p := range strings.FieldsSeq(strings.ReplaceAll(string(planted), " ", "+")) {
						if strings.Contains(strings.ToLower(got), strings.ToLower(p)) {
							t.Errorf("%s: %q is left in %q", filepath.Base(file), p, got)
						}
					}
				}
			}
		}
	}
	t.Logf("%d addresses", seen)
}

// values returns the values of a query, and the whole undecoded.
func values(target string) []string {
	all := []string{target}
	if _, query, ok := strings.Cut(target, "?"); ok {
		if q, err := url.ParseQuery(query); err == nil {
			for _, v := range q {
				all = append(all, v...)
			}
		}
	}
	return all
}

func BenchmarkAppend(b *testing.B) {
	env := testEnv()
	for _, bench := range []struct {
		name  string
		spec  Spec
		class hit.Class
		in    string
	}{
		{"url", Spec{Kind: URL, URL: URLSpec{Query: []string{"utm_source", "utm_medium"}}}, hit.URL,
			"https://shop.example/account/12345/orders?utm_source=news&utm_medium=email&gclid=Cj0KCQ"},
		{"pseudonymise", Spec{Kind: Pseudonymise}, hit.ClientID, "1234567890.1700000000"},
		{"derive", Spec{Kind: Derive, Derive: "daily_visitor"}, hit.ClientID, "1234567890.1700000000"},
		{"family", Spec{Kind: Generalise, Generalise: "family"}, hit.UserAgent, chrome},
		{"origin", Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer, "https://search.example/?q=1"},
		{"ip", Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16)}}, hit.IP, "203.0.113.77"},
		{"hour", Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.Timestamp, "1795484921505"},
		{"keep-title", Spec{Kind: Keep}, hit.PageTitle, "Red shoes size 42"},
		{"keep-id", Spec{Kind: Keep}, hit.ClientID, "1234567890.1700000000"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			a, v := must(b, bench.spec, bench.class), Value{Class: bench.class, Bytes: []byte(bench.in)}
			dst := make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = a.Append(dst[:0], v, env)
			}
		})
	}
}
