package scrub

var geoLabels = newVocabulary("lat", "latitude", "lng", "lon", "long", "longitude")

// geo finds pairs of latitude and longitude with four decimals or more each, that is about eleven metres, and single ones with a label
// and three decimals or more.
func (s *scan) geo(i int) (finding, bool) {
	if !s.want.Has(Geo) {
		return finding{}, false
	}
	if c := s.before(i); isWord(c) || c == '.' || c == '-' || c == '_' {
		return finding{}, false
	}
	s.spend(costMachine)
	if end := s.dms(i); end > 0 {
		return finding{span: span{i, end}, kind: Geo}, true
	}
	lat := s.decimal(i)
	if lat.end == 0 {
		return finding{}, false
	}
	if lat.decimals >= 3 && lat.whole <= 180 && s.geoLabel(i) && s.endsNumber(lat.end) {
		return finding{span: span{i, lat.end}, kind: Geo}, true
	}
	if lat.decimals < 4 || lat.whole > 90 {
		return finding{}, false
	}
	k := lat.end
	for k < len(s.text) && k-lat.end < 3 && (s.text[k] == ',' || s.text[k] == ';' || s.text[k] == ' ' || s.text[k] == '~' || s.text[k] == '+') {
		k++
	}
	if k == lat.end {
		return finding{}, false
	}
	lon := s.decimal(k)
	if lon.end == 0 || lon.decimals < 4 || lon.whole > 180 || lat.whole|lon.whole == 0 || !s.endsNumber(lon.end) {
		return finding{}, false
	}
	if s.listed(i) || s.after(lon.end) == ',' && s.after(lon.end+1) == ' ' && isDigit(s.after(lon.end+2)) {
		return finding{}, false
	}
	return finding{span: span{i, lon.end}, kind: Geo}, true
}

// listed tells whether a number and a comma stand in front of i.
func (s *scan) listed(i int) bool {
	k := i
	for k > s.floor && (s.text[k-1] == ' ' || s.text[k-1] == ',') {
		k--
	}
	return k < i && k > s.floor && s.text[k] == ',' && isDigit(s.text[k-1])
}

// geoLabel tells whether the word in front is exactly a label, joined by a colon or an equals sign.
func (s *scan) geoLabel(i int) bool {
	low := max(s.floor, i-maxLabel)
	end, joined := i, false
	for end > low && !isWord(s.text[end-1]) {
		end--
		joined = joined || s.text[end] == ':' || s.text[end] == '='
		if s.text[end] == ',' || s.text[end] == '&' {
			return false
		}
	}
	k := end
	for k > low && isWord(s.text[k-1]) {
		k--
	}
	return joined && geoLabels.has(s.text[k:end])
}

// degree is a decimal number with a sign.
type degree struct {
	whole, decimals int
	end             int // 0 where there is none
}

func (s *scan) decimal(i int) degree {
	if c := s.after(i); c == '-' || c == '+' {
		i++
	}
	start := i
	var g degree
	for i < len(s.text) && isDigit(s.text[i]) && i-start < 4 {
		g.whole = g.whole*10 + int(s.text[i]-'0')
		i++
	}
	if i == start || i-start > 3 || s.after(i) != '.' {
		return degree{}
	}
	i++
	point := i
	for i < len(s.text) && isDigit(s.text[i]) {
		i++
	}
	g.decimals = i - point
	g.end = i
	return g
}

// dms returns where coordinates in degrees, minutes and seconds end, such as 48°51'24.12"N 2°21'03.96"E; 0 where there are none. One of
// the two with a letter for its direction is enough.
func (s *scan) dms(i int) int {
	end := s.arc(i)
	if end == 0 {
		return 0
	}
	k := end
	for k < len(s.text) && k-end < 3 && (s.text[k] == ',' || isSpace(s.text[k])) {
		k++
	}
	return max(end, s.arc(k))
}

func (s *scan) arc(i int) int {
	for part, sign := range []string{"°", "'", `"`} {
		start := i
		for i < len(s.text) && i-start < 8 && (isDigit(s.text[i]) || part == 2 && s.text[i] == '.') {
			i++
		}
		if i == start || part < 2 && i-start > 3 {
			return 0
		}
		switch t := s.text[i:]; {
		case hasFold(t, sign):
			i += len(sign)
		case part == 1 && hasFold(t, "′"), part == 2 && hasFold(t, "″"):
			i += len("′")
		default:
			return 0
		}
		if part == 1 && !isDigit(s.after(i)) {
			break
		}
	}
	if s.after(i) == ' ' {
		i++
	}
	switch s.after(i) {
	case 'N', 'S', 'E', 'W', 'O':
		return i + 1
	}
	return 0
}
