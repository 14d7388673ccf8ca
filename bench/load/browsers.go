package load

import "fmt"

// browser is what a browser says of itself in each hit.
type browser struct {
	agent string // User-Agent
	hints string // what gtag.js adds of client hints, where a browser has them
}

// browsersOf are those that visit shops: families with some versions each, the most frequent first.
func browsersOf() (all []browser) {
	const webKit = "AppleWebKit/537.36 (KHTML, like Gecko) "
	for back := range 24 {
		chrome, firefox := 141-back, 144-back
		hints := func(os, version string, mobile int) string {
			return fmt.Sprintf("&uaa=x86&uab=64&uafvl=Chromium%%3B%d.0.0.0%%7CNot%%25253FA_Brand%%3B8.0.0.0&uamb=%d&uap=%s&uapv=%s",
				chrome, mobile, os, version)
		}
		agent := func(format string, args ...any) string { return "Mozilla/5.0 " + fmt.Sprintf(format, args...) }
		all = append(all,
			browser{agent("(Windows NT 10.0; Win64; x64) %sChrome/%d.0.0.0 Safari/537.36", webKit, chrome),
				hints("Windows", "15.0.0", 0)},
			browser{agent("(Linux; Android 10; K) %sChrome/%d.0.0.0 Mobile Safari/537.36", webKit, chrome),
				hints("Android", "15.0.0", 1)},
			browser{agent("(iPhone; CPU iPhone OS 18_%d like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.%d "+
				"Mobile/15E148 Safari/604.1", back%8, back%8), ""},
			browser{agent("(Macintosh; Intel Mac OS X 10_15_7) %sChrome/%d.0.0.0 Safari/537.36", webKit, chrome),
				hints("macOS", "15.6.1", 0)},
			browser{agent("(Windows NT 10.0; Win64; x64; rv:%d.0) Gecko/20100101 Firefox/%d.0", firefox, firefox), ""},
			browser{agent("(Windows NT 10.0; Win64; x64) %sChrome/%d.0.0.0 Safari/537.36 Edg/%d.0.0.0", webKit, chrome, chrome),
				hints("Windows", "15.0.0", 0)},
			browser{agent("(X11; Linux x86_64) %sChrome/%d.0.0.0 Safari/537.36", webKit, chrome), hints("Linux", "6.12.0", 0)},
		)
	}
	return all
}

// locale is the language that a browser is set to.
type locale struct{ tag, accept string }

var locales = []locale{
	{"de-de", "de-DE,de;q=0.9,en;q=0.8"}, {"de", "de,en-US;q=0.7,en;q=0.3"}, {"en-us", "en-US,en;q=0.9"},
	{"de-at", "de-AT,de;q=0.9,en;q=0.8"},
	{"en-gb", "en-GB,en;q=0.9"}, {"fr-fr", "fr-FR,fr;q=0.9,en;q=0.8"}, {"tr-tr", "tr-TR,tr;q=0.9,de;q=0.8"},
	{"pl-pl", "pl-PL,pl;q=0.9,en;q=0.8"},
	{"nl-nl", "nl-NL,nl;q=0.9,en;q=0.8"}, {"it-it", "it-IT,it;q=0.9,en;q=0.8"}, {"es-es", "es-ES,es;q=0.9,en;q=0.8"},
	{"de-ch", "de-CH,de;q=0.9,fr;q=0.8"},
	{"uk", "uk,en-US;q=0.9,en;q=0.8"}, {"ru-ru", "ru-RU,ru;q=0.9,en;q=0.8"}, {"da-dk", "da-DK,da;q=0.9,en;q=0.8"},
	{"sv-se", "sv-SE,sv;q=0.9,en;q=0.8"},
}
