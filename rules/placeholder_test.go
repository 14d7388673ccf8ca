package rules_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestPlaceholders: what stands where there is no identifier is known in each way that it is written, as a hash too; an
// identifier of somebody is none, however odd it looks.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	placeholders := []string{
		"", " ", "0", "00", "0.0", "0,00", "-0", "+0", "0:0", "-1", "000-000-000", "0000000000000000", "+00 000 000",
		"00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}",
		"ffffffff-ffff-ffff-ffff-ffffffffffff", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "11111111", "9999999999",
		"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "***", "-", "--", "?", "[]", "{}", "()", `""`, "''", "[[]]", "{ }", "null",
		"NULL", "Null", " null ", `"null"`, "'null'", "(null)", "<null>", "[null]", "<nil>", "nil", "None", "none",
		"undefined", "Undefined", "UNDEFINED", "NaN", "nan", "Infinity", "false", "True", "n/a", "N/A", "#N/A", "#NV",
		"[object Object]", "[object object]", "object Object", "(not set)", "not set", "(other)", "anonymous", "Anonymous",
		"anonymousUser", "AnonymousUser", "anonymous_user", "Guest User", "guest_user", "not-set", "not_set",
		"guest", "GUEST", "Gast", "unknown", "Unbekannt", "invité", "INVITÉ", "Invitado", "ospite", "onbekend", "gość",
		"GOŚĆ", "anônimo", "not_authenticated", "NOT LOGGED IN", "distinct_id", "user_id", "UserID", "{{user_id}}",
		"{{User ID}}", "{{ customer id }}", "${user_id}", "#{userId}", "%USER_ID%", "%%ADVERTISING_ID%%", "[CUSTOMER_ID]",
		"<user-id>", "{gaid}", "9774d56d682e549c", "null@null", "null@null.com", "undefined@undefined.com",
		"none@none.none", "N/A@n/a", "guest@guest.de", "$device:null",
		"$device:00000000-0000-0000-0000-000000000000", sha(""), sha("null"), sha("undefined"),
		strings.ToUpper(sha("none")), sha("NaN"), sha("0"), md(""), md("null"), md("NULL"),
		"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
		"sha256:" + sha("null"), sha("[object Object]"),
		sha("00000000-0000-0000-0000-000000000000"),
	}
	for _, id := range placeholders {
		if !rules.Placeholder([]byte(id)) {
			t.Errorf("%q is of somebody", id)
		}
	}
	for _, id := range []string{
		"1", "7", "@", "10", "-2", "100", "1111", "1111111", "0.1", "1000000000", "00000000-0000-0000-0000-000000000001",
		"test", "admin", "root", "jane", "null7", "nullmann", "Nil Patel", "anonymous42", "guest_17", "Gasteiner",
		"user_17", "id-5", "nona", "Na Li", "[jane]", "{jane}", "<jane@example.com>",
		"{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "%david%", "[david]", "david", "[order 7 id]", "null@example.com",
		"jane@null.com", "unknown.person@example.com", "guest@example.com", "jane@guest.de", "1234567890.1700000000",
		"555.666", "GA1.1.555.666", "fb.1.1700000000000.1234567890", "b1946ac9-1111-4222-8333-444455556666",
		"2a7c1f00aaaa4bbb", "abcdefab", "12121212", "aaaaaaab", "ÿÿÿÿÿÿÿÿ", "+491713920077", "0049 171 3920077",
		"ооооооо", "$device:7", "$device:b1946ac9-1111-4222-8333-444455556666", sha("jane@example.com"),
		md("jane@example.com"), sha("test"), strings.Repeat("ab", 3000), "anonymous anonymous",
	} {
		if rules.Placeholder([]byte(id)) {
			t.Errorf("%q is of nobody", id)
		}
	}
	for _, text := range rules.PlaceholderTexts() {
		if !rules.Placeholder([]byte(text)) || !rules.Placeholder([]byte(sha(text))) || !rules.Placeholder([]byte(md(text))) {
			t.Errorf("%q or a hash of it is of somebody", text)
		}
	}
}

// TestPlaceholdersDoNotAllocate.
func TestPlaceholdersDoNotAllocate(t *testing.T) {
	for _, id := range []string{
		"1234567890.1700000000", "b1946ac9-1111-4222-8333-444455556666", "{{User ID}}", "null@null.com", sha("null"),
	} {
		text := []byte(id)
		if n := testing.AllocsPerRun(100, func() { rules.Placeholder(text) }); n != 0 {
			t.Errorf("%q: %v allocations", id, n)
		}
	}
}

// TestAPlaceholderIsNoSubject: in no class, plain or hashed, in a field or a cookie, for any vendor.
func TestAPlaceholderIsNoSubject(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := keysOf(p)
	segment := func(members string) hit.Request {
		return request(t, "POST /v1/track HTTP/1.1\nContent-Type: application/json\n\n"+
			`{"event":"Order","writeKey":"k","messageId":"m","type":"track",`+members+`}`, "segment")
	}
	ga4 := func(query, cookies string) hit.Request {
		return request(t, "POST /g/collect?v=2&tid=G-1&en=page_view"+query+" HTTP/1.1\nCookie: "+cookies+"\n\n", "ga4")
	}
	for what, r := range map[string]hit.Request{
		"a user":             segment(`"userId":"null"`),
		"a number":           segment(`"userId":"0"`),
		"a browser":          segment(`"anonymousId":"00000000-0000-0000-0000-000000000000"`),
		"an address":         segment(`"context":{"traits":{"email":"undefined@undefined.com"}}`),
		"an address as hash": segment(`"context":{"traits":{"email":"` + sha("") + `"}}`),
		"a device":           segment(`"context":{"device":{"id":"unknown","advertisingId":"0-0"}}`),
		"a parameter":        ga4("&cid=0.0&uid=%28not+set%29", "a=b"),
		"a cookie":           ga4("", "_ga=GA1.1.0.0; ajs_user_id=null; ajs_anonymous_id=%22undefined%22"),
		"an address as hash, in another dress": segment(
			`"context":{"traits":{"email":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}}`),
		"hashes in user data": ga4("&em=tv.1~em.47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "a=b"),
	} {
		if got := subjectsOf(t, p, keys, r); len(got) > 0 {
			t.Errorf("%s: %d subjects", what, len(got))
		}
	}
}
