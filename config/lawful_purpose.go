package config

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/tagwarden/tagwarden/config/strict"
)

// vague are words that say neither what is done with data nor to which end (English, German, French). A title of
// nothing but these, and of fillers, is no purpose.
var vague = wordSet(`
	ad ads advertisement advertisements advertising analysis analyse analyses analytic analytics analyze better business commercial communication content
	data development develop enhance enhancement enhancing everything experience experiences functional functionality general improve improved
	improvement improvements improving insight insights internal it legitimate interest interests marketing measurement measurements offer offering
	operational operations optimisation optimise optimising optimization optimize optimizing other others performance personalisation personalise
	personalization personalize personalized process processing product products promotion provide providing quality reporting research security
	service services statistic statistical statistics technical tracking ux

	analyse analysen analysieren angebot angebote auswertung benutzererfahrung benutzererlebnis besser betrieb daten dienst dienste dienstleistungen
	diverses entwicklung erfahrung erlebnis forschung funktionalität geschäftliche interesse interessen interne kundenerlebnis leistung marketingzwecke
	messung nutzererfahrung nutzererlebnis nutzungserlebnis optimieren optimierung personalisierung produkt produkte qualität sicherheit sonstiges
	statistik statistiken statistische verbessern verbesserung verarbeitung werbezwecke werbung zwecke

	améliorer amélioration analyser commerciale commerciales commerciaux développement données expérience fonctionnement intérêt légitime mesure mesures
	offre offres optimiser performances personnalisation personnaliser produits publicitaire publicitaires publicité qualité recherche sécurité
	statistique statistiques traitement`)

// fillers are words that narrow nothing.
var fillers = wordSet(`
	a an and at by for from in of on or our the their to us use used uses using we with your you all any app apps client clients customer customers
	online page pages purpose purposes reason reasons site sites user users user's users' visitor visitors web website websites more further etc
	like want wants wish wishes would

	alle an auf aus bei besuchern das der den dem des die ein eine einer für gründe gründen im in kunde kunden mit nutzer nutzern oder seite seiten
	sowie möchten über und uns unser unsere unserem unseren unserer unseres von webseite wir wollen zu zum zur zweck zwecken

	à au aux ce ces clients d dans de des du en et fin fins l la le les nos notre nous ou par pour site souhaitons sur un une utilisateur utilisateurs visiteurs vos votre voulons`)

func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		set[word] = true
	}
	return set
}

// Unspecific tells whether a title says nothing specific.
func Unspecific(title string) bool {
	said := false
	for word := range strings.FieldsFuncSeq(strings.ToLower(title), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		if !vague[word] && !fillers[word] && len([]rune(word)) > 1 {
			return false
		}
		said = true
	}
	return said
}

// purpose looks at what a purpose is called, in each language.
func (c law) purpose(id string) {
	at := strict.Path("purposes", id, "title")
	for _, language := range slices.Sorted(maps.Keys(c.loaded.Purposes[id].Title)) {
		if title := c.loaded.Purposes[id].Title[language]; Unspecific(title) {
			place := at
			if language != "" {
				place = append(slices.Clone(at), language)
			}
			c.refuse(c.purposes, place, "lawful/purpose-title",
				"%q does not say what is done, and to which end: write it as in \"Measure the audience of our "+
					"pages\"", strict.Shortened(title))
		}
	}
}

// SaysNothing tells whether a text says nothing: none, no, n/a, a placeholder.
func SaysNothing(text string) bool {
	text = strings.ToLower(strings.Trim(strings.TrimSpace(text), ".…-_?"))
	return slices.Contains([]string{"", "none", "no", "n/a", "na", "nothing", "todo", "tbd", "xxx", "x", "keine", "nein",
		"aucun", "aucune", "non"}, text)
}
