package proxy_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// content is a vendor that takes everything and answers 204.
type content struct{}

func (content) Deliver(_ *delivery.Event, answer *proxy.Response) delivery.Outcome {
	answer.SetStatusCode(204)
	return delivery.Outcome{Kind: delivery.Delivered, Status: 204, Why: delivery.WhyOK}
}

func (content) Close() {}

// big is a GA4 hit of about 900 bytes with the headers of a browser.
func big(cookie string) string {
	body := "en=purchase&_ee=1&cu=EUR&epn.value=129.9&ep.transaction_id=ORD-1048576&epn.tax=9.9&epn.shipping=0&ep.coupon=SPRING&ep.payment_type=card" +
		"&pr1=idSKU-422~nmRed%20shoes~caShoes~pr59.9~qt2&pr2=idSKU-7~nmLaces~caShoes~pr4.5~qt1&ep.affiliation=online&ep.search_term=red%20shoes&_et=7816"
	return "POST /t/g/collect?v=2&tid=G-BENCH12345&gtm=45je586v898116370za200&_p=1780000012345&gcd=13r3r3r3r5l1&npa=0&dma=1&dma_cps=syphamo" +
		"&tag_exp=101509157~103116026~103200004&cid=570205504.1767183104&ul=de-de&sr=1920x1080&uaa=x86&uab=64&uafvl=Chromium%3B141.0.0.0%7CNot%25253FA_Brand%3B8.0.0.0" +
		"&uamb=0&uap=Windows&uapv=15.0.0&are=1&frm=0&pscdl=noapi&_eu=AEEAAAQ&_s=7&sid=1787694051&sct=3&seg=1" +
		"&dl=https%3A%2F%2Fshop.example%2Faccount%2F48213%2Forders%2F2026-10-11%3Futm_source%3Dmail%26utm_campaign%3Dorder-status-1" +
		"&dr=https%3A%2F%2Fsearch.example%2F%3Fq%3Dred%2Bshoes&dt=Your%20orders%20-%20Shop&tfd=3872 HTTP/1.1\r\nHost: shop.example\r\n" +
		"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36\r\n" +
		"Accept: */*\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\nOrigin: https://shop.example\r\n" +
		"Referer: https://shop.example/\r\nSec-Fetch-Mode: no-cors\r\nContent-Type: text/plain;charset=UTF-8\r\n" +
		"Cookie: " + cookie + "_ga=GA1.1.570205504.1767183104; _ga_BENCH12345=GS2.1.s1787694051$o3$g1$t1780000100$j60$l0$h0\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// benchmark sends one request again and again over one connection in memory, to a server whose vendor costs nothing.
func benchmark(b *testing.B, request string) {
	m := startMeasured(b, folder(b, "http://127.0.0.1:1"), content{})
	var c net.Conn
	in := bufio.NewReader(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(request)))
	message := []byte(request)
	for n := 0; b.Loop(); n++ {
		if n%5000 == 0 { // the server takes so many requests a connection
			if c != nil {
				_ = c.Close()
			}
			var err error
			if c, err = m.hits.Dial(); err != nil {
				b.Fatal(err)
			}
			in.Reset(c)
		}
		exchange(b, c, in, message)
	}
	b.StopTimer()
	_ = c.Close()
	m.end(b)
}

// exchange sends a request and reads an answer without a body.
func exchange(b *testing.B, c net.Conn, in *bufio.Reader, message []byte) {
	if _, err := c.Write(message); err != nil {
		b.Fatal(err)
	}
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if first && !strings.HasPrefix(string(line), "HTTP/1.1 20") {
			b.Fatalf("%s", line)
		}
		if value, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		}
		if len(line) == 2 {
			break
		}
	}
	if _, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkPermitted(b *testing.B) {
	benchmark(b, big("site_consent=%7B%22analytics%22%3A%22yes%22%7D; "))
}

func BenchmarkDenied(b *testing.B) {
	benchmark(b, big("site_consent=%7B%22analytics%22%3A%22no%22%7D; "))
}
