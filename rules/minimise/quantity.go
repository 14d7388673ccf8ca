package minimise

import (
	"bytes"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// isQuantity tells whether values of the class say how much, how long or how often.
func isQuantity(c hit.Class) bool {
	return c == hit.Revenue || c == hit.Performance || c == hit.Interaction
}

// quantity keeps numbers, yes and no, codes of currencies, and what browsers call what a visitor did. Other
// texts are not what the class is for. A row of digits that is a payment card's number is dropped, and so is
// a phone number, which begins with "+".
func quantity(dst []byte, v Value, env *Env) ([]byte, Outcome) {
	if n := len(v.Bytes); !ascii.IsDigit(v.Bytes[0]) && !ascii.IsDigit(v.Bytes[n-1]) && isCode(v.Bytes) {
		return dst, Kept // words and codes have no digits
	}
	whole, ok := amount(v.Bytes)
	switch {
	case !ok:
		return dst, Dropped
	case len(whole) >= shortestPhone && v.Bytes[0] == '+':
		return dst, Dropped
	case len(whole) < shortestCard:
		return dst, Kept
	}
	dst, found := scrub.FindWithin(env.Work, dst, whole, scrub.Of(scrub.Card))
	if found != 0 {
		return dst, Dropped
	}
	return dst, Kept
}

// How many digits phone numbers (with their country) and payment cards have at least.
const (
	shortestPhone = 8
	shortestCard  = 12
)

// amount reads a number as programs and people write one, and returns its digits in front of the decimals: with a sign,
// thousands apart, decimals, an exponent, and a currency or a percent sign in front or behind: "-1,234.50", "12,99 €",
// "EUR 12", "7e-3", "80%". What begins with a 0 that stands for nothing is a number that somebody is called by.
func amount(text []byte) (whole []byte, ok bool) {
	text = withoutUnit(text)
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	n := digitsIn(text)
	if n == 0 || n > 2 && text[0] == '0' { // 08 is a month, or an hour
		return nil, false
	}
	whole, text = text[:n], text[n:]
	points := 0
	for n <= 3 && len(text) > 3 && (text[0] == ',' || text[0] == '.') && digitsIn(text[1:]) == 3 {
		if text[0] == '.' {
			points++
		}
		text = text[4:]
	}
	decimals := false
	if len(text) > 1 && (text[0] == '.' || text[0] == ',') {
		if d := digitsIn(text[1:]); d > 0 {
			decimals = true
			text = text[1+d:]
		}
	}
	if points > 1 && !decimals { // as phone numbers are written: 601.234.567
		return nil, false
	}
	if len(text) > 1 && (text[0] == 'e' || text[0] == 'E') {
		exponent := text[1:]
		if exponent[0] == '+' || exponent[0] == '-' {
			exponent = exponent[1:]
		}
		if d := digitsIn(exponent); d > 0 && d <= 3 {
			text = exponent[d:]
		}
	}
	return whole, len(text) == 0
}

// digitsIn counts the digits that a text begins with.
func digitsIn(text []byte) (n int) {
	for n < len(text) && ascii.IsDigit(text[n]) {
		n++
	}
	return n
}

// units are what stands beside an amount, with the currencies' codes.
var units = []string{"%", "€", "$", "£", "¥", "₹", "₺", "₽", "₩", "zł", "kr", "R$", "CHF", "Fr.", "Kč", "Ft", "lei",
	"лв", "ms", "s", "px"}

// withoutUnit takes off the unit in front of an amount, or behind it, with a blank between.
func withoutUnit(text []byte) []byte {
	if n := len(text); n == 0 || ascii.IsDigit(text[0]) && ascii.IsDigit(text[n-1]) {
		return text
	}
	for _, unit := range units {
		if rest, ok := bytes.CutPrefix(text, []byte(unit)); ok {
			return withoutBlank(rest)
		}
		if rest, ok := bytes.CutSuffix(text, []byte(unit)); ok {
			return withoutBlank(rest)
		}
	}
	if n := len(text); n > 3 && isCurrency(text[:3]) {
		return withoutBlank(text[3:])
	} else if n > 3 && isCurrency(text[n-3:]) {
		return withoutBlank(text[:n-3])
	}
	return text
}

// withoutBlank takes a blank off at either end.
func withoutBlank(text []byte) []byte {
	for _, blank := range []string{" ", "\u00a0", "\u202f"} {
		text = bytes.TrimSuffix(bytes.TrimPrefix(text, []byte(blank)), []byte(blank))
	}
	return text
}

// isCode tells whether a text is one of the words that stand for a value of these classes, in either case.
func isCode(text []byte) bool {
	if isCurrency(text) {
		return true
	}
	var lower [longestWord]byte
	if len(text) > longestWord {
		return false
	}
	for i, c := range text {
		lower[i] = ascii.Lower(c)
	}
	return words[string(lower[:len(text)])]
}

// isCurrency tells whether a text is a currency's code, in either case.
func isCurrency(text []byte) bool {
	if len(text) != 3 {
		return false
	}
	return currencies[string([]byte{ascii.Upper(text[0]), ascii.Upper(text[1]), ascii.Upper(text[2])})]
}

// longestWord is how long the longest of words is.
const longestWord = 24

// words are what says yes or no, what browsers call an event of the page (UI Events, Pointer Events, HTML), and what
// SDKs call kinds of visits, of taking and of consent: all that is no number in fields of these classes.
var words = setOf(`
	true false yes no on off null undefined nan infinity -infinity
	click dblclick auxclick contextmenu mousedown mouseup mousemove mouseenter mouseleave mouseover pointerdown pointerup
	pointermove touchstart touchend touchmove touch tap press longpress swipe drag drop keydown keyup keypress input change
	submit reset focus blur select copy cut paste scroll wheel resize load unload beforeunload hover play pause ended
	seek seeking seeked fullscreen rageclick deadclick dead_click rage_click visible hidden prerender
	navigate reload back_forward back-forward-cache back_forward_cache restore good needs-improvement poor
	purchase refund income subscription renewal cancellation tax shipping gift
	allow_all allow_selected deny_all implicit_consent pending withdrawn expired cmp_visible
`)

// currencies are the codes of ISO 4217, and of what shops take beside them.
var currencies = setOf(`
	AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
	CHW CLF CLP CNH CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD
	HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD
	MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON
	RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
	USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF XSU XUA YER ZAR ZMW ZWG ZWL BTC ETH
`)

func setOf(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}
