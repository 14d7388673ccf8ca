package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// draft resolves every name. It is called once nothing is wrong any more.
func (r *reading) draft() {
	s := &r.loaded.Server
	d := &r.loaded.Draft
	d.Limits, d.Given = r.limits()
	for _, proxies := range s.TrustedProxies {
		d.Trusted = append(d.Trusted, proxies.Prefix)
	}
	for _, id := range r.server.Keys("sites") {
		site := draftSite(id, s.Sites[id], r.server.Keys("sites", id, "signals"))
		if db := r.regionDBs[s.Sites[id].Region.Database]; db != nil {
			site.Region.Database = db
		}
		d.Sites = append(d.Sites, site)
	}
	for _, id := range r.server.Keys("vendors") {
		v, file := s.Vendors[id], r.loaded.vendors[id]
		d.Vendors = append(d.Vendors, rules.DraftVendor{ID: id, Catalog: file, Prefix: v.Prefix,
			Upstreams: upstreams(v, file), Private: v.Private,
			Senders: r.senders(v), Paths: v.Paths, Compiled: r.compiled[id]})
	}
	for _, id := range r.purposes.Keys("purposes") {
		p := r.loaded.Purposes[id]
		d.Purposes = append(d.Purposes, rules.Purpose{
			ID: id, Title: p.Title, Description: p.Description, Categories: p.Categories, TCF: p.TCF,
			GPCObjects: p.GPC == "object",
			DNTObjects: p.DNT == "object", DirectMarketing: p.DirectMarketing, US: p.US,
		})
	}
	for i := range r.loaded.Activities {
		d.Activities = append(d.Activities, draftActivity(&r.loaded.Activities[i]))
	}
	for _, id := range r.profiles.Keys("profiles") {
		profile := draftProfile(id, r.loaded.Profiles[id])
		profile.Place = r.placeIn(id)
		d.Profiles = append(d.Profiles, profile)
	}
	d.Assessments = r.register()
	r.loaded.digested = r.digested()
	if err := r.loaded.digested.check(); err != nil {
		r.faults.File(r.source.Dir, "%s", err)
	}
	d.Digest = r.loaded.digested.policy.Digest()
}

// limits are those of a hit, and which of them somebody wrote down.
func (r *reading) limits() (all rules.Limits, given catalog.Limits) {
	l := &r.loaded.Server.Limits
	all = rules.Limits{Body: int(l.Body), Decompressed: int(l.Decompressed), Events: l.Events, Depth: l.Depth,
		Fields: l.Fields, Nodes: l.Nodes}
	if r.server.Has("limits", "body") {
		given.Body = l.Body
	}
	if r.server.Has("limits", "decompressed") {
		given.Decompressed = l.Decompressed
	}
	if r.server.Has("limits", "events") {
		given.Events = l.Events
	}
	if r.server.Has("limits", "fields") {
		given.Fields = l.Fields
	}
	if r.server.Has("limits", "nodes") {
		given.Nodes = l.Nodes
	}
	return all, given
}

// placeIn tells where a line of a profile stands, file and line.
func (r *reading) placeIn(profile string) func(path ...string) string {
	return func(path ...string) string {
		at := strict.Path("profiles", profile)
		for _, step := range path {
			at = append(at, step)
		}
		return fmt.Sprintf("%s:%d", r.profiles.Name, r.profiles.FindKey(at).Line)
	}
}

func draftSite(id string, site Site, order []string) rules.DraftSite {
	return rules.DraftSite{
		ID: id, Hosts: site.Hosts, Base: site.Base, Origins: site.Origins, Vendors: site.Vendors,
		Signals:      sources(site.Signals, order),
		PhoneCountry: site.PhoneCountry,
		Region: rules.RegionSource{Header: site.Region.Header, Subdivision: site.Region.Subdivision,
			Default: site.Region.Default},
	}
}

// sources lists a site's sources of signals in the order of the file.
func sources(signals Signals, order []string) []signal.Source {
	var list []signal.Source
	for _, name := range order {
		switch kind := signalKind(name); kind {
		case signal.Own:
			for _, own := range signals.Own {
				var date signal.Date
				if own.Date != nil {
					date = signal.Date(*own.Date)
				}
				list = append(list, signal.Source{
					Date: date,
					Kind: kind, Cookie: own.Cookie, Header: own.Header, Query: own.Query, Body: own.Body,
					JSON: own.JSON, Pairs: own.Pairs, Name: own.Name,
					Category: own.Category, Granted: own.Granted, Refused: own.Refused,
				})
			}
		case signal.ConsentMode:
			source := signal.Source{Kind: kind}
			if given := signals.ConsentMode.Categories; len(given) > 0 {
				source.Categories = given
			}
			list = append(list, source)
		default:
			source := signal.Source{Kind: kind}
			if of := signals.iab(name); of != nil {
				source.Settings.Cookie = of.Cookie
			}
			if c := signals.platform(name); c != nil {
				source.Settings = cmp.Settings{Cookie: c.Cookie, Revision: -1}
				if len(c.Categories) > 0 {
					source.Categories = c.Categories
				}
				if len(c.Services) > 0 {
					source.Services = c.Services
				}
				if c.Revision != nil {
					source.Settings.Revision = *c.Revision
				}
			}
			list = append(list, source)
		}
	}
	return list
}

func draftActivity(a *Activity) rules.DraftActivity {
	b, ok := basis.Parse(a.Basis)
	if !ok {
		panic("BUG: an unknown basis came through: " + a.Basis)
	}
	d := rules.DraftActivity{
		ID: a.ID, Vendor: a.Vendor, Purposes: a.Purposes, Basis: b, Assessment: a.Assessment, Exemption: a.Exemption,
		Reference:     a.Reference,
		ConsentMaxAge: a.ConsentMaxAge, Profile: a.Profile, Events: a.Events,
		ExceptEvents: a.ExceptEvents, Regions: a.Regions, Sites: a.Sites,
		Server:       a.Source == "server",
		AfterRefusal: a.AfterRefusal != nil,
	}
	if a.When != "" {
		condition, faults := compileWhen(a.When)
		if len(faults) > 0 {
			panic("BUG: a faulty condition came through: " + faults[0].msg)
		}
		d.When, d.WhenText = condition, a.When
	}
	return d
}

// register gathers the assessments. Signatures are verified here, once.
func (r *reading) register() *basis.Register {
	around := r.loaded.Surroundings()
	var entries []basis.Entry
	for _, file := range r.assessments {
		entry := basis.NewEntry(file.assessment, around)
		entries = append(entries, entry)
		if entry.Digest != entry.Whole {
			r.notes.At(file.doc, strict.Path("approval"), "the approval of %s does not cover the controller's name, as those "+
				"given from now on do: have it approved anew (`tagwarden lia approve`); its version may stay",
				file.assessment.ID)
		}
		r.loaded.Assessments[file.assessment.ID] = Assessment{
			file.assessment, entry.Digest, entry.First, entry.Whole, entry.Unnamed, file.doc.Name, file.name, file.doc.Text,
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.loaded.Server.Approvers)) {
		approver, err := basis.ParseApprover(name, r.loaded.Server.Approvers[name].Key)
		if err != nil {
			panic("BUG: a faulty approver came through: " + err.Error())
		}
		r.loaded.Approvers = append(r.loaded.Approvers, approver)
	}
	r.loaded.Past = r.loaded.past.With(r.revoked(r.loaded.Approvers))
	return basis.NewRegister(entries, r.loaded.Approvers, r.loaded.Past)
}
