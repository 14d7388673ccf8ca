package minimise

import "bytes"

// browsers are the products by which a browser is known, the first that occurs. Written is what stands in the generalised user agent,
// with %v for the major version; %c is that of the engine, from "Chrome/".
var browsers = []struct{ product, written string }{
	{"EdgiOS/", "EdgiOS/%v.0"}, {"EdgA/", "Chrome/%c.0.0.0 EdgA/%v.0.0.0"}, {"Edg/", "Chrome/%c.0.0.0 Safari/537.36 Edg/%v.0.0.0"}, {"Edge/", "Edge/%v.0"},
	{"OPR/", "Chrome/%c.0.0.0 Safari/537.36 OPR/%v.0.0.0"}, {"SamsungBrowser/", "SamsungBrowser/%v.0 Chrome/%c.0.0.0"}, {"YaBrowser/", "Chrome/%c.0.0.0 YaBrowser/%v.0"},
	{"Vivaldi/", "Chrome/%c.0.0.0 Vivaldi/%v.0"}, {"UCBrowser/", "UCBrowser/%v.0"}, {"FxiOS/", "FxiOS/%v.0"}, {"CriOS/", "CriOS/%v.0"}, {"Firefox/", "Firefox/%v.0"},
	{"Chrome/", "Chrome/%v.0.0.0 Safari/537.36"}, {"HeadlessChrome/", "HeadlessChrome/%v.0.0.0"}, {"Version/", "Version/%v.0 Safari/605.1.15"}, {"MSIE ", "MSIE %v.0"},
	{"Trident/", "Trident/%v.0"},
}

// platforms are what a user agent's first brackets may hold, the first that occurs, and what is written.
var platforms = []struct{ sign, written string }{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"iPod", "iPhone"}, {"Android", "Linux; Android"}, {"Windows", "Windows"}, {"Macintosh", "Macintosh"}, {"CrOS", "X11; CrOS"},
	{"Linux", "X11; Linux"}, {"X11", "X11; Linux"},
}

// clients are programs that are no browsers and say "name/version" first.
var clients = []string{
	"okhttp/", "curl/", "Wget/", "python-requests/", "Python-urllib/", "Dart/", "Go-http-client/", "axios/", "node-fetch/", "undici/", "PostmanRuntime/", "Java/",
	"Apache-HttpClient/", "GuzzleHttp/", "Ruby/", "CFNetwork/",
}

// bots are robots, by a sign that occurs anywhere.
var bots = []string{"Googlebot", "bingbot", "YandexBot", "DuckDuckBot", "Applebot", "Baiduspider", "facebookexternalhit", "AhrefsBot", "SemrushBot"}

// appendAgent appends the family and major version of a user agent (RFC 9110, section 10.1.5), in a form that parsers still read:
// "Mozilla/5.0 (Windows) Chrome/141.0.0.0 Safari/537.36". Doing it again changes nothing. False where nothing is known of it.
func appendAgent(dst, agent []byte) ([]byte, bool) {
	for _, b := range bots {
		if bytes.Contains(agent, []byte(b)) {
			return append(append(append(dst, "Mozilla/5.0 (compatible; "...), b...), ')'), true
		}
	}
	for _, c := range clients {
		if bytes.HasPrefix(agent, []byte(c)) {
			if major := digitsAt(agent[len(c):]); len(major) > 0 {
				return append(append(dst, c...), major...), true
			}
		}
	}
	if !bytes.HasPrefix(agent, []byte("Mozilla/")) {
		return dst, false
	}
	platform := platformOf(agent)
	if platform == "" {
		return dst, false
	}
	dst = append(append(append(dst, "Mozilla/5.0 ("...), platform...), ')')
	if bytes.Contains(agent, []byte("Mobile")) {
		dst = append(dst, " Mobile"...)
	}
	for _, b := range browsers {
		if major := product(agent, b.product); len(major) > 0 {
			return appendProduct(append(dst, ' '), b.written, major, product(agent, "Chrome/")), true
		}
	}
	return dst, true
}

// platformOf returns what is written for the platform, "" where none is known.
func platformOf(agent []byte) string {
	open := bytes.IndexByte(agent, '(')
	if open < 0 {
		return ""
	}
	inside := agent[open:]
	if end := bytes.IndexByte(inside, ')'); end >= 0 {
		inside = inside[:end]
	}
	for _, p := range platforms {
		if bytes.Contains(inside, []byte(p.sign)) {
			return p.written
		}
	}
	return ""
}

// product returns the major version behind a product's name, nil where it does not occur.
func product(agent []byte, name string) []byte {
	for from := 0; ; {
		i := bytes.Index(agent[from:], []byte(name))
		if i < 0 {
			return nil
		}
		i += from
		from = i + len(name)
		if i == 0 || !isLetter(agent[i-1]) {
			return digitsAt(agent[from:])
		}
	}
}

// digitsAt returns up to four digits that b starts with, nil for none or more.
func digitsAt(b []byte) []byte {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	if n > 4 {
		return nil
	}
	return b[:n]
}

func appendProduct(dst []byte, written string, major, engine []byte) []byte {
	if len(engine) == 0 {
		engine = major
	}
	for i := 0; i < len(written); i++ {
		if written[i] != '%' {
			dst = append(dst, written[i])
			continue
		}
		if i++; written[i] == 'v' {
			dst = append(dst, major...)
		} else {
			dst = append(dst, engine...)
		}
	}
	return dst
}
