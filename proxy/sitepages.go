package proxy

import (
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// sitePages are what the pages of each site say. What takes place changes with time: an assessment expires, and its
// activities are shown no more. They are made again when they are older than pagesAge.
type sitePages struct {
	loaded *config.Loaded
	mu     sync.Mutex
	made   map[string]*visitor.Site
	at     map[string]time.Time
}

const pagesAge = time.Minute

func (s *sitePages) of(site string, now time.Time) *visitor.Site {
	s.mu.Lock()
	defer s.mu.Unlock()
	if made := s.made[site]; made != nil && now.Sub(s.at[site]).Abs() < pagesAge {
		return made
	}
	if s.made == nil {
		s.made, s.at = map[string]*visitor.Site{}, map[string]time.Time{}
	}
	s.made[site], s.at[site] = sitePage(s.loaded, site, now), now
	return s.made[site]
}

// sitePage puts what takes place on a site into what its pages say.
func sitePage(loaded *config.Loaded, id string, now time.Time) *visitor.Site {
	of := loaded.Server.Sites[id]
	site := &visitor.Site{ID: id, Origins: of.Origins, Style: loaded.Sheet(id), Updated: now}
	if logo := loaded.Logo(id); logo != nil {
		site.Logo = &visitor.Logo{Content: logo.Content, Type: logo.Type}
	}
	if file, err := os.Stat(loaded.Source.Path); err == nil {
		site.Updated = file.ModTime()
	}
	languages := siteLanguages(loaded, id)
	around := notice.Around{
		Languages: languages, Address: func(lang string) string { return "?lang=" + lang }, Logo: "logo",
		Incomplete: true, // rather than no notice at all: `check` names what is missing
	}
	for _, lang := range languages {
		n, _, err := notice.New(loaded, id, lang, now)
		if err != nil {
			panic("BUG: no notice in a language that there is one in: " + err.Error())
		}
		site.Languages = append(site.Languages, branded(language(loaded, n, around), &of))
	}
	heeds := func(p visitor.Purpose) bool { return p.Heeds() }
	for i := range loaded.Activities {
		site.Consent = max(site.Consent, loaded.Activities[i].ConsentMaxAge.After(now).Sub(now))
	}
	site.ReadsGPC, site.ReadsDNT = of.Signals.GPC != nil, of.Signals.DNT != nil
	site.GPC = site.ReadsGPC && slices.ContainsFunc(site.Languages[0].Purposes, heeds)
	return site
}

// branded adds what a site says of itself.
func branded(l visitor.Language, of *config.Site) visitor.Language {
	said := func(text config.Text) visitor.Text {
		one, in := text.In(l.Tag)
		return visitor.Text{Text: one, Lang: in}
	}
	l.Name, l.Title = of.Called(l.Tag), said(of.Privacy.Title)
	for _, link := range of.Privacy.Links {
		l.Links = append(l.Links, visitor.Link{Text: said(link.Text), URL: said(link.URL).Text})
	}
	return l
}

// siteLanguages lists the languages of a site's pages: those that it names, else those there are, first the one that
// most purposes have their titles in.
func siteLanguages(loaded *config.Loaded, site string) []string {
	if listed := loaded.Server.Sites[site].Privacy.Languages; len(listed) > 0 {
		return listed
	}
	titles := map[string]int{}
	for _, p := range loaded.Purposes {
		for lang := range p.Title {
			titles[lang]++
		}
	}
	all := notice.Languages()
	slices.SortStableFunc(all, func(a, b string) int {
		if n := titles[b] - titles[a]; n != 0 {
			return n
		}
		return boolean(b == "en") - boolean(a == "en")
	})
	return all
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// language says in one language what takes place.
func language(loaded *config.Loaded, n *notice.Notice, around notice.Around) visitor.Language {
	l := visitor.Language{
		Tag: n.Lang, Controller: visitor.Controller{Name: n.Controller.Name, Contact: n.Controller.Contact},
		Grounded: grounded(loaded, n),
	}
	around.Centre = "./?lang=" + n.Lang
	page, err := n.Publish("html", around)
	if err != nil {
		panic("BUG: the notice cannot be written: " + err.Error())
	}
	l.Notice = page
	purposes := map[string]*visitor.Purpose{}
	vendors := map[string]*visitor.Vendor{}
	for i := range n.Activities {
		a := &n.Activities[i]
		open := false // to objection
		for j := range a.Purposes {
			said := &a.Purposes[j]
			p := purposes[said.ID]
			if p == nil {
				p = purpose(loaded, said)
				purposes[said.ID] = p
			}
			f := flow(loaded, a, said.DirectMarketing)
			p.Flows = append(p.Flows, f)
			if f.When.Open() {
				p.ShownOnly, open = false, true
			}
		}
		v := vendors[a.Recipient.ID]
		if v == nil {
			r := &a.Recipient
			v = &visitor.Vendor{ID: r.ID, Name: r.Name, Person: r.Person(), Policy: r.PolicyURL, ShownOnly: true}
			vendors[v.ID] = v
		}
		v.ShownOnly = v.ShownOnly && !open
	}
	for _, p := range loaded.Policy.Purposes() {
		if one := purposes[p.ID]; one != nil {
			l.Purposes = append(l.Purposes, *one)
		}
	}
	for _, r := range loaded.Policy.Recipients() {
		if one := vendors[r.ID]; one != nil {
			l.Vendors = append(l.Vendors, *one)
		}
	}
	return l
}

// purpose says what a purpose is, without its flows.
func purpose(loaded *config.Loaded, said *notice.Purpose) *visitor.Purpose {
	written := loaded.Purposes[said.ID]
	return &visitor.Purpose{
		ID: said.ID, Title: visitor.Text(said.Title), Description: visitor.Text(said.Description),
		DirectMarketing: said.DirectMarketing, ShownOnly: true,
		GPC: written.GPC == "object", DNT: written.DNT == "object",
		US: len(written.US) > 0, Sale: slices.Contains(written.US, "sale") || slices.Contains(written.US, "sharing"),
	}
}

// flow says in which case an activity passes data on for one of its purposes. Direct marketing may be objected to
// whatever it rests on (Art. 21(2)).
func flow(loaded *config.Loaded, a *notice.Activity, marketing bool) visitor.Flow {
	rests, _ := basis.Parse(a.Basis)
	f := visitor.Flow{
		Vendor: a.Recipient.ID, Reference: a.Reference,
		Basis: visitor.Basis{
			Right: rests == basis.LegitimateInterest || rests == basis.PublicTask,
			Name:  a.BasisName, Article: a.Article,
		},
	}
	switch rests {
	case basis.Consent:
		f.When = visitor.AfterConsent
	case basis.LegitimateInterest, basis.PublicTask:
		f.When = visitor.UntilObjection
	case basis.OptOut:
		f.When = visitor.UntilOptOut
	case basis.Contract:
		f.When = visitor.ForContract
	case basis.LegalObligation:
		f.When = visitor.ByLaw
	default:
		f.When = visitor.ForLife
	}
	if marketing && !f.When.Open() {
		f.When = visitor.UntilObjection
	}
	for i := range loaded.Activities {
		if loaded.Activities[i].ID != a.ID {
			continue
		}
		for _, code := range loaded.Activities[i].Regions {
			if region, err := rules.ParseRegion(code); err == nil {
				f.Regions = append(f.Regions, region)
			}
		}
	}
	return f
}
