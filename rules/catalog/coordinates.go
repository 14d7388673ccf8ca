package catalog

import (
	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// placed are the classes among whose values a place on the earth may stand as a list of numbers.
var placed = [hit.NumClasses]bool{
	hit.Custom: true, hit.UserTrait: true, hit.FreeText: true, hit.Element: true, hit.Product: true, hit.Error: true,
	hit.PageTitle: true, hit.SearchTerm: true, hit.Campaign: true, hit.Interaction: true,
}

// geoWords say, wherever in a name they stand, that numbers below it are a place.
var geoWords = map[string]bool{
	"coord": true, "coords": true, "coordinate": true, "coordinates": true, "latlng": true, "latlon": true,
	"latlong": true, "lnglat": true, "lonlat": true, "geo": true, "geopoint": true, "geolocation": true,
	"geometry": true, "geojson": true, "gps": true, "bbox": true, "koordinaten": true, "coordonnees": true,
	"coordenadas": true, "coordinaten": true, "standort": true, "ubicacion": true,
}

// placeWords say the same of numbers that have decimals: a position is also one in a list.
var placeWords = map[string]bool{
	"position": true, "location": true, "center": true, "centre": true, "point": true, "place": true, "bounds": true,
	"area": true, "origin": true, "destination": true, "pickup": true, "dropoff": true, "marker": true, "pos": true,
	"loc": true, "ort": true, "lieu": true, "posizione": true, "posicion": true, "posicao": true, "positie": true,
}

// countWords say that numbers below them are none, however many decimals they have.
var countWords = map[string]bool{
	"rating": true, "ratings": true, "price": true, "prices": true, "score": true, "scores": true, "amount": true,
	"amounts": true, "total": true, "totals": true, "weight": true, "weights": true, "ratio": true, "ratios": true,
	"percent": true, "rate": true, "rates": true, "progress": true, "duration": true, "durations": true, "times": true,
	"average": true, "averages": true, "mean": true, "revenue": true, "bewertung": true, "bewertungen": true,
}

// longestPlace is how many numbers a place has at most: two corners.
const longestPlace = 4

// isPlace tells whether a list is a place: two numbers, a third for the height, or two corners. That is said by the
// name that it stands under or, of two numbers, by their decimals: four of each are ten metres.
func (r *reading) isPlace(i int32) bool {
	h := r.h
	numbers, fractions, exact := 0, 0, 0
	small, wide := 0, 0 // up to 90, and up to 180
	for c := h.Nodes[i].First; c != hit.None; c = h.Nodes[c].Next {
		whole, decimals, ok := r.degrees(c)
		if numbers++; !ok || numbers > longestPlace {
			return false
		}
		if whole > 180 && numbers != 3 {
			return false
		}
		if whole <= 90 {
			small++
		} else {
			wide++
		}
		if decimals > 0 {
			fractions++
		}
		if decimals >= 4 {
			exact++
		}
	}
	if numbers < 2 || small == 0 || numbers == 2 && wide == 2 {
		return false
	}
	switch r.saysPlace(i) {
	case certainly:
		return true
	case perhaps:
		return fractions > 0
	case unsaid:
		return numbers == 2 && exact == 2
	default:
		return false
	}
}

// isAxis tells whether a value is one of the two numbers of a place, {"x": 13.4, "y": 52.5} below a name that says so.
func (r *reading) isAxis(i int32) bool {
	h := r.h
	key, parent := h.Nodes[i].Key, h.Nodes[i].Parent
	if key.Len() != 1 || h.Nodes[parent].Kind != hit.Object {
		return false
	}
	if c := h.Bytes(key)[0] | 0x20; c != 'x' && c != 'y' {
		return false
	}
	whole, decimals, ok := r.degrees(i)
	if !ok || whole > 180 {
		return false
	}
	says := r.saysPlace(parent)
	return says == certainly || says == perhaps && decimals > 0
}

// degrees reads a number, or a text that is one, as degrees: whole ones without the sign, and how many decimals.
func (r *reading) degrees(i int32) (whole, decimals int, ok bool) {
	k := r.h.Nodes[i].Kind
	if k != hit.Number && k != hit.String {
		return 0, 0, false
	}
	text := r.h.Text(i)
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	at := 0
	for ; at < len(text) && at < 6 && ascii.IsDigit(text[at]); at++ {
		whole = 10*whole + int(text[at]-'0')
	}
	if at == 0 || at == len(text) {
		return whole, 0, at > 0
	}
	decimals = len(text) - at - 1
	return whole, decimals, text[at] == '.' && decimals > 0 && decimals <= 18 && ascii.Digits(text[at+1:])
}

// saying is what a name says of numbers below it.
type saying uint8

const (
	unsaid    saying = iota
	perhaps          // they may be a place
	certainly        // they are one
	never            // they are none
)

// saysPlace is what the nearest name above says of a value, or its own.
func (r *reading) saysPlace(i int32) saying {
	h := r.h
	for ; i != hit.None; i = h.Nodes[i].Parent {
		if h.Nodes[i].Key.Len() > 0 {
			return ofPlace(h.Bytes(h.KeySpan(i)))
		}
	}
	return unsaid
}

// ofPlace looks at the words of a name: "store_location", "mapCenter".
func ofPlace(name []byte) (says saying) {
	var word [16]byte
	n, before := 0, byte(0)
	end := func() {
		switch {
		case n > len(word):
		case geoWords[string(word[:n])]:
			says = certainly
		case countWords[string(word[:n])] && says != certainly:
			says = never
		case placeWords[string(word[:n])] && says == unsaid:
			says = perhaps
		}
		n = 0
	}
	for _, c := range name {
		switch {
		case !ascii.IsAlnum(c):
			end()
		default:
			if c >= 'A' && c <= 'Z' && before >= 'a' && before <= 'z' {
				end()
			}
			if n < len(word) {
				word[n] = ascii.Lower(c)
			}
			n++
		}
		before = c
	}
	end()
	return says
}
