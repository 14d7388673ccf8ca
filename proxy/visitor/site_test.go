package visitor_test

import (
	"net"
	"time"

	"github.com/tagwarden/tagwarden/proxy/visitor"
)

type conn = net.Conn

// testSite is a shop with purposes of every kind.
func testSite() *visitor.Site {
	titles := map[string][]string{
		"en": {
			"Measure the audience of our pages", "Counts of pages and visits, to find errors and improve content.",
			"Show people our products that they looked at",
			"Advertisements of our own shop on other sites, for people who looked at a product here.", "Deliver orders",
			"Tell apart people and programs in logins",
			"A legitimate interest", "Art. 6(1)(f) GDPR", "Your consent", "Art. 6(1)(a) GDPR", "A contract with you",
			"Art. 6(1)(b) GDPR", "Germany", "United States", "Ireland",
		},
		"de": {
			"Die Nutzung unserer Seiten messen", "Zählt Seiten und Besuche, um Fehler zu finden und Inhalte zu verbessern.",
			"Menschen unsere Waren zeigen, die sie angesehen haben",
			"Werbung unseres Ladens auf anderen Websites, für Menschen, die hier eine Ware ansahen.", "Bestellungen liefern",
			"Menschen und Programme beim Anmelden unterscheiden",
			"Ein berechtigtes Interesse", "Art. 6 Abs. 1 lit. f DSGVO", "Ihre Einwilligung", "Art. 6 Abs. 1 lit. a DSGVO",
			"Ein Vertrag mit Ihnen", "Art. 6 Abs. 1 lit. b DSGVO", "Deutschland", "Vereinigte Staaten", "Irland",
		},
		"fr": {
			"Mesurer l'audience de nos pages",
			"Nombre de pages et de visites, pour trouver des erreurs et améliorer le contenu.",
			"Montrer aux gens nos produits qu'ils ont regardés",
			"Publicité de notre boutique sur d'autres sites, pour qui a regardé un produit ici.", "Livrer les commandes",
			"Distinguer personnes et programmes à la connexion",
			"Un intérêt légitime", "art. 6, par. 1, point f), RGPD", "Votre consentement", "art. 6, par. 1, point a), RGPD",
			"Un contrat avec vous", "art. 6, par. 1, point b), RGPD", "Allemagne", "États-Unis", "Irlande",
		},
	}
	s := &visitor.Site{
		ID: "shop", Origins: []string{"https://shop.example", "https://www.shop.example"},
		ReadsGPC: true, GPC: true, Updated: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	}
	for _, lang := range visitor.Languages() {
		t := titles[lang]
		interest, consent, contract := visitor.Basis{Right: true, Name: t[6], Article: t[7]},
			visitor.Basis{Name: t[8], Article: t[9]}, visitor.Basis{Name: t[10], Article: t[11]}
		only := ""
		if lang != "en" {
			only = "en"
		}
		s.Languages = append(s.Languages, visitor.Language{
			Tag: lang, Name: "Example Shop",
			Purposes: []visitor.Purpose{
				{ID: "audience-measurement", Title: visitor.Text{Text: t[0]}, Description: visitor.Text{Text: t[1]},
					Flows: []visitor.Flow{{Vendor: "matomo", When: visitor.UntilObjection, Basis: interest},
						{Vendor: "ga4", When: visitor.AfterConsent, Basis: consent}}},
				{ID: "own-product-ads", Title: visitor.Text{Text: t[2]}, Description: visitor.Text{Text: t[3]},
					DirectMarketing: true, GPC: true,
					Flows: []visitor.Flow{{Vendor: "meta", When: visitor.AfterConsent, Basis: consent}}},
				{ID: "surveys", Title: visitor.Text{Text: "Ask for opinions", Lang: only},
					Description: visitor.Text{Text: "Short surveys on our own pages.", Lang: only},
					Flows:       []visitor.Flow{{Vendor: "ga4", When: visitor.AfterConsent, Basis: consent}}},
				{ID: "fraud", Title: visitor.Text{Text: t[5]},
					Flows: []visitor.Flow{{Vendor: "matomo", When: visitor.UntilObjection, Basis: interest}}},
				{ID: "orders", Title: visitor.Text{Text: t[4]}, ShownOnly: true,
					Flows: []visitor.Flow{{Vendor: "parcels", When: visitor.ForContract, Basis: contract, Reference: "AGB § 4"}}},
			},
			Vendors: []visitor.Vendor{
				{ID: "matomo", Name: "Matomo", Person: t[12]}, {ID: "ga4", Name: "Google Analytics", Person: t[13],
					Policy: "https://policies.example/privacy"},
				{ID: "meta", Name: "Meta Conversions API", Person: t[14]},
				{ID: "parcels", Name: "Parcels & <Sons>", ShownOnly: true},
			},
			Controller: visitor.Controller{Name: "Shop GmbH", Contact: "privacy@shop.example"},
			Notice: []byte("<!DOCTYPE html>\n<html lang=\"" + lang +
				"\"><head><title>N</title><style>\nbody { margin: 0; }\n</style></head><body><p>N</p></body></html>\n"),
		})
	}
	return s
}
