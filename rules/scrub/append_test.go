package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestAppendFinds(t *testing.T) {
	tests := []struct{ in, want string }{
		// e-mail
		{"jane.doe@example.com", "[email]"},
		{"mail to jane.doe+shop@mail.example.co.uk, please", "mail to [email], please"},
		{"q=jane.doe%40example.com&x=1", "q=[email]&x=1"},
		{"q=jane.doe%2540example.com&x=1", "q=[email]&x=1"},
		{"q=jane%252Edoe%252540example%2Ecom&x=1", "q=[email]&x=1"},
		{"jane.doe&#64;example.com", "[email]"},
		{"jane.doe&commat;example&period;com!", "[email]!"},
		{`{"a":"jane.doe\u0040example.com"}`, `{"a":"[email]"}`},
		{"jürgen.müller@exämple.de", "[email]"},
		{"jane(at)example.com", "[email]"},
		{"write to jane.doe @ example.com or jane (at) example.org", "write to [email] or [email]"},
		{"ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "[email]"},
		{`"jane doe"@example.com`, "[email]"},
		{"a@x.de|b@x.de", "[email]|[email]"},
		// phone
		{"call me on +49 30 901820 11", "call me on [phone]"},
		{"q=%2B49+30+901820+11", "q=[phone]"},
		{"q=%2B49%2030%20901820%2011&r=2", "q=[phone]&r=2"},
		{"+4930901820", "[phone]"},
		{"tel +49 (0)30 901820-11.", "tel [phone]."},
		{"0049 30 901820 11", "[phone]"},
		{"06 12 34 56 78", "[phone]"},
		{"06.12.34.56.78", "[phone]"},
		{"Tel.030/901820", "Tel.[phone]"},
		{"(030) 901820", "[phone]"},
		{"(212) 555-0123", "[phone]"},
		{"212-555-0123", "[phone]"},
		{"1-212-555-0123", "[phone]"},
		{"phone: 03090182011", "phone: [phone]"},
		{"+٤٩ ٣٠ ٩٠١٨٢٠ ١١", "[phone]"},
		{"+1 202-555-0123 2026-11-24", "[phone]-11-24"},
		// card
		{"4111 1111 1111 1111", "[card]"},
		{"card 4111-1111-1111-1111 12/27", "card [card] 12/27"},
		{"4111111111111111", "[card]"},
		{"3782 822463 10005", "[card]"},
		{"5555555555554444,", "[card],"},
		// iban
		{"DE89 3704 0044 0532 0130 00", "[iban]"},
		{"GB29NWBK60161331926819", "[iban]"},
		{"iban=de89370400440532013000;", "iban=[iban];"},
		// national ids
		{"123-45-6789", "[id]"},
		{"1 84 12 76 451 089 46", "[id]"},
		{"184127645108946", "[id]"},
		{"12345678Z", "[id]"},
		{"X1234567L", "[id]"},
		{"RSSMRA85T10A562S", "[id]"},
		{"AB 12 34 56 C", "[id]"},
		{"bsn 111222333", "bsn [id]"},
		{"PESEL: 44051401359", "PESEL: [id]"},
		{"Steuer-ID 86095742719", "Steuer-ID [id]"},
		{"86 095 742 719", "[id]"},
		// addresses of machines
		{"from 203.0.113.77 today", "from [ip] today"},
		{"http://203.0.113.77:8080/x", "http://[ip]:8080/x"},
		{"2001:db8::8a2e:370:7334", "[ip]"},
		{"2001:0db8:85a3:0000:0000:8a2e:0370:7334", "[ip]"},
		{"fe80::1", "[ip]"},
		{"::ffff:203.0.113.77", "[ip]"},
		{"00:1A:2b:3c:4d:5e", "[mac]"},
		{"00-1A-2b-3c-4d-5e", "[mac]"},
		{"001a.2b3c.4d5e", "[mac]"},
		// secrets
		{"t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl&u=1", "t=[jwt]&u=1"},
		{"eyJhbGciOiJIUzI1NiJ9", "[jwt]"},
		{"AKIAIOSFODNN7EXAMPLE", "[key]"},
		{"ghp_" + strings.Repeat("a1", 18), "[key]"},
		{"sk_live_4eC39HqLyjWDarjtT1", "[key]"},
		{"xoxb-123456789012-abcdef", "[key]"},
		{"AIzaSyA1234567890abcdefghijklmnopqrstuv", "[key]"},
		{"password=hunter2&x=1", "password=[token]&x=1"},
		{"Bearer 9f8e7d6c5b4a39281706f5e4d3c2b1a0", "Bearer [token]"},
		{"/reset/9f8e7d6c5b4a39281706f5e4d3c2b1a0", "/reset/[token]"},
		{"access_token=abc123def456", "access_token=[token]"},
		{"https://gravatar.example/avatar/836f82db99121b3481011f16b49dfa5f?s=80", "https://gravatar.example/avatar/[hash]?s=80"},
		// places
		{"52.520008,13.404954", "[geo]"},
		{"near -33.868820, 151.209290 now", "near [geo] now"},
		{`{"lat":52.520,"lng":13.405}`, `{"lat":[geo],"lng":[geo]}`},
		{"12 Example Street", "[address]"},
		{"12+Example+Street", "[address]"},
		{"Example Street 12, Berlin", "[address], Berlin"},
		{"12 example street", "[address]"},
		{"Hauptstraße 5", "[address]"},
		{"Berliner Straße 12a", "[address]"},
		{"Beispielstr. 12", "[address]"},
		{"5 rue de la Paix, Paris", "[address], Paris"},
		{"5, rue Cler", "[address]"},
		{"Via Roma 12", "[address]"},
		{"Example%20Street%2012", "[address]"},
		// birth dates
		{"born 1984-03-07", "born [date]"},
		{`"birthday":"1984-03-07"`, `"birthday":"[date]"`},
		{"dob=07.03.1984", "dob=[date]"},
		// encodings
		{"x " + base64.StdEncoding.EncodeToString([]byte("mail jane.doe@example.com")) + " y", "x [email] y"},
		{"d=" + base64.RawURLEncoding.EncodeToString([]byte(`{"phone":"+49 30 901820 11"}`)), "d=[phone]"},
		{"/p/" + base64.StdEncoding.EncodeToString([]byte("jane.doe@example.com")) + "/q", "/p/[email]/q"},
		{hex.EncodeToString([]byte("jane.doe@example.com")), "[email]"},
		{base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("jane.doe@example.com")))), "[email]"},
		{url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("a jane.doe@example.com"))), "[email]"},
	}
	for _, tt := range tests {
		got, found := Append([]byte("^"), []byte(tt.in), All)
		if string(got) != "^"+tt.want {
			t.Errorf("Append(%q) = %q, want %q", tt.in, got[1:], tt.want)
		}
		if found == 0 {
			t.Errorf("Append(%q) found nothing", tt.in)
		}
	}
}

func TestAppendLeavesAlone(t *testing.T) {
	tests := []string{
		"", "Red shoes size 42", "Order ORD-1001", "1280x800", "2026-11-24T01:48:41.505Z", "2026-11-24 01:48:41", "2026-11-24",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Safari/605.1.15",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/120.0.6099.109 Mobile Safari/537.36 Edg/120.0.2210.91",
		`"Chromium";v="141.0.7390.55", "Not:A-Brand";v="8.0.0.0"`,
		"123456789.1700000000", "GA1.1.123456789.1700000000", "fb.1.1700000000000.1234567890", "1700000000", "1795484921505", "1795484921.835",
		"836f82db-9912-4b34-8101-1f16b49dfa5f", "0190163d-8694-739b-aea5-966c26f8ad91", "101509157~103116026~103200004", "1795484921505123",
		"0123456789012", "SKU-000123456", "19.99", "1,299.00 EUR", "v1.2.3", "version 1.2.3.4", "10.0.0.0", "127.0.0.1", "http://127.0.0.1:41991/", "203.0.0.0",
		"2001:db8::", "::1", "std::vector", "a::b", "12:34:56", "icon@2x.png", "@media", "npm i pkg@1.2.3", "@handle", "shoes @ 5", "dinner @ home", "a @ b", "50% of 100", "100%25",
		"0.1234,0.4567,0.8910,0.1234", "CLS 0.0123 LCP 1234.5", "24-bit", "de-DE,de;q=0.9,en;q=0.8", "Europe/Berlin", "iPhone 15 128 256 512",
		"AppleWebKitFormBoundary", "pneumonoultramicroscopicsilicovolcanoconiosis", "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
		"CPzHq4APzHq4AMXABBENAUEAALAAAEOAAAAAAEAEACACAAAA", "13l3l3l3l1l1", "01/02/2026 12:30", "01.02.2026 12:30", "password: required",
		"token expired", "Spring 12", "Windows 11", "page 2 of 17", "GTM-ABC1234", "G-ABCDEF1234", "UA-12345-1", "https://shop.example/red-shoes?utm_source=news",
		"Street food 12", "12 Monkeys", "WELCOME10", "EUR 1000000", "1.234.567,89", "ISBN 978-3-16-148410-0", "4006381333931", "[email]", "[address] [id] [phone]",
		"00:00:00:00:00:00", "#aabbcc", "CHF 120 000 000", "3x 20 30 40", "%E4%BD%A0%E5%A5%BD", "日本語テキスト", "Grüße aus Köln 2026", "mp3 320kbps", "1e10",
	}
	for _, in := range tests {
		got, found := Append([]byte("^"), []byte(in), All)
		if found != 0 || string(got) != "^"+in {
			t.Errorf("Append(%q) = %q, found %b", in, got[1:], found)
		}
	}
}

func TestAppendExpecting(t *testing.T) {
	tests := []struct {
		in, want string
		set      Set
	}{
		{"03090182011", "[phone]", All.Expecting(Phone)},
		{"1984-03-07", "[date]", All.Expecting(BirthDate)},
		{"19840307", "[date]", All.Expecting(BirthDate)},
		{"9f8e7d6c5b4a39281706f5e4d3c2b1a0", "[token]", All.Expecting(Token)},
		{"836f82db99121b3481011f16b49dfa5f", "[hash]", All.Expecting(Hash)},
		{"111222333", "[id]", All.Expecting(NationalID)},
		{"836f82db-9912-4b34-8101-1f16b49dfa5f", "836f82db-9912-4b34-8101-1f16b49dfa5f", All.Expecting(Token)},
		{"jane@example.com", "jane@example.com", All.Without(Email)},
		{"jane@example.com 203.0.113.77", "jane@example.com [ip]", Of(IP)},
		{"jane@example.com", "jane@example.com", 0},
	}
	for _, tt := range tests {
		if got, _ := Append(nil, []byte(tt.in), tt.set); string(got) != tt.want {
			t.Errorf("Append(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestParseIP(t *testing.T) {
	for _, in := range []string{
		"203.0.113.77", "1.2.3", "256.1.1.1", "01.2.3.4", "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4",
		"1::2::3", "g::", "1:2:3:4:5:6:7:8:9", "12345::", ":1", "1:", "2001:db8::1%eth0", "fe80::1:2:3:4:5:6", "::1.2.3.4", "1.2.3.4:80", "", "1:2:3:4:5:6:7::",
		"1.2.3.4::", "::1:2:3:4:5:6:7", "::1:2:3:4:5:6:7:8",
	} {
		want, err := netip.ParseAddr(in)
		got, ok := ParseIP([]byte(in))
		if err == nil && want.Zone() != "" {
			err = errors.New("zone")
		}
		if ok != (err == nil) || ok && got != want {
			t.Errorf("ParseIP(%q) = %v, %v; netip says %v, %v", in, got, ok, want, err)
		}
	}
}

func TestAppendAllocs(t *testing.T) {
	values := [][]byte{
		[]byte("Red shoes size 42"), []byte("call me on +49 30 901820 11"), []byte("q=jane.doe%2540example.com&x=1"),
		[]byte(base64.StdEncoding.EncodeToString([]byte("mail jane.doe@example.com"))), []byte("https://shop.example/12/3?a=4111111111111111"),
		[]byte("Hauptstraße 5, 2001:db8::8a2e:370:7334 eyJhbGciOiJIUzI1NiJ9"),
	}
	dst := make([]byte, 0, 8192)
	if n := testing.AllocsPerRun(100, func() {
		for _, v := range values {
			dst, _ = Append(dst[:0], v, All)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAppend(f *testing.F) {
	for _, s := range []string{
		"jane.doe%2540example.com", "+49 30 901820 11", "4111 1111 1111 1111", "&#64;a", "\\u0040", "DE89370400440532013000", "eyJhbGciOiJIUzI1NiJ9",
		"203.0.113.77", "2001:db8::1", "12 Example Street", "password=hunter2", "YW1haWwgamFuZUBleGFtcGxlLmNvbQ==", "(030) 901820", "52.520008,13.404954",
		"ａ＠ｂ．ｃｏ", "dob=1984-03-07", "\u200b\u00ad", "%25%32%35", "1.2.3.4a@b.cd+4930901820",
	} {
		f.Add([]byte(s), uint32(All))
		f.Add([]byte(s), uint32(All.Expecting(Phone, Token, Hash, NationalID, BirthDate)))
	}
	hostile(f, func(value []byte) { f.Add(value, uint32(everything)) })
	for _, unit := range provoking {
		f.Add(bytes.Repeat([]byte(unit), 64), uint32(everything))
	}
	for _, e := range escapes {
		f.Add([]byte(e.of("a jane.doe@example.com +49 30 901820 11")), uint32(All))
	}
	f.Fuzz(func(t *testing.T, in []byte, set uint32) {
		if len(in) <= 1<<20 {
			promises(t, in, Set(set))
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for name, v := range map[string]string{
		"title": "Red shoes size 42", "agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
		"words":   "Wir haben die schoensten Schuhe der Stadt",
		"url":     "https://shop.example/red-shoes?utm_source=newsletter&utm_medium=email&utm_campaign=spring_sale",
		"escaped": "https%3A%2F%2Fshop.example%2Fred-shoes%3Futm_source%3Dnewsletter",
		"email":   "q=jane.doe%2540example.com&x=1", "base64": base64.StdEncoding.EncodeToString([]byte("mail jane.doe@example.com and more text behind it")),
	} {
		b.Run(name, func(b *testing.B) {
			in := []byte(v)
			dst := make([]byte, 0, 4096)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = Append(dst[:0], in, All)
			}
		})
	}
}
