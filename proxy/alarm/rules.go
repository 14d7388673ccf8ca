package alarm

import "strings"

// verdict says what becomes of an alarm. The zero value leaves it as it is: between where one begins and where it ends
// lies room, so that what goes up and down there rings once.
type verdict uint8

const (
	stays verdict = iota
	begins
	ends
)

// counted is how an alarm is judged by what was counted.
type counted struct {
	measure Measure
	fits    func(subject string) bool
	says    func(w *Watch, r Rule, of key, rings bool) (verdict, Seen)
}

func whichever(string) bool      { return true }
func single(subject string) bool { return !strings.Contains(subject, " ") }

// counting are the alarms that are judged so.
var counting = map[Name]counted{
	Silent:          {Events, whichever, silent},
	ConsentCollapse: {Granted, single, collapse},
	AlwaysGranted:   {Entire, single, always},
	UnknownFields:   {Unlisted, single, unlisted},
	Uncovered:       {Astray, single, astray},
	VendorRefuses:   {Refused, single, refuses},
}

// levels are the others: each by where its value is, and how far it has to go back.
var levels = map[Name]func(limit, value float64) verdict{
	ObjectionsLag: func(limit, value float64) verdict { return between(value > limit, value < limit/2) },
	ReviewDue:     func(limit, value float64) verdict { return between(value <= limit, value > limit) },
	Disk:          func(limit, value float64) verdict { return between(value < limit, value > limit*1.2) },
	Certificate:   func(limit, value float64) verdict { return between(value <= limit, value > limit) },
}

func between(begun, ended bool) verdict {
	switch {
	case begun:
		return begins
	case ended:
		return ends
	default:
		return stays
	}
}

func seen(t total, before float64) Seen {
	return Seen{Of: t.of, All: t.all, Share: t.share(), Before: before}
}

// silent: nothing comes where at this hour of this day of the week, or else of yesterday, something did. Of a vendor on
// a site nothing is said where all of the site is silent, or nearly.
func silent(w *Watch, r Rule, of key, rings bool) (verdict, Seen) {
	now := w.recent(of, r.Within)
	if rings {
		return between(false, now.all > 0 && now.all >= uint64(r.Least/10)), seen(now, 0)
	}
	if site, _, pair := strings.Cut(of.subject, " "); pair {
		if w.ringing[id{Silent, site}] != nil || w.recent(key{Events, site}, r.Within).all < uint64(r.Least) {
			return stays, Seen{}
		}
	}
	before := week
	if !w.watched(week, r.Within) {
		before = day
	}
	was := w.ago(of, before, r.Within)
	quiet := now.all == 0 && w.watched(0, r.Within) && w.watched(before, r.Within)
	return between(quiet && was.all >= uint64(r.Least), false), seen(now, float64(was.all))
}

// pastLeast is how many times as much the past has to hold as what is held against it.
const pastLeast = 5

// collapse: of the hits that speak of a choice or could, far fewer say yes than in the week before.
func collapse(w *Watch, r Rule, of key, _ bool) (verdict, Seen) {
	now, past := w.recent(of, r.Within), w.past(of, r.Within)
	if now.all < uint64(r.Least) || past.all < uint64(r.Least*pastLeast) || past.share() < leastConsent {
		return stays, seen(now, past.share())
	}
	fall := past.share() * r.Share
	return between(now.share() <= past.share()-fall, now.share() > past.share()-fall/2), seen(now, past.share())
}

// leastConsent is the share below which consent cannot collapse any more.
const leastConsent = .05

// always: every single hit says yes. People do not; a default does.
func always(w *Watch, r Rule, of key, _ bool) (verdict, Seen) {
	now := w.recent(of, r.Within)
	if now.all < uint64(r.Least) {
		return stays, seen(now, 0)
	}
	return between(now.of == now.all, now.share() < entirely), seen(now, 0)
}

// entirely is the share above which a few that say no may be scanners.
const entirely = .99

// unlisted: of the fields of a vendor's hits many more are not in its catalog entry than in the week before.
func unlisted(w *Watch, r Rule, of key, _ bool) (verdict, Seen) {
	now, past := w.recent(of, r.Within), w.past(of, r.Within)
	if now.all < uint64(r.Least) || past.all < uint64(r.Least) {
		return stays, seen(now, past.share())
	}
	return between(now.share() >= past.share()+r.Share, now.share() < past.share()+r.Share/2), seen(now, past.share())
}

// astray: many hits of a site are for what nothing covers.
func astray(w *Watch, r Rule, of key, _ bool) (verdict, Seen) {
	now := w.recent(of, r.Within)
	many := now.of >= uint64(r.Least)
	return between(many && now.share() >= r.Share, now.of < uint64(r.Least/2) || now.share() < r.Share/2), seen(now, 0)
}

// refuses: a vendor refuses many requests.
func refuses(w *Watch, r Rule, of key, _ bool) (verdict, Seen) {
	now := w.recent(of, r.Within)
	if now.all < uint64(r.Least) {
		return stays, seen(now, 0)
	}
	return between(now.share() >= r.Share, now.share() < r.Share/2), seen(now, 0)
}
