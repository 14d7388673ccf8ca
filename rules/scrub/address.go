package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// addresses finds streets with house numbers.
type addresses struct{ *view }

// Words that make a street of the words beside them, lower case.
var (
	// typeBehind stand behind the name, with the number in front: "12 Example Street".
	typeBehind = newVocabulary(
		"street", "st", "road", "rd", "avenue", "ave", "lane", "ln", "boulevard", "blvd", "drive", "dr", "terrace",
		"crescent", "square", "close",
		"court", "parkway", "highway", "mews", "grove",
	)
	// typeBetween stand between name and number: "Example Street 12", "Berliner Straße 12", "Victor Hugo utca 49".
	typeBetween = newVocabulary(
		"street", "road", "avenue", "lane", "boulevard", "straße", "strasse", "str", "straat", "laan", "allee", "gasse",
		"weg", "platz", "markt", "ufer", "damm",
		"gracht", "gatan", "gata", "vägen", "vej", "vei", "veien", "terrasse", "utca", "u", "út", "tér", "körút", "cesta",
		"tänav", "voorhout", "plein",
	)
	// typeFront stand in front of the name: "5 rue X", "Via Roma 12".
	typeFront = newVocabulary(
		"rue", "avenue", "av", "boulevard", "bd", "chemin", "impasse", "quai", "allée", "allee", "via", "viale", "vicolo",
		"piazza", "corso", "calle", "avenida",
		"paseo", "rua", "rúa", "travessa", "ulica", "ulice", "ul", "al", "aleja", "aleje", "plac", "plaza",
		"place", "trg", "largo",
		"ulicy", "ulicą", "alei", "aleją", "placu", "osiedle", "osiedlu", "os", "praça", "praca",
	)
	// typeDoubtful are those of typeFront that are words of other languages too: the name behind them wants a capital.
	typeDoubtful = newVocabulary(
		"via", "place", "plaza", "av", "al", "quai", "largo", "corso", "bd", "plac", "praca", "praça", "os", "osiedle",
	)
	// typeEnd end a word that is name and type in one: "Hauptstraße 5". All but the first want a capital.
	typeEnd = newVocabulary(
		"straße", "strasse", "str", "straat", "gasse", "allee", "platz", "weg", "damm", "ufer", "chaussee", "gracht", "plein",
		"laan", "gatan", "sgata", "vägen",
		"vej", "vegen", "veien", "rgade", "ogade", "sgade", "katu", "kuja", "ntie", "vegur", "braut", "stræti", "straeti",
		"brücke", "singel", "dijk", "stieg",
	)
	// connectors stand between type and name.
	connectors = newVocabulary("de", "du", "des", "del", "della", "di", "da", "do", "la", "le", "les", "los",
		"l", "d", "of", "the")
	// numberWords stand between a street's name and the number of the house.
	numberWords = newVocabulary("nº", "n°", "n", "no", "nr", "num", "núm", "número", "numero", "numéro", "number")
	// media are what carries films, games and music, which are called after streets.
	media = newVocabulary(
		"dvd", "dvds", "blu", "bluray", "cd", "cds", "lp", "vinyl", "vinilo", "vinile", "winyl", "remaster",
		"remastered", "film",
		"movie", "game", "spiel", "serie", "series", "season", "staffel", "folge", "episode", "episodio",
		"poster", "comic",
		"cómic", "soundtrack", "ost", "trailer", "stream", "streaming", "hd", "uhd", "4k", "ps4", "ps5", "xbox", "pc",
		"switch", "album", "álbum", "novel", "roman", "hörspiel", "jeu", "juego", "gioco", "gra", "jogo",
		"filme", "book",
	)
	// repeats stand between a house number and a street's name, for "twice" and the like.
	repeats = newVocabulary("bis", "ter", "quater")
)

// houseNumber tells whether the word is one to five digits with at most one letter behind.
func (in addresses) houseNumber(w span) bool {
	t := in.of(w)
	n := 0
	for n < len(t) && isDigit(t[n]) {
		n++
	}
	return n >= 1 && n <= 5 && (n == len(t) || n+1 == len(t) && isLetter(t[n])) && t[0] != '0'
}

// fromNumber finds addresses that start with the house number [i, j).
func (in addresses) fromNumber(i, j int) (finding, bool) {
	if !in.want.Has(Address) || !in.houseNumber(span{i, j}) {
		return finding{}, false
	}
	if c := in.before(i); isWord(c) || c == '.' || c == '-' || c == '#' || c == '_' {
		return finding{}, false
	}
	ws := in.wordsFrom(j, 5)
	if ws.n < 2 || ws.w[0].start == j || in.text[j] == '.' {
		return finding{}, false
	}
	if repeats.has(in.of(ws.w[0].span)) || ws.w[0].end-ws.w[0].start == 1 && ascii.IsUpper(in.text[ws.w[0].start]) {
		ws.w = ws.w[1:]
		ws.n--
	}
	if end := in.nameBehindType(&ws); end > 0 {
		return finding{span: span{i, end}, kind: Address}, true
	}
	named := true
	for k := range ws.n {
		if k > 0 && in.is(&ws.w[k], behindWord) {
			long := ws.w[k].end-ws.w[k].start > 4
			if named || long && !in.goesOn(ws.w[k].end) {
				return finding{span: span{i, ws.w[k].end}, kind: Address}, true
			}
		}
		named = named && in.named(ws.w[k].span)
	}
	return finding{}, false
}

// titled leaves out what is the name of a film, a game or a record: the word behind it says what carries it.
func (in addresses) titled(f finding, ok bool) (finding, bool) {
	if !ok {
		return finding{}, false
	}
	start := f.end
	for start < len(in.text) && start-f.end < 2 && (isSpace(in.text[start]) || in.text[start] == '(') {
		start++
	}
	end := start
	for end < len(in.text) && end-start < maxMedium && isWord(in.text[end]) {
		end++
	}
	if in.spend(end - f.end); start > f.end && media.has(in.text[start:end]) {
		return finding{}, false
	}
	return f, true
}

// maxMedium bounds a word of media, in bytes: one more than the longest has.
const maxMedium = 12

// calle finds Spanish addresses that start with a short "calle" at [i, j): "C/ Mayor, 12".
func (in addresses) calle(i, j int) (finding, bool) {
	c := in.before(i)
	if !in.want.Has(Address) || in.text[i]|0x20 != 'c' || c == '/' || c == '_' || c == '-' || c == '.' {
		return finding{}, false
	}
	k := j + 1
	if isSpace(in.after(k)) {
		k++
	}
	if k >= len(in.text) || !isWord(in.text[k]) {
		return finding{}, false
	}
	end := k
	for end < len(in.text) && end-k <= maxNextWord && isWord(in.text[end]) {
		end++
	}
	in.spend(end - i)
	ws, named := in.wordsFrom(end, 4), in.named(span{k, end})
	for n := range ws.n {
		if named && in.houseEnd(ws.w[n].span) {
			return finding{span: span{i, in.houseTo(ws.w[n].span)}, kind: Address}, true
		}
		named = in.named(ws.w[n].span) || named && numberWords.has(in.of(ws.w[n].span))
	}
	return finding{}, false
}

// goesOn tells whether another word follows at i.
func (in addresses) goesOn(i int) bool {
	return gapByte(in.after(i)) && isLetter(in.after(i+1))
}

// nameBehindType returns where "rue de la Paix" ends, 0 where the words are no such thing.
func (in addresses) nameBehindType(ws *words) int {
	if ws.n < 2 || !in.is(&ws.w[0], frontWord) {
		return 0
	}
	for k := 1; k < ws.n; k++ {
		if !connectors.has(in.of(ws.w[k].span)) {
			if isDigit(in.text[ws.w[k].start]) || !in.named(ws.w[k].span) && typeDoubtful.has(in.of(ws.w[0].span)) {
				return 0
			}
			return ws.w[k].end
		}
	}
	return 0
}

// maxAddress bounds how far behind the first word of a street its number may stand.
const maxAddress = 80

// fromName finds addresses that start with the street's name or type [i, j) and end with the house number.
func (in addresses) fromName(i, j int) (finding, bool) {
	if !in.want.Has(Address) || j-i > 40 || in.before(i) == '@' {
		return finding{}, false
	}
	first := span{i, j}
	if in.endsInType(first) {
		if ws := in.wordsFrom(j, 1); ws.n == 1 && in.houseEnd(ws.w[0].span) &&
			!isBirthYear(in.of(ws.w[0].span)) { // "Alexanderplatz 1980"
			return finding{span: span{i, in.houseTo(ws.w[0].span)}, kind: Address}, true
		}
	}
	if typeFront.has(in.of(first)) {
		ws := in.wordsFrom(j, 5)
		for k := 1; k < ws.n; k++ {
			name := k - 1
			if k > 1 && numberWords.has(in.of(ws.w[name].span)) {
				name--
			}
			if in.houseEnd(ws.w[k].span) && in.named(ws.w[name].span) {
				return finding{span: span{i, in.houseTo(ws.w[k].span)}, kind: Address}, true
			}
			if isDigit(in.text[ws.w[k].start]) {
				break
			}
		}
	}
	upper := in.named(first)
	ws := in.wordsFrom(j, 4)
	for k := 0; k+1 < ws.n; k++ {
		if in.is(&ws.w[k], betweenWord) && in.houseEnd(ws.w[k+1].span) && (upper || ws.w[k].end-ws.w[k].start >= 5) {
			if isBirthYear(in.of(ws.w[k+1].span)) { // "Abbey Road 2019"
				break
			}
			return finding{span: span{i, in.houseTo(ws.w[k+1].span)}, kind: Address}, true
		}
		if !in.named(ws.w[k].span) {
			break
		}
	}
	return finding{}, false
}

// houseTo returns where the house number ends that starts with a word that houseEnd accepted: "10/12" and "10-12" are.
func (in addresses) houseTo(w span) int {
	mark := in.after(w.end)
	if mark != '/' && mark != '-' {
		return w.end
	}
	end := w.end + 1
	for end < len(in.text) && end-w.end <= 4 && isDigit(in.text[end]) {
		end++
	}
	if end == w.end+1 || end-w.end > 4 && mark == '-' || isWord(in.after(end)) || in.after(end) == mark {
		return w.end
	}
	return end
}

// houseEnd tells whether the word is a house number that ends there.
func (in addresses) houseEnd(w span) bool {
	return in.houseNumber(w) && w.end-w.start <= 5 && in.after(w.end) != '%' &&
		(in.endsNumber(w.end) || in.after(w.end) == '-' && in.houseTo(w) > w.end)
}

// endsInType tells whether the word is a street's name and type in one, such as "Hauptstraße". Endings
// that other words share want a capital.
func (in addresses) endsInType(w span) bool {
	end := typeEnd.ending(in.of(w), 0, 3)
	return end != "" && (in.named(w) || end == "straße" || end == "strasse")
}
