package load

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// shown is what can be read from a hit.
type shown struct {
	address  *url.URL // of the page
	title    string
	referrer string
	product  string
	term     string
	visitor  string
	agent    string
	size     int // of query and body
}

// readGA4 reads a hit of GA4 as anybody would.
func readGA4(t *testing.T, g *GA4, serial uint64) shown {
	t.Helper()
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(g.Append(nil, serial))))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		t.Fatal(err)
	}
	query := request.URL.Query()
	if got := query.Get("_s"); got != strconv.FormatUint(serial, 10) {
		t.Fatalf("hit %d carries %q", serial, got)
	}
	if !strings.HasPrefix(string(body), "en=") || bytes.ContainsAny(body, "\r\n") {
		t.Fatalf("the body is %q, one event is wanted", body)
	}
	if cookie, err := request.Cookie("_ga"); err != nil || cookie.Value != "GA1.1."+query.Get("cid") {
		t.Fatalf("cookie and cid differ: %v, %v", cookie, query.Get("cid"))
	}
	event, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	_, product, _ := strings.Cut(event.Get("pr1"), "~nm")
	product, _, _ = strings.Cut(product, "~")
	address, err := url.Parse(query.Get("dl"))
	if err != nil {
		t.Fatal(err)
	}
	return shown{
		address, query.Get("dt"), query.Get("dr"), product, event.Get("ep.search_term"), query.Get("cid"),
		request.UserAgent(),
		len(request.URL.RawQuery) + len(body),
	}
}

// page is the address without what a campaign added.
func (s *shown) page() string {
	query := s.address.Query()
	for key := range query {
		if strings.HasPrefix(key, "utm_") || strings.HasSuffix(key, "clid") || key == "msclkid" {
			query.Del(key)
		}
	}
	return s.address.Path + "?" + query.Encode()
}

func (s *shown) isOnes() bool {
	return slices.ContainsFunc([]string{"/account/", "/orders/", "/checkout/"}, func(p string) bool {
		return strings.HasPrefix(s.address.Path, p)
	})
}

// TestHitsAreAShops reads many hits and holds their shares: who is one person's,
// what leads to a page, how long they are.
func TestHitsAreAShops(t *testing.T) {
	const n = 20_000
	ones, searches, sizes, visitors, agents, pages := 0, 0, 0, map[string]bool{}, map[string]int{}, map[string]bool{}
	clicks, entries := map[string]bool{}, map[string]int{}
	for serial := range uint64(n) {
		s := readGA4(t, &ga4, serial)
		visitors[s.visitor] = true
		agents[s.agent]++
		sizes += s.size
		if s.size < 650 || s.size > 1350 {
			t.Errorf("hit %d has %d bytes of query and body", serial, s.size)
		}
		if s.isOnes() {
			if ones++; pages[s.page()] {
				t.Errorf("hit %d: %s came before", serial, s.page())
			}
			pages[s.page()] = true
			continue
		}
		if s.address.Path == "/search" {
			searches++
			if s.address.Query().Get("q") != s.term || !strings.Contains(s.title, s.term) {
				t.Errorf("hit %d: %s, %q, %q", serial, s.address, s.title, s.term)
			}
		}
		query := s.address.Query()
		source := cmp.Or(query.Get("utm_source"), "none")
		entries[source]++
		click := query.Get("gclid") + query.Get("fbclid") + query.Get("msclkid")
		if clicks[click] {
			t.Errorf("hit %d: a click came before: %s", serial, click)
		}
		clicks[click] = click != ""
		host, _ := url.Parse(s.referrer)
		fits := map[string]bool{
			"google": query.Has("gclid") && host.Host == "www.google.com", "bing": query.Has("msclkid") &&
				host.Host == "www.bing.com",
			"facebook":   query.Has("fbclid") && (host.Host == "l.facebook.com" || host.Host == "l.instagram.com"),
			"newsletter": s.referrer == "" && click == "", "none": click == "",
		}
		if !fits[source] || source != "none" && (query.Get("utm_medium") == "" || query.Get("utm_campaign") == "") {
			t.Errorf("hit %d: %s from %q", serial, s.address, s.referrer)
		}
	}
	share := func(what string, is int, of, want float64) {
		t.Helper()
		if got := float64(is) / of; math.Abs(got-want) > 0.015 {
			t.Errorf("%s: %.3f of all, wanted %.3f", what, got, want)
		}
	}
	share("one person's address", ones, n, 0.2)
	share("searches", searches, n, 0.12)
	rest := float64(n - ones)
	share("by Google's advertisements", entries["google"], rest, 0.25*3/12)
	share("by Meta's", entries["facebook"], rest, 0.25*2/12)
	share("by Bing's", entries["bing"], rest, 0.25*1/12)
	share("by newsletters", entries["newsletter"], rest, 0.25*2/12)
	if len(visitors) < n*99/100 || len(agents) < 100 {
		t.Errorf("%d visitors with %d browsers", len(visitors), len(agents))
	}
	if mean := sizes / n; mean < 850 || mean > 950 {
		t.Errorf("query and body have %d bytes on average, about 900 are wanted", mean)
	}
}

// TestRanksFollowZipfsLaw: how often a page, a product, a term comes goes with its rank as the law
// says, at the head and along the tail.
func TestRanksFollowZipfsLaw(t *testing.T) {
	const n = 300_000
	pages, products, terms := map[name]int{}, map[name]int{}, map[name]int{}
	for serial := range uint64(n) {
		v := visitOf(serial, 0)
		if v.page.place < search {
			pages[v.page.name]++
		}
		products[v.product]++
		terms[v.term]++
	}
	for _, law := range []struct {
		what     string
		counts   map[name]int
		of       int
		exponent float64
	}{{"pages", pages, shopPages, pagesLaw}, {"products", products, shopProducts, productsLaw},
		{"terms", terms, shopTerms, termsLaw}} {
		counts := slices.Sorted(maps.Values(law.counts))
		slices.Reverse(counts)
		total := 0
		for _, c := range counts {
			total += c
		}
		shares, sum, want := zipfShares(law.of, law.exponent), 0.0, 0.0
		for rank := range law.of {
			if rank < len(counts) {
				sum += float64(counts[rank]) / float64(total)
			}
			want += shares[rank]
			switch rank {
			case 0, 9, 99, 999, 2999: // so many ranks together
				if math.Abs(sum-want) > 0.03*want+0.005 {
					t.Errorf("%s: the first %d are %.3f of all, the law says %.3f", law.what, rank+1, sum, want)
				}
			}
		}
		if slope := slopeOf(counts[:200]); math.Abs(slope+law.exponent) > 0.06 {
			t.Errorf("%s: frequency goes with rank to the %.3f, wanted %.2f", law.what, slope, -law.exponent)
		}
		if len(counts) < law.of*9/10 {
			t.Errorf("%s: %d of %d came at all", law.what, len(counts), law.of)
		}
	}
}

// slopeOf is that of the line through rank and count, both as logarithms.
func slopeOf(counts []int) float64 {
	var x, y, xx, xy, n float64
	for i, c := range counts {
		a, b := math.Log(float64(i+1)), math.Log(float64(c))
		x, y, xx, xy, n = x+a, y+b, xx+a*a, xy+a*b, n+1
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// TestSameSerialSameBytes, from whatever buffer, and of two renderers alike; and other bytes for another serial.
func TestSameSerialSameBytes(t *testing.T) {
	for what, render := range renderers() {
		seen := map[string]bool{}
		for serial := range uint64(2000) {
			once, again := render(nil, serial), render(make([]byte, 3, 4096), serial)
			if !bytes.Equal(once, again[3:]) {
				t.Fatalf("%s: hit %d is another the second time", what, serial)
			}
			seen[string(once)] = true
		}
		if len(seen) != 2000 {
			t.Errorf("%s: %d different hits of 2000", what, len(seen))
		}
	}
}

func renderers() map[string]func([]byte, uint64) []byte {
	half, segment, halfSegment := GA4{Host: "shop.example", Unseen: 50}, Segment{Host: "shop.example"},
		Segment{Host: "shop.example", Unseen: 50}
	return map[string]func([]byte, uint64) []byte{
		"GA4": ga4.Append, "GA4, half of it unseen": half.Append, "Segment": segment.Append,
		"Segment, half of it unseen": halfSegment.Append,
	}
}

func TestRenderingDoesNotAllocate(t *testing.T) {
	for what, render := range renderers() {
		buffer, serial := make([]byte, 0, 8192), uint64(0)
		if n := testing.AllocsPerRun(500, func() {
			buffer = render(buffer[:0], serial)
			serial++
		}); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

// TestHalfNeverCameBefore: of pages, titles, products and terms as many as were asked for, and each of them once.
func TestHalfNeverCameBefore(t *testing.T) {
	const n = 20_000
	for _, unseen := range []uint{0, 50, 100} {
		again := map[string]bool{}
		for rank := range uint64(shopPages) {
			p := pageOf(rank)
			again["page"+string(p.appendPath(nil, plain))] = true
			again["title"+string(p.appendTitle(nil, plain))] = true
		}
		for rank := range uint64(shopProducts) {
			again["product"+string(known(rank, productNames).append(nil, " ", true))] = true
			again["term"+string(known(rank, termNames).append(nil, " ", false))] = true
		}
		counts, never, seen := map[string]int{}, map[string]int{}, map[string]bool{}
		for serial := range uint64(n) {
			v := visitOf(1_000_000+serial, unseen)
			for what, text := range map[string]string{
				"page": string(v.page.appendPath(nil, plain)), "title": string(v.page.appendTitle(nil, plain)),
				"product": string(v.product.append(nil, " ", true)), "term": string(v.term.append(nil, " ", false)),
			} {
				if (what == "page" || what == "title") && v.page.place >= search {
					continue // a person's own, or a search's
				}
				counts[what]++
				if key := what + text; !again[key] {
					if never[what]++; seen[key] {
						t.Fatalf("%d %%: %s came before: %q", unseen, what, text)
					}
					seen[key] = true
				}
			}
		}
		for what, of := range counts {
			if got := 100 * float64(never[what]) / float64(of); math.Abs(got-float64(unseen)) > 1.5 {
				t.Errorf("%s: %.1f %% never came before, wanted %d", what, got, unseen)
			}
		}
	}
}

// TestNamesDiffer: no two of what comes again have one name, nor have two that never came before.
func TestNamesDiffer(t *testing.T) {
	for _, list := range [][]string{styles, materials, things, series, makers} {
		if n := len(slices.Compact(slices.Sorted(slices.Values(list)))); n != len(list) || n&(n-1) != 0 {
			t.Errorf("%d different words of %d: %v", n, len(list), list[:2])
		}
	}
	seen := map[string]bool{}
	for i := range uint64(1 << 15) {
		for _, n := range []name{known(i&0x1fff, i>>13), unseenName(i), unseenName(i + 1<<29), unseenName(i + 2<<29)} {
			text := string(n.append(nil, " ", false))
			if seen[text] {
				t.Fatalf("%q is called so twice", text)
			}
			seen[text] = true
		}
	}
}

// TestSegmentIsJSON with a page, a title and a referrer that belong together.
func TestSegmentIsJSON(t *testing.T) {
	g, campaigns := Segment{Host: "shop.example", Cookie: "a=b", Unseen: 50}, 0
	for serial := range uint64(2000) {
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(g.Append(nil, serial))))
		if err != nil {
			t.Fatal(err)
		}
		var event struct {
			Event   string
			Context struct {
				Page     struct{ Path, Referrer, Search, Title, URL string }
				Campaign struct{ Source, Medium, Name string }
				Agent    string `json:"userAgent"`
			}
		}
		if err := json.NewDecoder(request.Body).Decode(&event); err != nil {
			t.Fatalf("hit %d: %v", serial, err)
		}
		of := event.Context
		if event.Event != fmt.Sprintf("Product Viewed%s%d", Marker, serial) || of.Page.URL != "https://shop.example"+
			of.Page.Path+of.Page.Search ||
			!strings.HasSuffix(of.Page.Title, " – Nordhaus") || of.Agent != request.UserAgent() {
			t.Errorf("hit %d: %+v", serial, event)
		}
		if of.Campaign.Source != "" {
			if campaigns++; !strings.Contains(of.Page.Search, "utm_source="+of.Campaign.Source) {
				t.Errorf("hit %d: %+v", serial, of)
			}
		}
	}
	if campaigns < 200 {
		t.Errorf("%d campaigns", campaigns)
	}
}

func BenchmarkRender(b *testing.B) {
	for what, render := range renderers() {
		b.Run(strings.ReplaceAll(what, ", ", "/"), func(b *testing.B) {
			b.ReportAllocs()
			var buffer []byte
			for serial := uint64(0); b.Loop(); serial++ {
				buffer = render(buffer[:0], serial)
			}
			b.SetBytes(int64(len(buffer)))
		})
	}
}
