package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// paperLabels are what papers of persons are called.
var paperLabels = newLabels(paperBit,
	"passport", "reisepass", "personalausweis", "ausweis", "führerschein", "fuehrerschein", "passeport", "identité",
	"permis", "pasaporte", "identidad", "passaporto", "identità", "paspoort", "identiteit", "rijbewijs", "paszport",
	"dowód", "dowod", "dowodu", "prawo", "passaporte", "identidade", "licence", "license", "cidadão", "cidadao",
)

// paper tells whether the word is what stands on a passport, an identity card or a driving licence, and is called so:
// 7 to 18 capitals and digits, five digits or more. Their check digits, where they have any, stand in other places.
func (in nationalIDs) paper(i, j int) bool {
	if j-i < 7 || j-i > 18 {
		return false
	}
	digits := 0
	for _, c := range in.text[i:j] {
		if isDigit(c) {
			digits++
		} else if !ascii.IsUpper(c) {
			return false
		}
	}
	return digits >= 5 && (digits < j-i || j-i < 13) && in.endsNumber(j) && in.labelled(i, 4, paperLabels)
}
