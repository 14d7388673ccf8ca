package cnil

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/calendar"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// line is a line of the self-assessment.
type line struct {
	id          string
	recommended bool // it is none of the fourteen, and recommended beside them
	// judge holds the policy against it. nil: no policy can show anything of it.
	judge func(j *judging)
	// asks: somebody has to look in the vendor's settings or contract, whatever the policy says.
	asks bool
}

// lines are the lines in their order. Their words are in words/<language>.yaml.
var lines = []line{
	{id: "own_audience", judge: ownAudience, asks: true},
	{id: "minimised", judge: minimised},
	{id: "contract", judge: ownUse, asks: true},
	{id: "no_pooling", asks: true},
	{id: "no_reuse", judge: ownUse, asks: true},
	{id: "no_import", judge: noImport, asks: true},
	{id: "site_only", judge: siteOnly},
	{id: "address", judge: address},
	{id: "no_person", judge: noPerson},
	{id: "no_reach", judge: noReach, asks: true},
	{id: "aggregated", asks: true},
	{id: "anonymous", asks: true},
	{id: "no_single_visitor", judge: noSingleVisitor, asks: true},
	{id: "objection", judge: objection, asks: true},
	{id: "tracker_lifetime", judge: trackerLifetime, asks: true, recommended: true},
	{id: "retention", judge: retention, asks: true, recommended: true},
	{id: "information", judge: information, recommended: true},
}

var (
	visitorIDs = []hit.Class{hit.ClientID, hit.DeviceID, hit.SessionID}
	everywhere = []hit.Class{hit.AdvertisingID, hit.Cookie, hit.Fingerprint, hit.ExternalID, hit.UserID}
	personal   = []hit.Class{
		hit.Email, hit.Phone, hit.PersonName, hit.PostalAddress, hit.BirthDate, hit.Gender, hit.UserTrait, hit.Sensitive,
		hit.Credential,
	}
	freeTexts = []hit.Class{hit.FreeText, hit.SearchTerm, hit.Custom, hit.PageTitle, hit.Element, hit.Error}
)

// mostKinds is how many kinds of events the tool has: a page shown, a function used, a time taken.
const mostKinds = 3

// ownAudience: the purposes are about nothing but the audience of one's own pages.
func ownAudience(j *judging) {
	for i, id := range j.activity.Purposes {
		p, known := j.loaded.Purposes[id]
		other := slices.ContainsFunc(p.TCF, func(n int) bool { return n != 8 })
		if !known || p.DirectMarketing || len(p.US) > 0 || other {
			j.against(j.places.Purpose(id), "purpose_other", "purpose", id)
			continue
		}
		j.shows(j.places.Activity(j.at, "purposes", i), "purpose_own", "purpose", id)
	}
	j.dropped("campaign_passed", hit.ClickID)
}

// minimised: of browser, system and screen the kind alone, and few kinds of events.
func minimised(j *judging) {
	for _, class := range []hit.Class{hit.UserAgent, hit.ClientHint, hit.Screen} {
		j.each(class, func(l config.ProfileLine) bool {
			return l.Spec.Kind == minimise.Generalise || l.Spec.Kind == minimise.Rare || l.Spec.Kind == minimise.Replace
		}, "versions_passed")
	}
	except := rules.EventNamesOf(j.activity.ExceptEvents)
	events, at := slices.DeleteFunc(slices.Clone(j.activity.Events), except.Has), j.places.Activity(j.at, "events")
	switch {
	case slices.Contains(events, "*") && except.IsEmpty():
		j.against(at, "all_events")
	case slices.Contains(events, "*"):
		j.against(at, "all_but", "except", strings.Join(j.activity.ExceptEvents, ", "))
	case slices.ContainsFunc(events, func(name string) bool { return strings.HasSuffix(name, "*") }):
		j.against(at, "beginning_events", "events", strings.Join(events, ", "))
	case len(events) > mostKinds:
		j.open(at, "many_events", "events", strings.Join(events, ", "), "n", strconv.Itoa(len(events)))
	default:
		j.shows(at, "events", "events", strings.Join(events, ", "))
	}
}

// ownUse: nobody but the controller, or who works for it alone, has the data.
func ownUse(j *judging) {
	at := j.places.Vendor(j.activity.Vendor)
	if !j.loaded.OwnUse(j.activity.Vendor) {
		j.against(at, "not_own_use", "vendor", j.activity.Vendor)
		return
	}
	j.shows(at, "own_use", "vendor", j.activity.Vendor)
}

// noImport: nothing that ties the visit to a campaign, a customer, or what is known elsewhere.
func noImport(j *judging) {
	j.dropped("import_passed", hit.Campaign, hit.ClickID, hit.UserID, hit.ExternalID, hit.TransactionID)
	for _, l := range j.of(hit.URL, hit.Referrer) {
		spec := l.Spec
		for _, class := range []string{"campaign", "click_id"} {
			if names := spec.URL.PassesParameters(class); l.Spec.Kind == minimise.URL && len(names) > 0 {
				j.against(j.places.Line(l), "parameters_passed", "class", j.label(l.Class), "names",
					strings.Join(names, ", "))
			}
		}
		if l.Class == hit.URL && l.Spec.Kind != minimise.URL && l.Spec.Kind != minimise.Generalise {
			j.against(j.places.Line(l), "address_whole", "class", j.label(l.Class), "done", j.done(l))
		}
	}
	j.each(hit.Referrer, func(l config.ProfileLine) bool { return l.Spec.Kind == minimise.Generalise }, "referrer_passed")
}

// siteOnly: an id holds for one site and for a time.
func siteOnly(j *judging) {
	found := false
	for _, l := range j.of(visitorIDs...) {
		found = true
		if l.Spec.ShortLived() || l.Spec.Kind == minimise.Replace {
			j.shows(j.places.Line(l), "id_short", "class", j.label(l.Class), "done", j.done(l))
			continue
		}
		j.against(j.places.Line(l), "id_lasts", "class", j.label(l.Class), "done", j.done(l))
	}
	if j.dropped("id_everywhere", everywhere...); !found {
		j.shows(j.places.Activity(j.at, "profile"), "no_id")
	}
	if len(j.of(hit.IP)) > 0 && len(j.of(hit.UserAgent)) > 0 {
		j.open(j.places.Activity(j.at, "profile"), "own_fingerprint")
	}
}

// address: the network alone of an IP address, and no place finer than a city.
func address(j *judging) {
	j.each(hit.IP, func(l config.ProfileLine) bool {
		return l.Spec.Kind == minimise.Truncate || l.Spec.Kind == minimise.Replace
	}, "address_passed")
	j.dropped("place_passed", hit.PreciseGeo)
}

// noPerson: nothing that names or describes a person, and texts searched for it.
func noPerson(j *judging) {
	j.dropped("person_passed", personal...)
	for _, l := range j.of(freeTexts...) {
		if l.Spec.Kind == minimise.Keep || l.Spec.Kind == minimise.Hash || l.Spec.Kind == minimise.Pseudonymise {
			j.against(j.places.Line(l), "text_passed", "class", j.label(l.Class), "done", j.done(l))
			continue
		}
		j.shows(j.places.Line(l), "class_done", "class", j.label(l.Class), "done", j.done(l))
	}
}

// noReach: nothing by which the tool could count a person on several sites.
func noReach(j *judging) { j.dropped("id_everywhere", everywhere...) }

// noSingleVisitor: no recording of what one visitor did.
func noSingleVisitor(j *judging) { j.dropped("recording_passed", hit.Recording) }

// objection: it ends with an objection, which is taken on a page of the site.
func objection(j *judging) {
	b, _ := basis.Parse(j.activity.Basis)
	at := j.places.Activity(j.at, "basis")
	if !b.OpenToObjection() {
		j.against(at, "no_objection", "basis", j.activity.Basis)
		return
	}
	j.shows(at, "objectable", "pages", strings.Join(j.pages(), ", "))
}

// trackerLifetime: neither an id that leaves nor what is kept on the device lives for longer than the months that are
// recommended. Whether visits renew it, no policy says.
func trackerLifetime(j *judging) {
	for _, l := range j.of(visitorIDs...) {
		if !l.Spec.ShortLived() && l.Spec.Kind != minimise.Replace {
			j.against(j.places.Line(l), "id_lasts", "class", j.label(l.Class), "done", j.done(l))
		}
	}
	access, at := j.loaded.Access(j.activity), j.places.Activity(j.at, "device")
	if access.Said && len(access.Stores) == 0 {
		j.shows(at, "device_none")
	}
	for i := range access.Stores {
		kept := &access.Stores[i]
		period := calendar.Period(j.words.lang, kept.Period.Period)
		switch {
		case kept.Period.UntilDeleted:
			j.against(at, "store_ever", "name", kept.Name)
		case kept.Period.Session:
			j.shows(at, "store_session", "name", kept.Name)
		case j.longer(kept.Period.Period, trackerMonths):
			j.against(at, "store_long", "name", kept.Name, "period", period)
		default:
			j.shows(at, "store", "name", kept.Name, "period", period)
		}
	}
}

// The months that the authority recommends at most: for a tracker, and for what was collected.
const (
	trackerMonths = 13
	dataMonths    = 25
)

// retention: the data are kept for no longer than is recommended.
func retention(j *judging) {
	period, at := j.activity.Retention, j.places.Activity(j.at, "retention")
	if a, ok := j.loaded.Assessments[j.activity.Assessment]; ok {
		period, at = a.Document.Retention, j.places.Assessment(a, "retention")
	}
	if period.IsZero() || j.longer(period, dataMonths) {
		j.against(at, "kept_long", "period", calendar.Period(j.words.lang, period))
		return
	}
	j.shows(at, "kept", "period", calendar.Period(j.words.lang, period))
}

// information: people are told what is counted and why.
func information(j *judging) {
	for _, id := range j.activity.Purposes {
		if len(j.loaded.Purposes[id].Description) == 0 {
			j.against(j.places.Purpose(id), "undescribed", "purpose", id)
			continue
		}
		j.shows(j.places.Purpose(id, "description"), "described", "purpose", id)
	}
}
