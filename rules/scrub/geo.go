package scrub

// coordinates finds places by latitude and longitude.
type coordinates struct{ *view }

var (
	geoLabels = newVocabulary("lat", "latitude", "lng", "lon", "long", "longitude")
	// geoWords name coordinates where four decimals follow: shorter numbers behind them are sizes.
	geoWords = newVocabulary(
		"lat", "latitude", "lng", "lon", "longitude", "breite", "länge", "breitengrad", "längengrad", "latitud",
		"longitud",
		"latitudine", "longitudine", "breedtegraad", "lengtegraad", "szerokość", "długość", "gps",
	)
)

// at finds pairs of latitude and longitude with four decimals or more each, that is about eleven metres, and single
// ones with a label and three decimals or more.
func (in coordinates) at(i int) (finding, bool) {
	if !in.want.Has(Geo) {
		return finding{}, false
	}
	if c := in.before(i); isWord(c) || c == '.' || c == '-' || c == '_' {
		return finding{}, false
	}
	in.spend(costMachine)
	if end := in.dms(i); end > 0 {
		return finding{span: span{i, end}, kind: Geo}, true
	}
	lat := in.decimal(i)
	if lat.end == 0 {
		return finding{}, false
	}
	if lat.decimals >= 3 && lat.whole <= 180 && in.endsNumber(lat.end) && in.byLabel(i, lat.decimals) {
		return finding{span: span{i, lat.end}, kind: Geo}, true
	}
	if lat.decimals < 4 || lat.whole > 90 {
		return finding{}, false
	}
	k := lat.end
	for k < len(in.text) && k-lat.end < 3 &&
		(in.text[k] == ',' || in.text[k] == ';' || in.text[k] == ' ' || in.text[k] == '~' || in.text[k] == '+') {
		k++
	}
	if k == lat.end {
		return finding{}, false
	}
	lon := in.decimal(k)
	if lon.end == 0 || lon.decimals < 4 || lon.whole > 180 || lat.whole|lon.whole == 0 ||
		!in.endsNumber(lon.end) && !in.zoomed(lon.end) {
		return finding{}, false
	}
	if in.round(&lat) && in.round(&lon) || in.listed(i) ||
		in.after(lon.end) == ',' && in.after(lon.end+1) == ' ' && isDigit(in.after(lon.end+2)) {
		return finding{}, false
	}
	return finding{span: span{i, lon.end}, kind: Geo}, true
}

// zoomed tells whether a map's zoom follows: ",15z", ",12.5z".
func (in coordinates) zoomed(i int) bool {
	k := i + 1
	for k < len(in.text) && k-i < 6 && (isDigit(in.text[k]) || in.text[k] == '.') {
		k++
	}
	return in.after(i) == ',' && k > i+1 && in.after(k) == 'z'
}

// comma finds what is called a latitude or a longitude and has a comma in front of its decimals, which end the word
// [i, j).
func (in coordinates) comma(i, j int) (finding, bool) {
	end := j + 1
	for end < len(in.text) && end-j <= maxDigits && isDigit(in.text[end]) {
		end++
	}
	if in.spend(costMachine); !in.want.Has(Geo) || end-j-1 < 4 || isWord(in.before(i)) || !in.endsNumber(end) ||
		!in.byLabel(i, end-j-1) {
		return finding{}, false
	}
	return finding{span: span{i, end}, kind: Geo}, true
}

// round tells whether the decimals are four and those of a fraction: of eighths, thirds or sixths, as means and ratings
// have them. Of two that are, 14 000 places in a thousand million are taken for such.
func (in coordinates) round(g *degree) bool {
	if g.decimals != 4 {
		return false
	}
	d := small(in.text[g.end-4 : g.end])
	return d%125 == 0 || d == 3333 || d == 6667 || d == 1667 || d == 8333
}

// listed tells whether a number and a comma stand in front of i.
func (in coordinates) listed(i int) bool {
	k := i
	for k > in.floor && (in.text[k-1] == ' ' || in.text[k-1] == ',') {
		k--
	}
	return k < i && k > in.floor && in.text[k] == ',' && isDigit(in.text[k-1])
}

// byLabel tells whether the word in front is a label: joined by a colon or an equals sign, or with four decimals or
// more behind it.
func (in coordinates) byLabel(i, decimals int) bool {
	low := max(in.floor, i-maxLabel)
	end, joined := i, false
	for end > low && !isWord(in.text[end-1]) {
		end--
		joined = joined || in.text[end] == ':' || in.text[end] == '='
		if in.text[end] == ',' || in.text[end] == '&' {
			return false
		}
	}
	k := end
	for k > low && isWord(in.text[k-1]) {
		k--
	}
	return joined && geoLabels.has(in.text[k:end]) || decimals >= 4 && geoWords.has(in.text[k:end])
}

// degree is a decimal number with a sign.
type degree struct {
	whole, decimals int
	end             int // 0 where there is none
}

func (in coordinates) decimal(i int) degree {
	if c := in.after(i); c == '-' || c == '+' {
		i++
	}
	start := i
	var g degree
	for i < len(in.text) && isDigit(in.text[i]) && i-start < 4 {
		g.whole = g.whole*10 + int(in.text[i]-'0')
		i++
	}
	if i == start || i-start > 3 || in.after(i) != '.' {
		return degree{}
	}
	i++
	point := i
	for i < len(in.text) && isDigit(in.text[i]) {
		i++
	}
	g.decimals = i - point
	g.end = i
	return g
}

// dms returns where coordinates in degrees, minutes and seconds end, such as 48°51'24.12"N 2°21'03.96"E; 0 where there
// are none. One of the two with a letter for its direction is enough.
func (in coordinates) dms(i int) int {
	end := in.arc(i)
	if end == 0 {
		return 0
	}
	k := end
	for k < len(in.text) && k-end < 3 && (in.text[k] == ',' || isSpace(in.text[k])) {
		k++
	}
	return max(end, in.arc(k))
}

func (in coordinates) arc(i int) int {
	for part, sign := range []string{"°", "'", `"`} {
		start := i
		for i < len(in.text) && i-start < 8 && (isDigit(in.text[i]) || part == 2 && in.text[i] == '.') {
			i++
		}
		if i == start || part < 2 && i-start > 3 {
			return 0
		}
		switch t := in.text[i:]; {
		case hasFold(t, sign):
			i += len(sign)
		case part == 1 && hasFold(t, "′"), part == 2 && hasFold(t, "″"):
			i += len("′")
		default:
			return 0
		}
		if part == 1 && !isDigit(in.after(i)) {
			break
		}
	}
	if in.after(i) == ' ' {
		i++
	}
	switch in.after(i) {
	case 'N', 'S', 'E', 'W', 'O':
		return i + 1
	}
	return 0
}
