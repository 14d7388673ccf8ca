package scrub

// labelBit is a vocabulary of labels, as a bit of what is known of a word.
type labelBit uint32

// The vocabularies of labels.
const (
	phoneBit labelBit = 1 << iota
	birthBit
	hashBit
	versionBit
	pensionBit
	thingBit
	goodsBit
	paperBit
	nationalBit // the first of those in nationals
)

// maxLabel bounds how far in front of a value its label may stand.
const maxLabel = 32

// front are the words in front of a place, the nearest first, as far as a label may stand.
type front struct {
	at, floor int // the place; and where the last finding ended when it was looked at
	w         [4]span
	n         int
	letters   bool // one of them has something else than digits: it may be a label
}

// labelMemo is what is known of a word: whether it is a label of the vocabularies that were asked.
type labelMemo struct {
	span
	asked, yes labelBit
}

// labelled tells whether one of the n words in front of i, four at most, is one of the labels,
// starts with one, or ends with a long one.
func (v *view) labelled(i, n int, labels *vocabulary) bool {
	f := v.frontOf(i)
	if !f.letters {
		return false
	}
	v.spend(costLabel)
	for k := range min(n, f.n) {
		if v.isLabel(f.w[k], labels) {
			return true
		}
	}
	return false
}

// frontOf returns the words in front of i. Separators of fields end them.
func (v *view) frontOf(i int) *front {
	f := &v.front
	if f.at == i && f.floor == v.floor {
		return f
	}
	f.at, f.floor, f.n, f.letters = i, v.floor, 0, false
	low := max(v.floor, i-maxLabel)
	k := i
	for f.n < len(f.w) {
		end := k
		for end > low && !isWord(v.text[end-1]) {
			end--
			if c := v.text[end]; c == ';' || c == '&' || c == '\n' && (end == 0 || v.text[end-1] != ':') {
				v.spend(i - end)
				return f
			}
		}
		k = end
		for k > low && isWord(v.text[k-1]) {
			k--
			f.letters = f.letters || !isDigit(v.text[k])
		}
		if k == end {
			break
		}
		f.w[f.n] = span{k, end}
		f.n++
	}
	v.spend(costLabel + i - k)
	return f
}

// isLabel tells whether the word is, or starts with, one of the labels, or ends with one of five letters or more as in
// userPhone. A word is looked up once, however many numbers stand behind it.
func (v *view) isLabel(w span, labels *vocabulary) bool {
	m := &v.memo[w.start%len(v.memo)]
	if m.span != w {
		*m = labelMemo{span: w}
	}
	if m.asked&labels.bit == 0 {
		v.spend(costLookup)
		m.asked |= labels.bit
		word := v.of(w)
		product := len(word) >= 6 && hasFold(word, "iphone") || hasFold(word, "headphone")
		if !product && (labels.starts(word) || labels.ending(word, 5, 1) != "") {
			m.yes |= labels.bit
		}
	}
	return m.yes&labels.bit != 0
}

// thingLabels are what the numbers of things are called, in the languages of the others: what only looks like a
// person's number is none behind them.
var thingLabels = newLabels(thingBit,
	"model", "part", "teil", "sku", "seri", "série", "ref", "réf", "art", "item", "product", "produ", "order", "bestel",
	"auftrag", "rechnung", "invoice", "factu", "fattur", "faktur", "fatur", "pedido", "commande", "ordin", "zamów",
	"encomenda", "zending", "isbn", "issn", "ean", "gtin", "upc", "asin", "versi", "build", "lot", "charge", "batch",
	"mpn", "promo", "coupon", "gutschein", "voucher",
)

// goodsLabels are what the numbers of parcels, goods and books are called that are written in groups, as phones' are.
var goodsLabels = newLabels(goodsBit,
	"track", "parcel", "shipment", "sendung", "paket", "colis", "suivi", "paquete", "spedizione", "pacco", "zending",
	"pakket", "paczk", "przesył", "rastre", "isbn", "ean", "gtin", "sku", "artikel", "part", "lott", "loto",
	"lotería", "loteria",
)
