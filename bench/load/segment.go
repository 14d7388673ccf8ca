package load

import "strconv"

// Segment renders events of Segment as analytics.js sends them: a POST of one event, about 900 bytes. Ids, and what else
// differs from visitor to visitor, follow from the serial number, which travels in the event's name.
type Segment struct {
	Host   string
	Cookie string
}

// Append appends the request with that number.
func (g *Segment) Append(dst []byte, serial uint64) []byte {
	id := mix(serial)
	var room [1024]byte
	body := append(room[:0], `{"timestamp":"2026-11-29T10:00:00.123Z","integrations":{},"userId":null,"anonymousId":"`...)
	body = appendUUID(body, id)
	body = append(body, `","type":"track","event":"Product Viewed`...)
	body = strconv.AppendUint(append(body, Marker...), serial, 10)
	body = append(body, `","properties":{"product_id":"SKU-`...)
	body = strconv.AppendUint(body, 100+id%900, 10)
	body = append(body, `","name":"Red shoes","category":"Shoes","price":59.9,"quantity":1,"currency":"EUR","position":3},`+
		`"context":{"page":{"path":"/p/red-shoes","referrer":"https://search.example/?q=red+shoes","search":"?variant=42",`+
		`"title":"Red shoes - Shop","url":"https://shop.example/p/red-shoes?variant=42&utm_source=news"},`+
		`"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",`+
		`"locale":"de-DE","library":{"name":"analytics.js","version":"npm:next-1.84.3"},"timezone":"Europe/Berlin"},"messageId":"ajs-next-1795950000123-`...)
	body = appendUUID(body, ^id)
	body = append(body, `","writeKey":"BENCHbenchBENCHbenchBENCHbench12"}`...)

	dst = append(dst, "POST /v1/t HTTP/1.1\r\nHost: "...)
	dst = append(dst, g.Host...)
	dst = append(dst, "\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"+
		"\r\nAccept: */*\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\nOrigin: https://shop.example"+
		"\r\nReferer: https://shop.example/\r\nContent-Type: text/plain\r\nCookie: "...)
	dst = append(dst, g.Cookie...)
	dst = append(dst, "\r\nContent-Length: "...)
	dst = strconv.AppendUint(dst, uint64(len(body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, body...)
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
