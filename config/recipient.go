package config

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Recipient is who receives what goes to a vendor: what the server file says of it, else the catalog.
type Recipient struct {
	Own       bool             // the controller itself, on a machine of its own
	Entity    catalog.Regional // the legal person, with seat and country; see [catalog.SplitEntity]
	PolicyURL string           // of its privacy policy
	// processor, joint or controller; "" where nothing says it, or it is the controller itself
	Role        string
	Arrangement string // of a joint controller: where the essence of it stands
}

// RecipientOf says who a vendor of the server file is. What is on a private network, or has the controller's name, is
// the controller's own.
func (l *Loaded) RecipientOf(vendor string) Recipient {
	written, file := l.Server.Vendors[vendor], l.vendors[vendor]
	if file == nil || !atItsOwn(written, file) {
		file = &catalog.File{}
	}
	r := Recipient{
		Entity: written.Entity, PolicyURL: cmp.Or(written.PolicyURL, file.PolicyURL),
		Role:        cmp.Or(written.Role, file.EffectiveRole()),
		Arrangement: cmp.Or(written.Arrangement, file.Arrangement),
	}
	name := l.Server.Controller.Name
	named := name != "" && strings.HasPrefix(written.Entity[""], name+",")
	if r.Own = named || written.Private && written.Entity == nil && written.Role == ""; r.Own {
		return Recipient{Own: true, Entity: written.Entity}
	}
	if r.Entity == nil {
		r.Entity = file.Entity
	}
	return r
}

// atItsOwn tells whether what a catalog entry says of who receives holds for a vendor: where data go to addresses that
// the catalog knows. At any other, who runs what a built-in entry describes is known to the site alone.
func atItsOwn(written Vendor, file *catalog.File) bool {
	if _, builtin := catalog.BuiltinText(file.ID); !builtin {
		return true
	}
	for role, address := range upstreams(written, file) {
		known := address == file.Hosts[role]
		for _, region := range file.Regions {
			known = known || address == region[role]
		}
		if !known {
			return false
		}
	}
	return true
}

// missingCheck finds what notice and record lack. A policy that lacks it is carried out all the same.
type missingCheck struct{ checks }

// run looks at the controller, and at each activity's recipient and transfer.
func (c missingCheck) run() {
	if c.server == nil || c.activities == nil {
		return
	}
	if of := &c.loaded.Server.Controller; of.Name == "" || of.Contact == "" {
		c.lacks(WhoReceives, c.server, strict.Path("controller"), "",
			"nothing says who is responsible: add controller: { name: ..., "+
				"contact: ... } (GDPR Art. 13(1)(a) and 30(1)(a))")
	}
	for i := range c.loaded.Activities {
		a := &c.loaded.Activities[i]
		if c.loaded.vendors[a.Vendor] == nil {
			continue
		}
		readers := c.loaded.Readers(a)
		c.recipient(a, readers)
		c.transfer(a, i, readers)
	}
}

// recipient looks at who an activity's recipient is as a legal person, and in which role (GDPR Art. 13(1)(e), 26(2),
// 28 and 30(1)(a), (d)).
func (c missingCheck) recipient(a *Activity, readers []string) {
	r, at := c.loaded.RecipientOf(a.Vendor), strict.Path("vendors", a.Vendor)
	if r.Own {
		return
	}
	var nobody []string
	for _, reader := range readers {
		if r.Entity.For(reader) == "" {
			nobody = append(nobody, reader)
		}
	}
	if len(nobody) > 0 {
		where := ""
		if len(nobody) < len(readers) {
			where = " for visitors of " + strings.Join(nobody, ", ")
		}
		c.lacks(WhoReceives, c.server, at, a.ID,
			"nothing says which legal person receives what goes to %s%s: add entity: Example GmbH, "+
				"Berlin, DE, or with the controller's own name where the machine is your own (GDPR Art. 13(1)(e) and 30(1)(d))",
			a.Vendor, where)
	}
	switch {
	case r.Role == "":
		c.lacks(WhoReceives, c.server, at, a.ID,
			"nothing says in which role %s receives data: add role: processor where it works "+
				"for you alone by contract, joint where you decide together, controller where it uses them for purposes of its "+
				"own (GDPR Art. 26, 28 and 30(1)(d))", a.Vendor)
	case r.Role == catalog.RoleJoint && r.Arrangement == "":
		c.lacks(WhoReceives, c.server, at, a.ID,
			"%s is a joint controller, and visitors are to find the essence of the arrangement: add "+
				"arrangement: https://... (GDPR Art. 26(2))", a.Vendor)
	}
}

// transfer looks at whether what makes a transfer lawful is said, for visitors of each region where the law asks for
// it (GDPR Art. 13(1)(f)).
func (c missingCheck) transfer(a *Activity, i int, readers []string) {
	t, abroad := a.Transfer, cmp.Or(c.loaded.abroad(a.Vendor), seatAbroad(c.loaded, a.Vendor, readers))
	if abroad == "" {
		return
	}
	if t == nil {
		c.lacks(WhoReceives, c.activities, strict.Path("activities", i), a.ID,
			"activity %s: %s is in %s, outside the EEA, and nothing says "+
				"what makes a transfer lawful: add transfer: { country: %s, safeguard: %s } (GDPR Art. 13(1)(f) and 44 to "+
				"49)", a.ID, a.Vendor, abroad, abroad, advised(abroad, ""))
		return
	}
	var without []string
	for _, reader := range readers {
		if reader != "other" && t.SafeguardFor(reader) == "" {
			without = append(without, reader)
		}
	}
	if len(without) == 0 {
		return
	}
	c.lacks(WhoReceives, c.activities, strict.Path("activities", i, "transfer", "safeguard"), a.ID,
		"activity %s: %s makes no transfer of "+
			"data of visitors in %s lawful: say it for each, as in safeguard: %s (GDPR Art. 13(1)(f) and 44 to 49)",
		a.ID, t.Safeguard, strings.Join(without, ", "), advised(t.Country, t.Safeguard.For("EEA")))
}

// seatAbroad is the country outside the EEA where the legal person sits that receives data of visitors in some
// regions, or where a machine on one's own network is said to stand; "" where neither does.
func seatAbroad(l *Loaded, vendor string, readers []string) string {
	if written := l.Server.Vendors[vendor]; written.Country != "" && !InEEA(written.Country) {
		return written.Country
	}
	for _, reader := range readers {
		_, country, ok := catalog.SplitEntity(l.RecipientOf(vendor).Entity.For(reader))
		if ok && reader != "other" && !InEEA(country) {
			return country
		}
	}
	return ""
}

// advised is what a transfer to a country may rest on, by where the visitor is, for who said one thing for all.
func advised(country, said string) string {
	known, is := SafeguardCalled(said)
	if country == "US" && (said == "" || is && known.US) {
		return "{ EEA: DPF, UK: UK Extension, CH: Swiss-US DPF }"
	}
	return "{ EEA: SCC, UK: IDTA, CH: SCC }"
}

// checkRecipient looks at what the server file says of who a vendor is.
func (c vendorCheck) checkRecipient(at func(...any) []any, vendor Vendor) {
	for reader, text := range vendor.Entity {
		place := at("entity")
		if reader != "" {
			place = at("entity", reader)
		}
		c.invalid(c.server, place, entityFault(text))
	}
	c.invalid(c.server, at("policy_url"), webFault(vendor.PolicyURL))
	c.invalid(c.server, at("arrangement"), webFault(vendor.Arrangement))
}

// entityFault says what is wrong with a legal person as it is written, "" where nothing is.
func entityFault(text string) string {
	if _, country, ok := catalog.SplitEntity(text); text != "" && (!ok || !rules.IsCountry(country)) {
		return "a legal person is written with seat and the country's ISO 3166-1 code, as in Example GmbH, Berlin, DE"
	}
	return ""
}

// webFault says what is wrong with the address of a page for people, "" where nothing is.
func webFault(text string) string {
	if u, err := url.Parse(text); text != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return "that is no address of a page: write https://..."
	}
	return ""
}
