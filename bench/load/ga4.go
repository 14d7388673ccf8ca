package load

import "strconv"

// GA4 renders hits of Google Analytics 4 as gtag.js sends them from a shop ([visitOf]): a POST of about 900 bytes of
// query and body with one event, and the headers of a browser beside. The serial number travels as _s. It may be used
// by many at once, and does not allocate.
type GA4 struct {
	Host   string
	Cookie string // more cookies, "name=value; name=value", in front of Google's
	Unseen uint   // of pages, products and searches that come again, so many in a hundred never came before instead
}

// Marker is what the serial number of a GA4 hit follows.
const Marker = "&_s="

// Append appends the request with that number.
func (g *GA4) Append(dst []byte, serial uint64) []byte {
	v := visitOf(serial, g.Unseen)
	id := v.id
	random, first := 100_000_000+id%900_000_000, 1_700_000_000+id>>40%80_000_000
	session := 1_780_000_000 + id>>20%10_000_000
	var room [1024]byte
	body := v.appendGA4Event(room[:0])

	dst = append(dst, "POST /g/collect?v=2&tid=G-BENCH12345&gtm=45je586v898116370za200&_p="...)
	dst = strconv.AppendUint(dst, 1_780_000_000_000+id>>24%100_000_000, 10)
	dst = append(dst, "&gcs=G111&gcd=13r3r3r3r5l1&npa=0&dma=1&dma_cps=syphamo&tag_exp=101509157~103116026~103200004&cid="...)
	dst = strconv.AppendUint(dst, random, 10)
	dst = append(dst, '.')
	dst = strconv.AppendUint(dst, first, 10)
	dst = append(append(dst, "&ul="...), v.locale.tag...)
	dst = append(append(dst, "&sr=1920x1080"...), v.browser.hints...)
	dst = append(dst, "&are=1&frm=0&pscdl=noapi&_eu=AEEAAAQ"...)
	dst = append(dst, Marker...)
	dst = strconv.AppendUint(dst, serial, 10)
	dst = append(dst, "&sid="...)
	dst = strconv.AppendUint(dst, session, 10)
	dst = v.appendURL(append(dst, "&sct=3&seg=1&dl="...), escaped)
	if v.from != fromNowhere && v.from != fromNewsletter {
		dst = v.appendReferrer(append(dst, "&dr="...), escaped)
	}
	dst = v.page.appendTitle(append(dst, "&dt="...), escaped)
	dst = append(dst, "&tfd=3872 HTTP/1.1\r\nHost: "...)
	dst = v.appendHeaders(append(dst, g.Host...))
	dst = append(dst, "\r\nSec-Fetch-Mode: no-cors\r\nContent-Type: text/plain;charset=UTF-8\r\nCookie: "...)
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
	dst = append(dst, "$o3$g1$t1780000100$j60$l0$h0"...)
	return appendBody(dst, body)
}

// appendGA4Event appends what was done on the page, with what it was about.
func (v *visit) appendGA4Event(dst []byte) []byte {
	id := v.id
	dst = append(append(dst, "en="...), v.event()...)
	dst = append(dst, "&_ee=1&cu=EUR&epn.value="...)
	dst = strconv.AppendUint(dst, 10+id%490, 10)
	dst = append(dst, ".9"...)
	if v.page.place == order {
		dst = append(dst, "&ep.transaction_id=ORD-"...)
		dst = strconv.AppendUint(dst, v.page.number, 10)
	}
	dst = strconv.AppendUint(append(dst, "&pr1=idSKU-"...), v.sku, 10)
	dst = v.product.append(append(dst, "~nm"...), "%20", true)
	dst = append(append(dst, "~ca"...), things[v.product.bits>>11&127]...)
	dst = strconv.AppendUint(append(dst, "~pr"...), 5+id>>9%200, 10)
	dst = strconv.AppendUint(append(dst, ".9~qt2&pr2=idSKU-"...), v.skuBeside, 10)
	dst = v.beside.append(append(dst, "~nm"...), "%20", true)
	dst = append(append(dst, "~ca"...), things[v.beside.bits>>11&127]...)
	dst = append(dst, "~pr4.5~qt1&epn.tax=9.9&epn.shipping=0&ep.coupon=SPRING&ep.payment_type=card&ep.affiliation=online&ep.shipping_tier=standard&ep.search_term="...)
	dst = v.term.append(dst, "%20", false)
	dst = append(dst, "&_et="...)
	return strconv.AppendUint(dst, 1000+id>>4%9000, 10)
}

// appendHeaders appends those that a browser sends with every hit, behind the host's name.
func (v *visit) appendHeaders(dst []byte) []byte {
	dst = append(append(dst, "\r\nUser-Agent: "...), v.browser.agent...)
	dst = append(append(dst, "\r\nAccept: */*\r\nAccept-Language: "...), v.locale.accept...)
	return append(dst, "\r\nAccept-Encoding: gzip, deflate, br\r\nOrigin: https://shop.example\r\nReferer: "+
		"https://shop.example/"...)
}

// appendBody appends the body behind the last header.
func appendBody(dst, body []byte) []byte {
	dst = append(dst, "\r\nContent-Length: "...)
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
