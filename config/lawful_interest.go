package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// consentPurposes are the TCF purposes that vendors may declare on consent alone: storage and access, and since TCF 2.2
// the profiles and what is chosen by them.
var consentPurposes = []int{1, 3, 4, 5, 6}

// interest looks at what an activity on legitimate interest may not do.
func (c law) interest(a *Activity, at func(...any) []any, assessment *basis.Assessment) {
	for i, id := range a.Purposes {
		for _, n := range c.loaded.Purposes[id].TCF {
			if slices.Contains(consentPurposes, n) {
				c.refuse(c.activities, at("purposes", i), "lawful/tcf-consent",
					"purpose %s is TCF purpose %d, which rests on consent alone: take consent for the basis, or "+
						"another purpose", id, n)
			}
		}
	}
	for _, line := range c.loaded.passing(a) {
		c.identity(a, line)
		if assessment != nil {
			c.data(a, line, assessment)
		}
	}
}

// identity refuses what names a person, or the place where one is, as it stands.
func (c law) identity(a *Activity, line ProfileLine) {
	raw, instead := line.Spec.Kind == minimise.Keep, "drop it"
	switch line.Class {
	case hit.Email, hit.Phone:
		instead = "drop, hash or pseudonymise it"
	case hit.PersonName:
		raw = raw || line.Spec.Kind == minimise.Scrub // names are not recognised in free text
	case hit.PreciseGeo:
		raw = raw || line.Spec.Kind == minimise.Truncate && line.Spec.Truncate.Decimals != nil &&
			*line.Spec.Truncate.Decimals > coarseDecimals
		instead = "drop it, or { truncate: { decimals: " + strconv.Itoa(coarseDecimals) + " } }"
	case hit.Recording:
		c.refuse(c.profiles, line.At, "lawful/li-recording",
			"activity %s rests on legitimate interest, on which no recording travels: drop it, or take consent for "+
				"the basis", a.ID)
		return
	default:
		return
	}
	if raw {
		c.refuse(c.profiles, line.At, "lawful/li-identity",
			"activity %s rests on legitimate interest, on which no raw %s travels: %s, or take consent for the "+
				"basis", a.ID, line.Class, instead)
	}
}

// coarseDecimals of a coordinate are about a kilometre.
const coarseDecimals = 2

// data holds a line against what was assessed: that, or drop, and nothing else; where keep was assessed, anything lets
// through less.
func (c law) data(a *Activity, line ProfileLine, assessment *basis.Assessment) {
	said, listed := assessment.Data[line.Class.String()]
	loosest, known := minimise.ParseKind(said)
	switch kind := line.Spec.Kind; {
	case listed && (!known || loosest == minimise.Keep || kind.Within(loosest)):
	case !listed:
		c.refuse(c.profiles, line.At, "lawful/li-data",
			"activity %s rests on %s, whose data: does not list %s: drop it here, or have it assessed",
			a.ID, assessment.ID, line.Class)
	case kind.Rank() < loosest.Rank():
		c.refuse(c.profiles, line.At, "lawful/li-data",
			"activity %s rests on %s, whose data: allows %s for %s, and %s lets more through: write %s or drop, or "+
				"have it assessed",
			a.ID, assessment.ID, said, line.Class, kind, said)
	default:
		c.refuse(c.profiles, line.At, "lawful/li-data",
			"activity %s rests on %s, which looked at %s for %s, and not at %s: write %s or drop, or have it "+
				"assessed",
			a.ID, assessment.ID, said, line.Class, kind, said)
	}
}

// transfer looks at whether an activity says what makes a transfer to a third country lawful, and whether that can be.
// Chapter V asks for it whatever the basis is.
func (c law) transfer(a *Activity, at func(...any) []any) {
	const rule = "lawful/transfer"
	country := c.loaded.abroad(a.Vendor)
	named := "SCC, or BCR, adequacy"
	if country == "US" {
		named = "DPF, or SCC, BCR, adequacy"
	}
	switch {
	case country == "":
	case a.Transfer == nil && c.activities.Has(at("transfer")...): // which is said elsewhere
	case a.Transfer == nil:
		first, others, _ := strings.Cut(named, ", ")
		c.refuse(c.activities, at("vendor"), rule,
			"%s sits in %s, outside the EEA, and nothing says what makes the transfer lawful: add transfer: { country: "+
				"%s, safeguard: %s }, %s", a.Vendor, country, country, first, others)
	case a.Transfer.Country != "" && InEEA(a.Transfer.Country):
		c.refuse(c.activities, at("transfer", "country"), rule,
			"%s sits in %s, and %s is in the EEA, to which nothing is a transfer: write %s, or the country that it is",
			a.Vendor, country, a.Transfer.Country, country)
	default:
		for _, reader := range slices.Sorted(maps.Keys(a.Transfer.Safeguard)) {
			c.safeguard(a, at, reader, named)
		}
	}
}

// safeguard looks at what is said to make a transfer lawful, of visitors in a region, or "" of all.
func (c law) safeguard(a *Activity, at func(...any) []any, reader, named string) {
	const rule = "lawful/transfer"
	text, place := a.Transfer.Safeguard[reader], at("transfer", "safeguard")
	if reader != "" {
		place = append(place, reader)
	}
	known, is := SafeguardCalled(text)
	switch {
	case saysNoSafeguard(text):
		c.refuse(c.activities, place, rule, "%q makes no transfer lawful: write %s", text, named)
	case is && known.US && a.Transfer.Country != "US":
		c.refuse(c.activities, place, rule,
			"the %s is about recipients in the US, and this one is said to be in %s: write SCC, or BCR, adequacy",
			known.Name, a.Transfer.Country)
	case is && reader != "" && !known.holdsFor(reader):
		c.refuse(c.activities, place, rule, "%s is about data from %s, not about those of visitors in %s: write %s",
			known.Name, strings.Join(known.Readers, " and "), reader, advisedFor(reader, a.Transfer.Country))
	}
}

// advisedFor is what a transfer of data of visitors in a region may rest on.
func advisedFor(reader, country string) string {
	for _, name := range []string{"UK Extension", "Swiss-US DPF", "DPF", "IDTA", "SCC"} {
		if s, _ := SafeguardCalled(name); slices.Contains(s.Readers, reader) && (!s.US || country == "US") {
			return name + ", or BCR, adequacy"
		}
	}
	return "BCR, or adequacy"
}

// saysNoSafeguard tells whether a text names nothing that could make a transfer lawful.
func saysNoSafeguard(text string) bool {
	return text != "" && (SaysNothing(text) || strings.EqualFold(strings.TrimSpace(text), "unknown"))
}

// abroad is the country outside the EEA where a vendor has its seat, or where its machines stand; "" where neither
// does. What is on a private network is the site's own.
func (l *Loaded) abroad(vendor string) string {
	file, written := l.vendors[vendor], l.Server.Vendors[vendor]
	switch {
	case file == nil || written.Private:
		return ""
	case file.Country != "" && !InEEA(file.Country):
		return file.Country
	case written.Country != "" && !InEEA(written.Country):
		return written.Country
	default:
		return ""
	}
}

// worksForUsAlone tells whether a vendor is the site's own, or processes for whom it works for and for nothing else. Of
// a built-in entry without a country everybody runs a copy of their own; of a vendor file of one's own nothing is known
// but what it and the server file say. The server file may say less of a built-in vendor than the catalog does, not
// more: who may use the data by its own terms does not stop at a word of ours.
func (c law) worksForUsAlone(vendor string) bool {
	file, written := c.loaded.vendors[vendor], c.loaded.Server.Vendors[vendor]
	builtin := slices.Contains(catalog.BuiltinIDs(), written.Catalog)
	switch {
	case written.Role != "" && (written.Role != catalog.RoleProcessor || !builtin):
		return written.Role == catalog.RoleProcessor
	case file == nil || written.Private:
		return true
	default:
		return file.EffectiveRole() == catalog.RoleProcessor || builtin && file.Country == "" && file.EffectiveRole() == ""
	}
}

// document looks at what an assessment itself may not say.
func (c law) document(doc *strict.Document, a *basis.Assessment) {
	if special := a.Balancing.SpecialCategories; special == "yes" || special == "possible" {
		c.refuse(doc, strict.Path("balancing", "special_categories"), "lawful/li-special-categories",
			"special categories of data, and the answer is %q: legitimate interest is none of the grounds of Art. 9(2); "+
				"leave them out until the answer is no, or take explicit consent for the basis", special)
	}
	if SaysNothing(a.DPIA) {
		if a.Balancing.Children == "yes" {
			c.refuse(doc, strict.Path("balancing", "children"), "lawful/li-dpia",
				"children are among the people concerned: name the data protection impact assessment under dpia:, or "+
					"take consent for the basis")
		}
		if a.Balancing.Impact == "high" {
			c.refuse(doc, strict.Path("dpia"), "lawful/impact",
				"the impact is high: an assessment of that kind names its data protection impact assessment here")
		}
	}
	if !a.CompellingGrounds() {
		return
	}
	for _, id := range a.Purposes {
		if c.loaded.Purposes[id].DirectMarketing {
			c.refuse(doc, strict.Path("objection", "compelling_grounds"), "lawful/li-marketing-grounds",
				"purpose %s is direct marketing, to which an objection is absolute: write none", id)
		}
	}
}
