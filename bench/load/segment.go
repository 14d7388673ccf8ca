package load

import "strconv"

// Segment renders events of Segment as analytics.js sends them from a shop ([visitOf]): a POST of one event, about 1000
// bytes. The serial number travels in the event's name. It may be used by many at once, and does not allocate.
type Segment struct {
	Host   string
	Cookie string
	Unseen uint // as in [GA4]
}

// Append appends the request with that number.
func (g *Segment) Append(dst []byte, serial uint64) []byte {
	v := visitOf(serial, g.Unseen)
	var room [2048]byte
	body := append(room[:0], `{"timestamp":"2026-11-29T10:00:00.123Z","integrations":{},"userId":null,"anonymousId":"`...)
	body = appendUUID(body, v.id)
	body = append(body, `","type":"track","event":"Product Viewed`...)
	body = strconv.AppendUint(append(body, Marker...), serial, 10)
	body = strconv.AppendUint(append(body, `","properties":{"product_id":"SKU-`...), v.sku, 10)
	body = v.product.append(append(body, `","name":"`...), " ", true)
	body = append(append(body, `","category":"`...), things[v.product.bits>>11&127]...)
	body = strconv.AppendUint(append(body, `","price":`...), 5+v.id>>9%200, 10)
	body = append(body, `.9,"quantity":1,"currency":"EUR","position":3},"context":{"page":{"path":"/`...)
	body = v.page.appendPath(body, plain)
	body = v.appendReferrer(append(body, `","referrer":"`...), plain)
	body = v.appendSearch(append(body, `","search":"`...), plain)
	body = v.page.appendTitle(append(body, `","title":"`...), plain)
	body = v.appendURL(append(body, `","url":"`...), plain)
	body = append(append(body, `"},"userAgent":"`...), v.browser.agent...)
	body = append(append(body, `","locale":"`...), v.locale.tag...)
	if source, medium := v.from.campaign(); source != "" {
		body = append(append(body, `","campaign":{"source":"`...), source...)
		body = append(append(body, `","medium":"`...), medium...)
		body = v.campaign.append(append(body, `","name":"`...), "-", false)
		body = append(body, `"},"library":{"name":"analytics.js"`...)
	} else {
		body = append(body, `","library":{"name":"analytics.js"`...)
	}
	body = append(body, `,"version":"npm:next-1.84.3"},"timezone":"Europe/Berlin"},"messageId":"ajs-next-1795950000123-`...)
	body = appendUUID(body, ^v.id)
	body = append(body, `","writeKey":"BENCHbenchBENCHbenchBENCHbench12"}`...)

	dst = append(dst, "POST /v1/t HTTP/1.1\r\nHost: "...)
	dst = v.appendHeaders(append(dst, g.Host...))
	dst = append(append(dst, "\r\nContent-Type: text/plain\r\nCookie: "...), g.Cookie...)
	return appendBody(dst, body)
}

// appendUUID appends a UUID, version 4, made of a number.
func appendUUID(dst []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	for i, c := range []byte("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx") {
		if c == 'x' {
			c = digits[n&15]
			n = n>>4 | n<<60 ^ uint64(i)
		}
		dst = append(dst, c)
	}
	return dst
}
