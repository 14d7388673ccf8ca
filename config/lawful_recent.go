package config

import (
	"strings"
	"unicode"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// mailOpens are names of the event that somebody opened an e-mail, as vendors of mail write them, letters alone.
var mailOpens = wordSet(`emailopen emailopened emailopens openedemail openemail mailopen mailopened newsletteropen
	newsletteropened messageopened emailmarketingopened emailmessageopened openedmail openmail emailsopened emailread
	mailgeöffnet emailgeöffnet newslettergeöffnet emailouvert mailouvert newsletterouverte ouvertureemail`)

// lettersOf are the letters of a name, all small.
func lettersOf(event string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, event)
}

// mailOpen tells whether an event's name says that an e-mail was opened.
func mailOpen(event string) bool {
	letters := strings.TrimSuffix(lettersOf(event), "v") // of a version
	return mailOpens[letters] || strings.HasSuffix(letters, "emailopen") || strings.HasSuffix(letters, "emailopened")
}

// opensBy tells whether a beginning may be that of such a name.
func opensBy(event string) bool {
	beginning, open := strings.CutSuffix(event, "*")
	if !open || beginning == "" {
		return false
	}
	for name := range mailOpens {
		if strings.HasPrefix(name, lettersOf(beginning)) && lettersOf(beginning) != "" {
			return true
		}
	}
	return mailOpen(beginning)
}

// opens refuses to measure without consent who opens e-mails, where visitors may be in France.
func (c law) opens(a *Activity, b basis.Basis, at func(...any) []any) {
	if b == basis.Consent || b == basis.None || !c.loaded.mayBeIn(a, "FR") {
		return
	}
	for i, event := range a.Events {
		if mailOpen(event) || opensBy(event) {
			c.refuse(c.activities, at("events", i), "lawful/email-opens",
				"%s says of each person whether an e-mail was opened, and visitors may be in France: take consent for the "+
					"basis, leave the event out, or say by regions: that it is for others", event)
		}
	}
}

// googleVendor is the number of Google's advertising products in the IAB's list of vendors.
const googleVendor = 755

// googleAddress warns where Google gets whole addresses of visitors, and no purpose is to know devices for advertising.
func (c law) googleAddress(a *Activity) {
	file := c.loaded.vendors[a.Vendor]
	if file == nil || file.IAB != googleVendor || !c.loaded.mayBeIn(a, "EEA") && !c.loaded.mayBeIn(a, "UK") &&
		!c.loaded.mayBeIn(a, "CH") {
		return
	}
	for _, id := range a.Purposes {
		for _, n := range c.loaded.Purposes[id].TCF {
			if n == 3 || n == 4 {
				return
			}
		}
	}
	for _, line := range c.loaded.passing(a) {
		if line.Class == hit.IP && line.Spec.Kind == minimise.Keep {
			c.refuse(c.profiles, line.At, "lawful/google-address",
				"activity %s passes whole addresses to Google, which knows devices by them since 3 August 2026 to measure and "+
					"to personalise advertising, and no purpose of it is TCF purpose 3 or 4: write { truncate: { v4: 24, v6: "+
					"48 } }, or drop", a.ID)
			return
		}
	}
}
