package load

import "strconv"

// page is an address of the shop, with what is written above it.
type page struct {
	place  place
	name   name   // what it is called, or was searched for
	number uint64 // of an article, an order; what else differs from page to page
	of     uint64 // whose it is, where it is one person's
}

// place is which sort of page it is.
type place uint8

const (
	home place = iota
	article
	category
	guide
	search
	account // and what follows: addresses that nobody else has
	order
	checkout
)

// pageOf is the page of a rank.
func pageOf(rank uint64) page {
	p := page{name: known(rank, pageNames), number: 100_000 + scatter(rank, 16)}
	switch kind := scatter(rank, 13) & 7; {
	case rank == 0:
	case kind < 2:
		p.place = category
	case kind == 2:
		p.place = guide
	default:
		p.place = article
	}
	return p
}

// code is how an address or a text is written down: as it is (in JSON), or with percent escapes (in a query).
type code struct{ slash, colon, ask, equals, and, space, gap, dash string } // gap: a space in an address

var (
	plain   = &code{"/", ":", "?", "=", "&", " ", "%20", "–"}
	escaped = &code{"%2F", "%3A", "%3F", "%3D", "%26", "%20", "%2520", "%E2%80%93"}
)

// text appends words.
func (c *code) text(dst []byte, text string) []byte {
	for i := range len(text) {
		switch text[i] {
		case ' ':
			dst = append(dst, c.space...)
		case '/':
			dst = append(dst, c.slash...)
		default:
			dst = append(dst, text[i])
		}
	}
	return dst
}

// host appends an address up to its path.
func (c *code) host(dst []byte, host string) []byte {
	dst = append(append(append(append(dst, "https"...), c.colon...), c.slash...), c.slash...)
	return append(append(dst, host...), c.slash...)
}

// parameters are appended one by one: the first behind "?", others behind "&".
type parameters struct {
	code *code
	some bool
}

// key appends a parameter up to its value.
func (p *parameters) key(dst []byte, key string) []byte {
	before := p.code.and
	if !p.some {
		before, p.some = p.code.ask, true
	}
	return append(append(append(dst, before...), key...), p.code.equals...)
}

// appendPath appends the page's path, without the slash in front.
func (p *page) appendPath(dst []byte, c *code) []byte {
	switch p.place {
	case home:
	case article:
		dst = p.name.append(c.text(dst, "p/"), "-", false)
		dst = strconv.AppendUint(append(dst, '-'), p.number, 10)
	case category:
		dst = p.name.append(c.text(dst, "c/"), "-", false)
	case guide:
		dst = p.name.append(c.text(dst, "guides/how-to-care-for-a-"), "-", false)
	case search:
		dst = append(dst, "search"...)
	case account:
		dst = strconv.AppendUint(c.text(dst, "account/"), 10_000+p.of%990_000, 10)
		dst = strconv.AppendUint(c.text(dst, "/orders/"), p.number, 10)
	case order:
		dst = strconv.AppendUint(c.text(dst, "orders/ORD-"), p.number, 10)
	case checkout:
		dst = c.text(dst, "checkout/payment")
	}
	return dst
}

// appendQuery appends what the page itself has of a query.
func (p *page) appendQuery(dst []byte, q *parameters) []byte {
	switch p.place {
	case article:
		if p.number&1 == 0 {
			dst = strconv.AppendUint(q.key(dst, "variant"), 36+p.number>>1%12, 10)
		}
	case category:
		if p.number&3 == 0 {
			dst = append(q.key(dst, "sort"), "price"...)
			dst = strconv.AppendUint(q.key(dst, "page"), 1+p.number>>2%9, 10)
		}
	case search:
		dst = p.name.append(q.key(dst, "q"), q.code.gap, false)
	case checkout:
		dst = appendHex(q.key(dst, "session"), p.number, p.of)
	default: // the others have none
	}
	return dst
}

// appendTitle appends what is written above the page.
func (p *page) appendTitle(dst []byte, c *code) []byte {
	switch p.place {
	case home:
		dst = c.text(dst, "Furniture and fashion")
	case article:
		dst = p.name.append(dst, c.space, true)
	case category:
		dst = append(p.name.append(dst, c.space, true), 's')
	case guide:
		dst = p.name.append(c.text(dst, "How to care for a "), c.space, false)
	case search:
		dst = p.name.append(c.text(dst, "Results for "), c.space, false)
	case account:
		dst = strconv.AppendUint(c.text(dst, "Your order "), p.number, 10)
	case order:
		dst = strconv.AppendUint(c.text(dst, "Thank you for your order ORD-"), p.number, 10)
	case checkout:
		dst = c.text(dst, "Payment")
	}
	return append(append(append(append(dst, c.space...), c.dash...), c.space...), "Nordhaus"...)
}

// appendSearch appends the query of a visit's page: its own, and what a campaign added.
func (v *visit) appendSearch(dst []byte, c *code) []byte {
	q := parameters{code: c}
	dst = v.page.appendQuery(dst, &q)
	source, medium := v.from.campaign()
	if source == "" {
		return dst
	}
	dst = append(q.key(dst, "utm_source"), source...)
	dst = append(q.key(dst, "utm_medium"), medium...)
	dst = v.campaign.append(q.key(dst, "utm_campaign"), "-", false)
	switch v.from {
	case fromGoogleAd:
		dst = append(appendHex(append(q.key(dst, "gclid"), "Cj0KCQjw"...), v.ad, v.id), "EALw_wcB"...)
	case fromMetaAd:
		dst = appendHex(append(q.key(dst, "fbclid"), "IwZXh0bgNhZW0CMTEAAR"...), v.ad, v.id)
		dst = appendHex(append(dst, "_aem_"...), ^v.ad, ^v.id)
	case fromBingAd:
		dst = appendHex(q.key(dst, "msclkid"), v.ad, v.id)
	default: // no click is told of
	}
	return dst
}

// campaign is what links of it say of source and medium; "" where the way is no campaign's.
func (e entry) campaign() (source, medium string) {
	switch e {
	case fromGoogleAd:
		return "google", "cpc"
	case fromMetaAd:
		return "facebook", "paid_social"
	case fromBingAd:
		return "bing", "cpc"
	case fromNewsletter:
		return "newsletter", "email"
	default:
		return "", ""
	}
}

// appendURL appends the whole address.
func (v *visit) appendURL(dst []byte, c *code) []byte {
	return v.appendSearch(v.page.appendPath(c.host(dst, "shop.example"), c), c)
}

// engines are search engines, each as often as it stands here.
var engines = [...]string{"www.google.com", "www.google.com", "www.google.de", "www.google.com", "www.bing.com",
	"duckduckgo.com", "www.ecosia.org", "www.google.de"}

// appendReferrer appends where the visitor came from: a page of the shop, or what a browser tells of
// another site; nothing: it does not say.
func (v *visit) appendReferrer(dst []byte, c *code) []byte {
	switch v.from {
	case fromShop:
		q := parameters{code: c}
		return v.before.appendQuery(v.before.appendPath(c.host(dst, "shop.example"), c), &q)
	case fromGoogleAd:
		return c.host(dst, "www.google.com")
	case fromMetaAd:
		if v.ad&1 == 0 {
			return c.host(dst, "l.instagram.com")
		}
		return c.host(dst, "l.facebook.com")
	case fromBingAd:
		return c.host(dst, "www.bing.com")
	case fromSearchEngine:
		return c.host(dst, engines[v.ad%uint64(len(engines))])
	default:
		return dst
	}
}

// appendHex appends 32 digits.
func appendHex(dst []byte, high, low uint64) []byte {
	const digits = "0123456789abcdef"
	for _, n := range [2]uint64{high, low} {
		for shift := 60; shift >= 0; shift -= 4 {
			dst = append(dst, digits[n>>shift&15])
		}
	}
	return dst
}
