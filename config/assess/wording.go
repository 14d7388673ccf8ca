package assess

import (
	"slices"
	"strings"
	"unicode"
)

// What a text speaks of, by words and phrases; a star stands for any ending.
var (
	customerWords = []string{"customer*", "client", "clients", "member", "members", "subscriber*", "existing", "kunde*",
		"kundin*", "bestandskund*", "mitglied*", "abonné*"}
	prospectWords = []string{
		"prospect*", "lookalike*", "look alike", "cold", "acquisition", "acquire", "new customers", "lead generation",
		"leads", "win new",
		"neukund*", "akquise", "gewinnung", "prospection", "nouveaux clients",
	}
	profilingWords = []string{"profil*", "scor*", "predict*", "propensity", "machine learning", "artificial intelligence",
		"ai", "maschinelles lernen", "künstliche intelligenz", "vorhersag*", "prédi*"}
	scaleWords = []string{"large scale", "großem umfang", "grande échelle"}
	childWords = []string{"child*", "minor", "minors", "teen*", "kinder*", "kind", "minderjähr*", "jugendlich*",
		"enfant*", "mineur*"}
)

// negations take back what follows within a few words.
var negations = strings.Fields(
	"no not never nothing nobody without neither kein keine keinen keiner nicht nie ohne aucun aucune pas sans jamais")

// reach is how many words a negation reaches.
const reach = 4

// speaks tells whether a text speaks of one of the phrases, other than to deny it.
func speaks(text string, phrases []string) bool {
	words := wordsOf(text)
	for i := range words {
		if slices.ContainsFunc(phrases, func(p string) bool { return begins(words[i:], strings.Fields(p)) }) &&
			!slices.ContainsFunc(words[max(0, i-reach):i], func(w string) bool { return slices.Contains(negations, w) }) {
			return true
		}
	}
	return false
}

// begins tells whether words begin with a phrase.
func begins(words, phrase []string) bool {
	if len(words) < len(phrase) {
		return false
	}
	for i, want := range phrase {
		stem, open := strings.CutSuffix(want, "*")
		if words[i] != stem && (!open || !strings.HasPrefix(words[i], stem)) {
			return false
		}
	}
	return true
}

// wordsOf takes a text apart into words of small letters.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}
