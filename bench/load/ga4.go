package load

import "strconv"

// GA4 renders hits of Google Analytics 4 as gtag.js sends them: a POST of about 900 bytes of query and body with one event, and the headers
// of a browser beside. Ids, and what else differs from visitor to visitor, follow from the serial number, which travels as _s.
type GA4 struct {
	Host   string
	Cookie string // more cookies, "name=value; name=value", in front of Google's
}

// Marker is what the serial number of a GA4 hit follows.
const Marker = "&_s="

var pages = []string{
	"https%3A%2F%2Fshop.example%2Fsale%3Futm_source%3Dnews%26utm_medium%3Demail%26utm_campaign%3Dspring%26gclid%3DCj0KCQjwBENCH",
	"https%3A%2F%2Fshop.example%2Fp%2Fred-shoes%3Fvariant%3D42%26utm_source%3Dnews%26sort%3Dprice%26page%3D3%26fbclid%3DIwAR0BENCH",
	"https%3A%2F%2Fshop.example%2Faccount%2F48213%2Forders%2F2026-10-11%3Futm_source%3Dmail%26utm_campaign%3Dorder-status-1",
	"https%3A%2F%2Fshop.example%2Fsearch%3Fq%3Dred%2520shoes%26size%3D42%26colour%3Dred%26utm_source%3Dsearch%26utm_medium%3Dcpc",
}

var titles = []string{"Sale%20-%20Shop", "Red%20shoes%20-%20Shop", "Your%20orders%20-%20Shop", "Search%20-%20Shop"}

// Append appends the request with that number.
func (g *GA4) Append(dst []byte, serial uint64) []byte {
	id := mix(serial)
	random, first := 100_000_000+id%900_000_000, 1_700_000_000+id>>40%80_000_000
	session := 1_780_000_000 + id>>20%10_000_000
	page := id >> 8 % uint64(len(pages))

	var room [512]byte
	body := append(room[:0], "en=purchase&_ee=1&cu=EUR&epn.value="...)
	body = strconv.AppendUint(body, 10+id%490, 10)
	body = append(body, ".9&ep.transaction_id=ORD-"...)
	body = strconv.AppendUint(body, 1_000_000+id>>16%9_000_000, 10)
	body = append(body, "&epn.tax=9.9&epn.shipping=0&ep.coupon=SPRING&ep.payment_type=card&pr1=idSKU-"...)
	body = strconv.AppendUint(body, 100+id%900, 10)
	body = append(body, "~nmRed%20shoes~caShoes~pr59.9~qt2&pr2=idSKU-7~nmLaces~caShoes~pr4.5~qt1&ep.affiliation=online&ep.shipping_tier=standard&ep.search_term=red%20shoes&_et="...)
	body = strconv.AppendUint(body, 1000+id>>4%9000, 10)

	dst = append(dst, "POST /g/collect?v=2&tid=G-BENCH12345&gtm=45je586v898116370za200&_p="...)
	dst = strconv.AppendUint(dst, 1_780_000_000_000+id>>24%100_000_000, 10)
	dst = append(dst, "&gcs=G111&gcd=13r3r3r3r5l1&npa=0&dma=1&dma_cps=syphamo&tag_exp=101509157~103116026~103200004&cid="...)
	dst = strconv.AppendUint(dst, random, 10)
	dst = append(dst, '.')
	dst = strconv.AppendUint(dst, first, 10)
	dst = append(dst, "&ul=de-de&sr=1920x1080&uaa=x86&uab=64&uafvl=Chromium%3B141.0.0.0%7CNot%25253FA_Brand%3B8.0.0.0&uamb=0&uap=Windows&uapv=15.0.0&are=1&frm=0&pscdl=noapi&_eu=AEEAAAQ"...)
	dst = append(dst, Marker...)
	dst = strconv.AppendUint(dst, serial, 10)
	dst = append(dst, "&sid="...)
	dst = strconv.AppendUint(dst, session, 10)
	dst = append(dst, "&sct=3&seg=1&dl="...)
	dst = append(dst, pages[page]...)
	dst = append(dst, "&dr=https%3A%2F%2Fsearch.example%2F%3Fq%3Dred%2Bshoes&dt="...)
	dst = append(dst, titles[page]...)
	dst = append(dst, "&tfd=3872 HTTP/1.1\r\nHost: "...)
	dst = append(dst, g.Host...)
	dst = append(dst, "\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"+
		"\r\nAccept: */*\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\nOrigin: https://shop.example"+
		"\r\nReferer: https://shop.example/\r\nSec-Fetch-Mode: no-cors\r\nContent-Type: text/plain;charset=UTF-8\r\nCookie: "...)
	if g.Cookie != "" {
		dst = append(dst, g.Cookie...)
		dst = append(dst, "; "...)
	}
	dst = append(dst, "_ga=GA1.1."...)
	dst = strconv.AppendUint(dst, random, 10)
	dst = append(dst, '.')
	dst = strconv.AppendUint(dst, first, 10)
	dst = append(dst, "; _ga_BENCH12345=GS2.1.s"...)
	dst = strconv.AppendUint(dst, session, 10)
	dst = append(dst, "$o3$g1$t1780000100$j60$l0$h0\r\nContent-Length: "...)
	dst = strconv.AppendUint(dst, uint64(len(body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, body...)
}

// mix spreads a number over 64 bits (splitmix64), so that neighbours look unlike.
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
