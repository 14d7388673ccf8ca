package proxy_test

import (
	"bytes"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const (
	agreed  = "Cookie: site_consent=%7B%22analytics%22%3A%22yes%22%7D\r\n"
	refused = "Cookie: site_consent=%7B%22analytics%22%3A%22no%22%7D\r\n"
)

// ordinary are hits as they come all day, with texts that no short room holds.
var ordinary = map[string]string{
	"a page view": get("/t/g/collect?v=2&tid=G-1&cid=1234567890.1760000000&en=page_view&dl=https%3A%2F%2Fshop.example%2Fp%2F"+
		"a-name-that-is-long-enough%3Fq%3D1&dt=A+title&ul=de-de&sr=412x915", agreed),
	"a refused one": get("/t/g/collect?v=2&tid=G-1&cid=1234567890.1760000000&en=page_view&dl=https%3A%2F%2Fshop.example%2F",
		refused),
	"one of a state": get("/t/g/collect?v=2&tid=G-1&cid=1234567890.1760000000&en=page_view", agreed+
		"CF-IPCountry: US\r\nCF-Region-Code: CA\r\nOrigin: https://a-shop-whose-name-is-rather-long.example\r\n"),
	"a post": post("/t/g/collect?v=2&tid=G-1&cid=1234567890.1760000000&dr=https%3A%2F%2Fa-search-engine-with-a-long-name.example%2Fresults%3Fq%3Dred",
		agreed+"Content-Type: text/plain\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "+
			"Chrome/141.0.0.0 Safari/537.36\r\n", "en=purchase&epn.value=129.9&ep.coupon=SPRING"),
	"an event of Segment": post("/t/v1/t", agreed+"Content-Type: application/json\r\n",
		`{"type":"track","event":"Order Completed","anonymousId":"836f82db-9912-4b34-8101-1f16b49dfa5f","properties":{"revenue":12.5,`+
			`"url":"https://shop.example/p/a-name-that-is-long-enough"},"context":{"page":{"referrer":"https://a-search-engine-with-a-long-name.example/"}}}`),
}

// TestAHitDoesNotAllocate: from its first byte to its answer a hit takes no memory of its own. What works behind it
// (the ledger's hashes, a connection's) may, now and then.
func TestAHitDoesNotAllocate(t *testing.T) {
	file := folder(t, "http://127.0.0.1:1")
	write(t, file, strings.NewReplacer(
		"region: { default: EU }", "region: { header: CF-IPCountry, subdivision: CF-Region-Code, default: EU }",
		`"https://shop.example"`, `"https://shop.example", "https://a-shop-whose-name-is-rather-long.example"`,
	).Replace(read(t, file)))
	writePolicy(t, filepath.Dir(file), strings.Replace(policyText,
		"revenue: keep", "revenue: keep, referrer: { generalise: origin }, language: { generalise: primary }", 1))
	m := startMeasured(t, file, content{})
	for name, request := range ordinary {
		c, err := m.hits.Dial()
		if err != nil {
			t.Fatal(err)
		}
		message, room := []byte(request), make([]byte, 4096)
		most := 0.5
		if strings.HasPrefix(request, "POST") {
			most++ // fasthttp makes a reader to drain what may be left of a body
		}
		if n := allocations(func() { answered(t, name, c, message, room) }); n > most && !raced {
			t.Errorf("%s: %.2f allocations", name, n)
		}
		_ = c.Close()
	}
	m.end(t)
}

// allocations is how many there are each time that do is called, by whomever.
func allocations(do func()) float64 {
	const times = 1000
	for range times {
		do()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		do()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / times
}

// answered sends a request and reads its answer, as it came in one piece or two.
func answered(t *testing.T, name string, c net.Conn, message, room []byte) {
	if _, err := c.Write(message); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(room); {
		read, err := c.Read(room[n:])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n += read
		head, _, whole := bytes.Cut(room[:n], []byte("\r\n\r\n"))
		if !whole {
			continue
		}
		if !bytes.HasPrefix(head, []byte("HTTP/1.1 20")) {
			t.Fatalf("%s: %s", name, head)
		}
		length := 0
		_, digits, _ := bytes.Cut(head, []byte("Content-Length: "))
		for i := 0; i < len(digits) && digits[i] >= '0' && digits[i] <= '9'; i++ {
			length = length*10 + int(digits[i]-'0')
		}
		if n >= len(head)+4+length {
			return
		}
	}
}
