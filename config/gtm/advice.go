package gtm

import (
	"regexp"
	"slices"
	"strings"
)

var consentType = regexp.MustCompile(`^[a-z_]{1,40}$`)

// advice says of tags why they end as they do, and what is to be done about it.
type advice struct {
	report    *Report
	eye       *eye
	server    bool // the container runs on a server
	googleTag bool // it has a tag that says where events for Google Analytics go
}

// hasGoogleTag tells whether a container says where events for Google Analytics go.
func hasGoogleTag(tags []Judged) bool {
	return slices.ContainsFunc(tags, func(j Judged) bool {
		return j.Outcome == Through && j.Vendor == "ga4" && (j.Type == "googtag" || j.Type == "gaawc" || j.Type == "html")
	})
}

func (a *advice) advise(j *Judged, s *sight, tag *Tag) {
	switch j.Outcome {
	case Through:
		a.through(j, s, tag)
	case Rebuild:
		a.rebuild(j)
	case Uncovered:
		a.uncovered(j, s)
	case Stays:
		j.Why = a.quiet(j, s)
	case Paused:
		j.Why = "it is paused, and does not fire"
		j.Do = "delete it; or look at it anew before it is switched on: nothing of it is in the proposed configuration"
	case Dead:
		for _, p := range s.products {
			if p.dead != "" {
				j.Why = p.dead
			}
		}
		j.Do = "delete it"
	}
	if !j.fires && j.Outcome != Paused {
		j.Why += "; no trigger fires it"
	}
}

func (a *advice) through(j *Judged, s *sight, tag *Tag) {
	v := a.of(j.Vendor)
	j.Why = "its hits pass as " + v.ID + " (catalog: " + v.Catalog + ") once it sends to " + a.report.Address() + v.Prefix
	var sets []string
	for _, p := range s.products {
		if p.entry != "" {
			sets = append(sets, a.set(j, s, a.report.vendor(p)))
		}
	}
	j.Do = strings.Join(sets, "; ")
	if host := a.serverOf(tag); host != "" {
		j.Why += "; it sends to a server of yours today, " + host
		j.Do += "; where that server is to go on receiving, write it under upstream: of vendor " + v.ID +
			", and give the activity every purpose for which it sends on"
	}
}

// set says what is set so that a tag sends to tagwarden.
func (a *advice) set(j *Judged, s *sight, v *Vendor) string {
	to := a.report.Address() + v.Prefix
	switch {
	case j.Type == "googtag":
		return "in this Google tag, under Configuration settings, set server_container_url to " + to
	case j.Type == "gaawc":
		return "in this configuration tag, tick Send to server container and write " + to + " there (serverContainerUrl)"
	case j.Type == "gaawe" && a.googleTag:
		return "nothing in this tag: its events go where the Google tag of their measurement ID sends"
	case j.Type == "gaawe":
		return "add a Google tag for its measurement ID with server_container_url set to " + to +
			": none in this container says where its events go"
	case s.how == byImage:
		return "in the image's address, put " + to + " in place of https:// and the vendor's host"
	case s.how == byTemplate:
		return "give the template " + to +
			" as the address it sends to; where it has no field for that, put a Custom HTML tag in its place: " + a.snippet(v)
	case v.ID == "ga4":
		return "where the script sets its Google tag up: " + a.snippet(v)
	}
	return "set the address in the script: " + a.snippet(v)
}

// snippet is the set-up line of the vendor's SDK for browsers.
func (a *advice) snippet(v *Vendor) string {
	if len(v.file.Snippets) == 0 {
		return a.report.Address() + v.Prefix
	}
	code := v.file.Snippets[0].Code
	if s := v.file.Snippets; v.ID == "segment" && len(s) > 1 {
		code = s[1].Code // the script that is pasted into pages
	}
	return strings.NewReplacer("${origin}", "https://"+a.report.host, "${host}", a.report.host, "${base}", base,
		"${prefix}", v.Prefix).Replace(strings.TrimSpace(code))
}

func (a *advice) of(id string) *Vendor {
	for _, v := range a.report.Vendors {
		if v.ID == id {
			return v
		}
	}
	panic("BUG: the report has no vendor " + id)
}

// serverOf is the server that a tag of Google Analytics sends to today; "" where it says none.
func (a *advice) serverOf(tag *Tag) string {
	address := value(tag.Parameters, "serverContainerUrl")
	var look func([]Parameter)
	look = func(of []Parameter) {
		for i := range of {
			if name := value(of[i].Map, "parameter"); name == "server_container_url" || name == "transport_url" {
				address = value(of[i].Map, "parameterValue")
			}
			if name := value(of[i].Map, "name"); name == "server_container_url" || name == "transport_url" {
				address = value(of[i].Map, "value")
			}
			look(of[i].List)
		}
	}
	look(tag.Parameters)
	for _, key := range []string{"configSettingsVariable", "eventSettingsVariable"} {
		name := strings.TrimSpace(strings.Trim(value(tag.Parameters, key), "{}"))
		for i := range a.eye.c.Variables {
			if v := &a.eye.c.Variables[i]; name != "" && v.Name == name {
				look(v.Parameters)
			}
		}
	}
	if hosts := hostsOf(a.eye.filled(address)); len(hosts) > 0 {
		return hosts[0]
	}
	if address != "" {
		return "as " + shown(address) + " says"
	}
	return ""
}

func (a *advice) rebuild(j *Judged) {
	v := a.of(j.Vendor)
	to := a.report.Address() + v.Prefix
	switch {
	case v.ID == "meta":
		j.Why = "the pixel's script (fbevents.js) has no setting for its address: it sends to facebook.com from the " +
			"browser, past tagwarden"
		j.Do = "take the tag out, and send its events as images from " + to +
			"/tr/?id=PIXEL_ID&ev=PageView, or from your server (catalog: meta_capi)"
	case a.server && v.ID == "ga4":
		j.Why = "a tag of a server container sends from there, past tagwarden"
		j.Do = "let the page's Google tag send to " + to + " in place of this container: then this tag is not needed; " +
			"where the container stays behind tagwarden, it is the upstream of " + v.ID
	case a.server:
		j.Why = "a tag of a server container sends from there to the vendor's own address, past tagwarden"
		j.Do = "take it out, and send from the page or from your own server: " + a.snippet(v)
	default:
		j.Why = "its template sends to the vendor's own address, past tagwarden"
		j.Do = "take it out, and send from your own server: " + a.snippet(v)
	}
}

func (a *advice) uncovered(j *Judged, s *sight) {
	var without []string
	for _, p := range s.products {
		if p.sends() && p.entry == "" && p.dead == "" {
			without = append(without, p.name)
		}
	}
	switch {
	case slices.Contains(without, "another container of Tag Manager"):
		j.Why = "it loads another container of Tag Manager, which is not in this export"
		j.Do = "export that container as well, and import it"
	case len(without) > 0:
		j.Why = strings.Join(without, ", ") + ": the catalog has no entry, and it sends from the " + a.place() +
			" to the vendor, past tagwarden"
		j.Do = "take it out, or let it fire on consent alone; a vendor file of your own covers hits that can be pointed " +
			"here (`tagwarden docs vendors`)"
	case s.company != "":
		j.Why = s.company + ": the catalog has no entry, and it sends from the " + a.place() +
			" to the vendor, past tagwarden"
		j.Do = "take it out, or let it fire on consent alone"
	case s.how == byScript && len(s.hosts) > 0:
		j.Why = "custom HTML, not covered"
		j.Do = "look at what it sends, and to whom; take it out, or let it fire on consent alone"
	case s.how == byScript:
		j.Why = "custom HTML, not covered: it loads or sends something, and the address is put together as it runs"
		j.Do = "look at what it sends, and to whom"
	case s.how == byTemplate && s.template == "":
		j.Why = "its template is not in the export, so that nobody can tell what it sends"
		j.Do = "look at what it sends, and to whom"
	case s.how == byTemplate:
		j.Why = "a template that is not known here"
		j.Do = "look at what it sends, and to whom; take it out, or let it fire on consent alone"
	case s.how == byImage:
		j.Why = "an image of a vendor that is not known here"
		j.Do = "take it out, or let it fire on consent alone; a vendor file of your own covers it (`tagwarden docs vendors`)"
	default:
		j.Why = "tags of this type are not known here"
		j.Do = "look at what it sends, and to whom"
	}
	if len(s.hosts) > 0 {
		j.Why += "; it names " + strings.Join(s.hosts, ", ")
	}
	if v := j.Vendor; v != "" {
		j.Do += "; what of it goes to " + v + " passes as that vendor's other tags do"
	}
}

// place is where the container's tags run.
func (a *advice) place() string {
	if a.server {
		return "server container"
	}
	return "browser"
}

func (a *advice) quiet(j *Judged, s *sight) string {
	if does := quiet[j.Type]; does != "" {
		return does
	}
	for _, p := range s.products {
		if p.quiet != "" {
			return p.name + ": " + p.quiet
		}
	}
	return "it names no host and no vendor that is known here, and nothing in it sends: it does its work in the page"
}

// note says what holds of the container as a whole.
func (r *Report) note(c *Container, e *eye) {
	if slices.Contains(r.For, "server") {
		r.Notes = append(r.Notes, "This is a server container: of it are taken the vendors that its tags send to. Its "+
			"clients, transformations and variables are not: what it receives it sends on by itself, past tagwarden, which "+
			"stands in its place or before it")
		for _, server := range c.Servers {
			if hosts := hostsOf(e.filled(server)); len(hosts) == 1 {
				r.Notes = append(r.Notes, "It is reached at "+hosts[0])
			}
		}
	}
	for _, use := range r.For {
		if use != "web" && use != "server" {
			r.Notes = append(r.Notes, "This container is for "+shown(use)+
				": its tags do not run in a web page, and what is said of them holds for pages")
		}
	}
	for _, v := range r.Vendors {
		if v.file.Hosts["api"] == "" {
			r.Notes = append(r.Notes, v.ID+" is a server of your own: its address, country and owner in the proposed "+
				"configuration are stand-ins, put yours there")
		}
		if len(v.Sets) > 0 {
			r.Notes = append(r.Notes, "Tags of "+v.ID+" set "+strings.Join(v.Sets, ", ")+
				": what of it is a parameter of your own is dropped until policy/profiles.yaml "+
				"names it (fields: { ga4: { ep.NAME: scrub } })")
		}
	}
	if r.host == standInHost {
		r.Notes = append(r.Notes, "The container does not tell the site's host: "+standInHost+" stands in its place")
	}
}
