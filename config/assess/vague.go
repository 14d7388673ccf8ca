package assess

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
)

// hardly is what [vague] says of a text that is too short.
const hardly = "says hardly anything"

// fewestWords is how many words a text has that says something.
const fewestWords = 4

// vague says why a text that has to say something does not, in a few words: "says nothing". It is "" where none of what
// is known for that is found; whether the text is right nobody here can tell.
func vague(text string) string {
	words := wordsOf(text)
	said := strings.Join(words, " ")
	switch {
	case config.SaysNothing(text), slices.Contains(evasions, said):
		return "says nothing"
	case placeholder.MatchString(text):
		return "holds a placeholder"
	case len(words) < fewestWords, different(words) < 3:
		return hardly
	}
	return ""
}

// evasions are answers that take a few words to say nothing, in small letters and without marks.
var evasions = []string{
	"not applicable", "none needed", "not needed", "not necessary", "see above", "see below", "same as above",
	"there are none", "there are no alternatives", "there is no alternative", "no alternatives are needed",
	"none of them is needed", "it is not needed", "this is not applicable here", "we need the data", "because we need it",
	"it is in our interest", "it is useful for us", "as described above",
	"es gibt keine alternativen", "es gibt keine alternative", "das ist nicht erforderlich", "das trifft nicht zu",
	"wie oben beschrieben", "wir brauchen die daten", "es liegt in unserem interesse",
	"il n y a pas d alternative", "il n y a aucune alternative", "ce n est pas nécessaire", "ce n est pas applicable",
	"comme décrit ci dessus", "nous avons besoin des données", "c est dans notre intérêt",
}

// placeholder is what stands where somebody meant to write something later. Marks in brackets are such.
var placeholder = regexp.MustCompile(
	`(?i)\b(todo|tbd|tbc|fixme|xxx+|lorem ipsum|to be (determined|completed|defined|added)|` +
		`fill (this )?in|noch (zu )?(ergänzen|ausfüllen)|wird (noch )?(ergänzt|nachgereicht))\b|` +
		`(^|\s)à (compléter|définir|préciser)|<[^<>]*>|\[[^\][]*\]|\.\.\.|…`)

// different counts different words.
func different(words []string) int {
	words = slices.Sorted(slices.Values(words))
	return len(slices.Compact(words))
}
