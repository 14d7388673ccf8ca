package load

import "sync"

// How a shop is visited. What comes again comes by Zipf's law (Breslau et al., "Web Caching and
// Zipf-like Distributions", find exponents of 0.6 to 1 for pages): a few pages are every other
// hit, and thousands come once in a while.
const (
	shopPages     = 8192
	shopProducts  = 4096
	shopTerms     = 4096
	shopCampaigns = 64

	pagesLaw, productsLaw, termsLaw, campaignsLaw = 1.0, 0.9, 0.8, 1.0 // exponents

	// In 1024 hits: addresses that nobody else has, and result pages of searches. The rest are pages of the shop.
	uniqueShare = 205 // 20 %: accounts, orders, sessions
	searchShare = 123 // 12 %

	// In 1024 hits of what is not unique: first pages of a visit that a campaign or a search engine led to.
	landingShare = 256 // 25 %
)

// laws are the tables that ranks are drawn by.
type laws struct {
	pages, products, terms, campaigns, agents, locales *zipf
	browsers                                           []browser
}

// shopLaws makes them once.
var shopLaws = sync.OnceValue(func() *laws {
	all := browsersOf()
	return &laws{
		newZipf(shopPages, pagesLaw), newZipf(shopProducts, productsLaw), newZipf(shopTerms, termsLaw),
		newZipf(shopCampaigns, campaignsLaw),
		newZipf(len(all), 1), newZipf(len(locales), 1.5), all,
	}
})

// visit is what one hit is of. All of it follows from the serial number.
type visit struct {
	id        uint64 // of which the visitor's ids are made
	page      page
	before    page // the page of the shop that led to it, where one did
	from      entry
	product   name // that the event is about
	sku       uint64
	beside    name // another one, that was shown or bought with it
	skuBeside uint64
	term      name // that was searched for, on whatever page
	campaign  name
	ad        uint64 // of which the ids of clicks are made
	browser   *browser
	locale    *locale
}

// entry is how a visitor came to a page.
type entry uint8

const (
	fromShop entry = iota
	fromNowhere
	fromGoogleAd
	fromMetaAd
	fromBingAd
	fromNewsletter
	fromSearchEngine
)

// landings are how visits begin, each as often as it stands here.
var landings = [...]entry{
	fromGoogleAd, fromGoogleAd, fromGoogleAd, fromMetaAd, fromMetaAd, fromBingAd, fromNewsletter, fromNewsletter,
	fromSearchEngine, fromSearchEngine, fromSearchEngine, fromNowhere,
}

// Kinds of names: what has the same rank is called otherwise in each.
const (
	pageNames = iota
	productNames
	termNames
	campaignNames
)

// visitOf is the visit with that number. Of pages, products and searches that come again, so many in a hundred never
// came before instead, with their titles.
func visitOf(serial uint64, unseen uint) visit {
	of := shopLaws()
	id := mix(serial)
	draw := func(what uint64) uint64 { return mix(id ^ what<<48) } // another number for each what
	v := visit{
		id: id, ad: draw(1),
		browser: &of.browsers[of.agents.rank(draw(2))], locale: &locales[of.locales.rank(draw(3))],
		page: pageOf(of.pages.rank(draw(4))), before: pageOf(of.pages.rank(draw(5))),
		sku: of.products.rank(draw(6)), term: known(of.terms.rank(draw(7)), termNames),
		campaign: known(of.campaigns.rank(draw(8)), campaignNames),
	}
	v.skuBeside = of.products.rank(draw(14))
	v.product, v.beside = known(v.sku, productNames), known(v.skuBeside, productNames)
	never := func(what uint64) bool { return uint(draw(what)&0xffff)*100 < unseen<<16 }
	if never(9) {
		v.page.name, v.page.number = unseenName(serial), 100_000_000+scatter(serial, unseenBits)
		if v.page.place == home {
			v.page.place = article
		}
	}
	if never(10) {
		v.product, v.sku = unseenName(serial+1<<29), 100_000+scatter(serial, unseenBits)
		v.beside, v.skuBeside = unseenName(serial+3<<29), 3_000_000_000+scatter(serial, unseenBits)
	}
	if never(11) {
		v.term = unseenName(serial + 2<<29)
	}
	kind, which := draw(12), draw(13)
	switch share := kind & 1023; {
	case share < uniqueShare:
		v.page = page{place: account + place(which%3), number: 2_000_000_000 + scatter(serial, unseenBits), of: id}
		return v
	case share < uniqueShare+searchShare:
		v.page = page{place: search, name: v.term}
	}
	if kind>>10&1023 < landingShare {
		v.from = landings[which%uint64(len(landings))]
	}
	return v
}

// event is what the visitor did, in the words of GA4.
func (v *visit) event() string {
	switch v.page.place {
	case article:
		if v.id&3 == 0 {
			return "add_to_cart"
		}
		return "view_item"
	case category:
		return "view_item_list"
	case search:
		return "view_search_results"
	case order:
		return "purchase"
	case checkout:
		return "begin_checkout"
	default:
		return "page_view"
	}
}
