package load

import "strings"

// What names of products, pages and searches are made of. Each list's length is a power
// of two, so that a number's bits choose.
var (
	styles = words(64, `quiet bold soft slim wide long short light heavy warm cool bright dark plain striped checked dotted ribbed woven knitted
		quilted padded lined cropped folded curved round square narrow loose fitted relaxed classic modern rustic nordic coastal alpine urban rural
		early late daily formal casual sturdy gentle crisp smooth rough matte glossy faded washed tinted golden silver ivory amber olive indigo crimson
		dusty frosted`)
	materials = words(32, `linen cotton wool silk leather suede denim canvas velvet fleece cashmere hemp bamboo oak walnut maple birch pine steel
		copper brass ceramic marble glass rattan cork felt jersey corduroy flannel mohair merino`)
	things = words(128, `jacket coat shirt blouse sweater cardigan hoodie vest dress skirt trousers jeans shorts leggings socks tights shoes boots
		sandals sneakers loafers slippers hat cap beanie scarf gloves belt bag backpack satchel tote wallet purse watch bracelet necklace ring
		earrings sunglasses umbrella suitcase pillow blanket duvet towel curtain rug lamp candle vase bowl plate mug cup teapot kettle pan pot
		knife spoon fork tray board basket box shelf chair stool bench table desk bed sofa cushion mirror clock frame poster planter hammock
		tent lantern bottle flask cooler grill apron napkin coaster carafe glasses jug grinder scale timer mixer toaster blender stand hook rack
		hanger brush comb soap dish razor robe pyjamas shawl poncho parka anorak blazer waistcoat tunic jumper overall romper bib mitten bonnet ottoman footrest sideboard
		bookend doormat`)
	series = words(64, `aurora borealis cascade delta ember fjord glacier harbour island juniper kestrel lagoon meadow nimbus orchard prairie quarry
		river summit tundra valley willow zephyr atlas beacon compass drift echo falcon grove heron iris jasper kite lotus mirage nova onyx pebble
		quartz raven sierra tempo umbra vista wren yarrow zenith alder breeze canyon dune elm fern gale haven inlet jetty knoll ledge moor
		peak ridge shoal`)
	makers = words(128, `hartwell lindqvist moreau bianchi novak kowalski andersen petersen jansen dubois rossi keller brandt vogel winter sommer
		falk berg dahl holm lund strand vik aas bakke haug moen ness ruud solberg tveit ulven abbott barlow carver dalton easton fenwick garner
		hadley ingram jarvis kendall langley mercer norton osborne parson quinlan radley selby thorne upton vance walden yates ashby blythe
		coburn denham elwood farley grant hollis irvine jordan kirby lomax milner nash orton piper quade rowan stroud tilton usher vernon
		wilton york alcott bramley calder dorsett everly forsyth granger hensley inman joyce keaton lowell marden newell oakley paxton quirke
		rigby sutton trent ulrich varley weston younger zeller archer bowen crane dyer emery foster gable hale isham jewell keane larkin maddox nolan
		odell pryor raines sewell tobin unger vickers whitby yardley`)
)

func words(n int, text string) []string {
	all := strings.Fields(text)
	if len(all) < n {
		panic("BUG: there are too few words")
	}
	return all[:n]
}

// A name is of a number's bits: the first three words of the lowest 18, the other two of 13
// more. Names of different numbers differ.
const (
	knownBits  = 18
	unseenBits = 31
)

// name is a product's, a page's or a search's: three words where it is one that comes again, by its rank; five where it
// never came before, by the number of its hit. So no name of the one kind is one of the other.
type name struct {
	bits   uint64
	unseen bool
}

// known is the name of what has that rank, below 1<<13, among those of a kind.
func known(rank, kind uint64) name { return name{bits: scatter(rank+kind<<13, knownBits)} }

// unseenName is a name that no other hit has.
func unseenName(serial uint64) name { return name{bits: scatter(serial, unseenBits), unseen: true} }

// append appends the name, its words with something between them; the first letter in upper case where that is said.
func (n name) append(dst []byte, between string, upper bool) []byte {
	at := len(dst)
	dst = append(append(dst, styles[n.bits&63]...), between...)
	dst = append(append(dst, materials[n.bits>>6&31]...), between...)
	dst = append(dst, things[n.bits>>11&127]...)
	if n.unseen {
		dst = append(append(dst, between...), series[n.bits>>18&63]...)
		dst = append(append(dst, between...), makers[n.bits>>24&127]...)
	}
	if upper {
		dst[at] -= 'a' - 'A'
	}
	return dst
}

// scatter is one number for each of so many bits: what is counted up comes out in no order, and none twice.
func scatter(n uint64, bits uint) uint64 {
	mask := uint64(1)<<bits - 1
	n &= mask
	for range 2 {
		n = n * 0x9e3779b97f4a7c15 & mask // odd: a bijection of so many bits
		n ^= n >> (bits/2 + 1)
	}
	return n
}
