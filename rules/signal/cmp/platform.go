// Package cmp reads what consent management platforms keep in a visitor's cookies, each in a file of its own. What is
// absent, malformed or contradictory never counts as a yes.
package cmp

import "slices"

// Platform names a consent management platform whose cookies can be read, see [Parse] and [Platform.Read]. The zero
// value is none.
type Platform uint8

// The platforms that somebody else knows by name: whose cookies hold strings of IAB's or opt-outs, and whose ids
// others borrow.
const (
	none Platform = iota
	OneTrust
	Cookiebot

	Iubenda  Platform = 9
	GoogleFC Platform = 14
)

// platforms are all that can be read, by number. A new one is a line at the end, and a file that says how it writes.
var platforms = [...]*dialect{
	OneTrust:  &oneTrust,
	Cookiebot: &cookiebot,
	&usercentrics,
	&didomi,
	&klaro,
	&complianz,
	&cookieYes,
	&axeptio,
	Iubenda: &iubenda,
	&trustArc,
	&hubSpot,
	&civic,
	&cookieConsent,
	GoogleFC: &googleFC,
	&tealium,
	&commandersAct,
	&cookieInformation,
	&shopify,
	&ketch,
	&matomo,
	&sourcepoint,
	&osano,
	&termly,
	&tarteaucitron,
	&cookieThough,
	&mirror,
}

// dialect is how one platform writes its cookies. It is never changed.
type dialect struct {
	name   string   // that server files and records use
	names  []string // of its cookies; the place in this list is the cookie's slot
	prefix string   // where every name begins with it and a site may change it; else a site may change the first name
	match  func(name []byte, prefix string) (slot int, ok bool)

	read func(s *Scratch, c *cookie) // reads one cookie
	end  func(s *Scratch)            // puts what all of them say together; nil where each stands for itself

	sealed    bool // its cookies never tell what the visitor chose
	elsewhere bool // it keeps what the visitor chose out of cookies
	renamable bool // a site may change how its cookie is called
	revised   bool // it counts revisions of its banner
	services  bool // it keeps services, which are answered one by one, in its cookies
	serving   bool // its ids are those of services alone
	strings   bool // all that it writes are strings of IAB's and Google's

	listed [numLists]bool // what one of several lists leaves out is refused

	tcf func(id []byte) bool // tells whether an id is a purpose of the TCF; nil where none is

	free     bool     // ids are the site's own
	ids      []string // else these are all there are
	defaults [][2]string
	hint     string // for explain: what else a grant needs
}

// Parse reads a name as server files write it.
func Parse(name string) (Platform, bool) {
	for c := range All {
		if platforms[c].name == name {
			return c, true
		}
	}
	return none, false
}

// All yields every platform.
func All(yield func(Platform) bool) {
	for c := none + 1; int(c) < len(platforms); c++ {
		if !yield(c) {
			return
		}
	}
}

// String returns the name that server files and records use.
func (c Platform) String() string {
	switch d := c.dialect(); {
	case d != nil:
		return d.name
	case c == none:
		return "none"
	default:
		return "unknown"
	}
}

func (c Platform) dialect() *dialect {
	if int(c) < len(platforms) {
		return platforms[c]
	}
	return nil
}

// InCookies tells whether the platform keeps the visitor's choice in cookies at all. Where it does not, the page has to
// send it.
func (c Platform) InCookies() bool {
	d := c.dialect()
	return d != nil && !d.elsewhere
}

// Unreadable tells whether a platform keeps its state where a server cannot read it.
func (c Platform) Unreadable() bool {
	d := c.dialect()
	return d != nil && (d.sealed || d.elsewhere)
}

// Renamable tells whether a site may change how the platform's cookie is called.
func (c Platform) Renamable() bool {
	d := c.dialect()
	return d != nil && d.renamable
}

// Revised tells whether the platform counts revisions of its banner.
func (c Platform) Revised() bool {
	d := c.dialect()
	return d != nil && d.revised
}

// KeepsServices tells whether the platform keeps answers about single services in its cookies.
func (c Platform) KeepsServices() bool {
	d := c.dialect()
	return d != nil && d.services
}

// OnlyServices tells whether all ids of the platform are those of services: a site that maps them to categories names
// its services by that.
func (c Platform) OnlyServices() bool {
	d := c.dialect()
	return d != nil && d.serving
}

// TCFPurpose tells whether an id of the platform's own is a purpose of IAB's TCF, or a stack of them: what it answers
// is consent alone, for legitimate interest is answered apart.
func (c Platform) TCFPurpose(id []byte) bool {
	d := c.dialect()
	return d != nil && d.tcf != nil && d.tcf(id)
}

// OnlyIAB tells whether all that the platform writes are strings of IAB's and Google's, which no category is mapped
// for.
func (c Platform) OnlyIAB() bool {
	d := c.dialect()
	return d != nil && d.strings
}

// Names lists the cookies that are looked at. A star stands for the part of a name that differs from site to site.
func (c Platform) Names(set Settings) []string {
	d := c.dialect()
	if d == nil {
		return nil
	}
	names := slices.Clone(d.names)
	switch {
	case d.prefix != "":
		for i := range names {
			names[i] = set.or(d.prefix) + names[i]
		}
	case len(names) > 0:
		names[0] = set.or(names[0])
	}
	return names
}

// DefaultCategories maps the platform's ids to consent categories where their meaning is known. Nil where ids are the
// site's own: they stand for themselves.
func (c Platform) DefaultCategories() map[string]string {
	d := c.dialect()
	if d == nil || d.defaults == nil {
		return nil
	}
	all := make(map[string]string, len(d.defaults))
	for _, pair := range d.defaults {
		all[pair[0]] = pair[1]
	}
	return all
}

// Known tells whether the platform can write that id, of a category or a service, at all.
func (c Platform) Known(id string) bool {
	d := c.dialect()
	return d != nil && id != "" && (d.free || slices.Contains(d.ids, id))
}

// slot tells which of the platform's cookies a name is.
func (d *dialect) slot(name []byte, set *Settings) (int, bool) {
	if d.match != nil {
		return d.match(name, set.or(d.prefix))
	}
	for i, own := range d.names {
		if i == 0 {
			own = set.or(own)
		}
		if string(name) == own {
			return i, true
		}
	}
	return 0, false
}

// ignore reads nothing of a cookie: it does not tell what the visitor chose, and nothing is made out of it.
func ignore(*Scratch, *cookie) {}
