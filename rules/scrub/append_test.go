package scrub

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

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
	var all []string
	for groups := range 10 { // with "::" in front of each of so many groups, or nowhere, and an IPv4 address behind or not
		for gap := -1; gap <= groups; gap++ {
			for _, end := range []string{"", "203.0.113.77"} {
				list := strings.Split(strings.Repeat("1 ", groups)+end, " ")
				if end == "" {
					list = list[:groups]
				}
				if gap < 0 {
					all = append(all, strings.Join(list, ":"))
				} else {
					all = append(all, strings.Join(list[:gap], ":")+"::"+strings.Join(list[gap:], ":"))
				}
			}
		}
	}
	for _, in := range append(all,
		"203.0.113.77", "1.2.3", "256.1.1.1", "01.2.3.4", "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7",
		"::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4",
		"1::2::3", "g::", "1:2:3:4:5:6:7:8:9", "12345::", ":1", "1:", "2001:db8::1%eth0", "fe80::1:2:3:4:5:6", "::1.2.3.4",
		"1.2.3.4:80", "", "1:2:3:4:5:6:7::",
		"1.2.3.4::", "::1:2:3:4:5:6:7", "::1:2:3:4:5:6:7:8",
	) {
		Append(nil, []byte("from "+in+" on"), All)
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
		[]byte(base64.StdEncoding.EncodeToString([]byte("mail jane.doe@example.com"))),
		[]byte("https://shop.example/12/3?a=4111111111111111"),
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
		"jane.doe%2540example.com", "+49 30 901820 11", "4111 1111 1111 1111", "&#64;a", "\\u0040", "DE89370400440532013000",
		"eyJhbGciOiJIUzI1NiJ9",
		"203.0.113.77", "2001:db8::1", "12 Example Street", "password=hunter2", "YW1haWwgamFuZUBleGFtcGxlLmNvbQ==",
		"(030) 901820", "52.520008,13.404954",
		"ａ＠ｂ．ｃｏ", "dob=1984-03-07", "\u200b\u00ad", "%25%32%35", "1.2.3.4a@b.cd+4930901820",
	} {
		f.Add([]byte(s), uint64(All))
		f.Add([]byte(s), uint64(All.Expecting(Phone, Token, Hash, NationalID, BirthDate)))
	}
	hostile(f, func(value []byte) { f.Add(value, uint64(everything)) })
	for _, unit := range provoking {
		f.Add(bytes.Repeat([]byte(unit), 64), uint64(everything))
	}
	for _, c := range foundCases(f) {
		f.Add([]byte(c.In), uint64(All))
		f.Add([]byte("see "+c.In+" please"), uint64(everything))
	}
	for _, e := range escapes {
		f.Add([]byte(e.of("a jane.doe@example.com +49 30 901820 11")), uint64(All))
	}
	f.Fuzz(func(t *testing.T, in []byte, set uint64) {
		if len(in) <= 1<<20 {
			promises(t, in, Set(set))
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for name, v := range map[string]string{
		"title":   "Red shoes size 42",
		"agent":   "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
		"words":   "Wir haben die schoensten Schuhe der Stadt",
		"url":     "https://shop.example/red-shoes?utm_source=newsletter&utm_medium=email&utm_campaign=spring_sale",
		"escaped": "https%3A%2F%2Fshop.example%2Fred-shoes%3Futm_source%3Dnewsletter",
		"email":   "q=jane.doe%2540example.com&x=1", "base64": base64.StdEncoding.EncodeToString(
			[]byte("mail jane.doe@example.com and more text behind it")),
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
