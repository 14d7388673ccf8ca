package proxy

import (
	"context"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Bounds of what follows.
const (
	mostBrowsers  = 20               // that may begin to follow one identifier of a person on one day
	mostFollowing = 8 * mostBrowsers // their identifiers
	mostPairs     = 10_000           // of persons and browsers that one hit is looked through for
	mostLeads     = 2048             // identifiers of persons whose browsers are counted
	mostAsked     = 16_384           // pairs that are remembered for a day
)

// follows is that a browser was seen in one event with a person who objected.
type follows struct {
	lead, browser objection.Subject
	site          string
	day           int64 // when
}

// followerOptions are what a follower needs.
type followerOptions struct {
	Log     *zap.Logger
	Now     func() time.Time
	Every   func(time.Duration) (<-chan time.Time, func())
	Metrics *metrics.Metrics
	Follow  func(context.Context, []objection.Follow) ([]objection.Followed, error)
	Expire  func(context.Context) (more bool, err error)
	Begun   func(lead [16]byte, at time.Time) ([]objection.Subject, error)
}

// follower has objections follow their persons: where an event names somebody who objected, and a browser beside, that
// browser is objected for from then on. Hits only put what they saw into a list; one goroutine writes it down.
//
// It never goes from a browser to a person: ids of persons can be guessed, and anybody may send a hit. For the same
// reason an identifier of a person by which too many browsers would follow on one day is followed no more that day: it
// may be of many, or somebody makes browsers up.
type follower struct {
	opts  followerOptions
	list  *actList[follows]
	asked *lru.Cache[pair, askedFor]

	faults minutely // that something cannot be written

	mu    sync.Mutex // guards what follows
	leads *lru.Cache[[16]byte, *ledToday]

	expired time.Time // when what is over was last ended; of the goroutine that writes
}

// pair is a person and a browser, by the hashes that objections are found by.
type pair struct{ lead, browser [16]byte }

// askedFor is on which day a pair was last put into the list to be kept up, or refused by the store.
type askedFor struct {
	day     int64
	refused bool
}

// ledToday is how many browsers began to follow an identifier of a person on a day.
type ledToday struct {
	day      int64
	browsers int
	ids      map[[16]byte]struct{} // of these browsers
	told     bool                  // there were too many, and it was said
}

func newFollower(o followerOptions) *follower {
	asked, err := lru.New[pair, askedFor](mostAsked)
	if err != nil {
		panic("BUG: a cache of no size")
	}
	leads, err := lru.New[[16]byte, *ledToday](mostLeads)
	if err != nil {
		panic("BUG: a cache of no size")
	}
	return &follower{opts: o, list: newActList[follows](), asked: asked, leads: leads}
}

// see looks through a hit in which an objection of a person was found, for browsers that stand in one event with that
// person. It takes copies, and waits for nothing.
func (f *follower) see(h *hitContext) {
	look := looking{follower: f, h: h, day: dayOf(f.opts.Now()), left: mostPairs}
	h.sortSubjects()
	look.add(hit.Shared)
	if len(h.j.Hit.Events) == 1 {
		look.add(0)
	}
	leads, browsers := len(h.leads), len(h.browsers)
	for _, lead := range h.leads {
		look.beside(lead, h.browsers)
	}
	for e := 0; e < len(h.j.Hit.Events) && len(h.j.Hit.Events) > 1; e++ {
		look.add(e)
		for _, lead := range h.leads[leads:] { // of the event's own
			look.beside(lead, h.browsers)
		}
		for _, lead := range h.leads[:leads] { // of what all share, those beside were looked at
			look.beside(lead, h.browsers[browsers:])
		}
		h.leads, h.browsers = h.leads[:leads], h.browsers[:browsers]
	}
}

// looking is one look through a hit. In the hit's leads and browsers are the places of subjects: of those that all
// events share, and behind them those of the event that is looked at.
type looking struct {
	*follower
	h    *hitContext
	day  int64
	left int // pairs that may still be looked at
}

// add adds the persons of an event who objected, and the browsers in it. A person who is known by an id and by its hash
// is one: the hash leads where it alone was objected by.
func (l *looking) add(event int) {
	h := l.h
	from, plain := len(h.leads), false
	for i := h.firstOf[event+1]; i != hit.None; i = h.nextOf[i] {
		switch s := &h.j.Subjects[i]; {
		case s.Kind == rules.Person && l.found(i).Any():
			h.leads = append(h.leads, i)
			plain = plain || s.Class == hit.UserID && s.Form > 0
		case s.Kind == rules.Browser && s.Form == pseudonym.NewestForm: // an older one is there to be looked up alone
			h.browsers = append(h.browsers, i)
		}
	}
	if plain {
		kept := slices.DeleteFunc(h.leads[from:], func(i int32) bool { return h.j.Subjects[i].Form == 0 })
		h.leads = h.leads[:from+len(kept)]
	}
}

// found is what was objected to for a subject. What nobody knows is nothing: that has denied the hit already.
func (l *looking) found(subject int32) rules.Objections {
	found, err := l.h.snapshot.objections.Lookup(l.h.j.Subjects[subject].Hash)
	if err != nil {
		return rules.Objections{}
	}
	return found
}

// beside puts browsers that stand beside a person into the list, where that person's objections are not in force for
// them yet; where they are, once a day, so that it is known that they are still seen.
func (l *looking) beside(lead int32, browsers []int32) {
	h := l.h
	person := &h.j.Subjects[lead]
	objected := l.found(lead)
	for _, browser := range browsers {
		if l.left--; l.left < 0 {
			return
		}
		key := pair{person.Hash, h.j.Subjects[browser].Hash}
		asked, _ := l.asked.Get(key)
		today, inForce := asked.day == l.day, !l.found(browser).Lacks(objected)
		switch {
		case today && (inForce || asked.refused):
			continue
		case !inForce && !l.admits(lead):
			l.count("too_many", 1)
			return
		}
		if !l.list.put(h.j.Hit.Request.Address, follows{l.subject(lead), l.subject(browser), h.j.Site.ID, l.day}) {
			l.count("full", 1)
			return
		}
		if inForce {
			l.asked.Add(key, askedFor{day: l.day})
		}
	}
}

// subject is a subject of the hit as it may be kept.
func (l *looking) subject(i int32) objection.Subject {
	return objection.Subject(l.h.j.Identity(int(i), l.h.in.Keys))
}

// admits tells whether the browser at hand, which the hit's browsers are identifiers of, may begin to follow a person's
// identifier today. One that did already may, as long as it does not show ever new ones.
func (l *looking) admits(lead int32) bool {
	person := &l.h.j.Subjects[lead]
	l.mu.Lock()
	defer l.mu.Unlock()
	today, known := l.leads.Get(person.Hash)
	if !known {
		if today = l.remembered(person.Hash); today == nil {
			return false
		}
		l.leads.Add(person.Hash, today)
	} else if today.day != l.day {
		today = &ledToday{day: l.day, ids: map[[16]byte]struct{}{}}
		l.leads.Add(person.Hash, today)
	}
	known = false
	fresh := 0
	for _, i := range l.h.browsers {
		if _, there := today.ids[l.h.j.Subjects[i].Hash]; there {
			known = true
		} else {
			fresh++
		}
	}
	if known && fresh == 0 {
		return true
	}
	if !known && today.browsers >= mostBrowsers || len(today.ids)+fresh > mostFollowing {
		l.tell(today, lead)
		return false
	}
	if !known {
		today.browsers++
	}
	for _, i := range l.h.browsers {
		today.ids[l.h.j.Subjects[i].Hash] = struct{}{}
	}
	return true
}

// remembered is how many browsers began to follow a lead today, as the store has it: this process may have begun since.
// A browser has one identifier in a namespace. It is nil where the store cannot be read. The caller holds the mutex: it
// is asked once for a lead and day.
func (l *looking) remembered(lead [16]byte) *ledToday {
	begun, err := l.opts.Begun(lead, l.opts.Now())
	if err != nil {
		return nil
	}
	today := &ledToday{day: l.day, ids: map[[16]byte]struct{}{}}
	of := map[string]int{}
	for i := range begun {
		today.ids[begun[i].Hash] = struct{}{}
		of[begun[i].Space]++
		today.browsers = max(today.browsers, of[begun[i].Space])
	}
	return today
}

// tell says once a day that an identifier of a person is followed no more. The caller holds the mutex.
func (l *looking) tell(today *ledToday, lead int32) {
	if today.told {
		return
	}
	today.told = true
	person := l.subject(lead)
	l.opts.Log.Warn("more browsers would follow one identifier of a person today than one person has: "+
		"it is followed no more until tomorrow; it may be of many, or made use of by a stranger",
		zap.String("subject", hex.EncodeToString(person.Ledger[:])), zap.Stringer("class", l.h.j.Subjects[lead].Class),
		zap.Int("browsers", mostBrowsers))
}

func (f *follower) count(outcome string, n int) {
	f.opts.Metrics.Followed.WithLabelValues(outcome).Add(float64(n))
}

const secondsOfDay = 24 * 60 * 60

// dayOf is the day of a time, in UTC, counted from 1970.
func dayOf(t time.Time) int64 { return t.Unix() / secondsOfDay }

// run writes down what is in the list, and ends what is over, until the context ends.
func (f *follower) run(ctx context.Context) {
	tick, end := f.opts.Every(betweenGroups / 2)
	defer end()
	write := func(group []follows) { f.write(context.Background(), group) }
	f.list.run(ctx, f.opts.Now, tick, func() { f.expire(ctx) }, write)
}

// expire ends what is over, some of it each time, and looks once an hour.
func (f *follower) expire(ctx context.Context) {
	now := f.opts.Now()
	if now.Sub(f.expired).Abs() < time.Hour {
		return
	}
	more, err := f.opts.Expire(ctx)
	if err != nil {
		f.faults.fault(f.opts.Log, f.opts.Now(), "what browsers follow no more cannot be ended", err)
	}
	if !more {
		f.expired = now
	}
}

// write writes a group down.
func (f *follower) write(ctx context.Context, group []follows) {
	day := dayOf(f.opts.Now())
	places := map[follows]int{} // by what they share
	var all []objection.Follow
	for _, one := range group {
		key := one
		key.browser = objection.Subject{}
		at, ok := places[key]
		if !ok || len(all[at].Seen) == mostOfNetwork {
			at = len(all)
			places[key] = at
			of := objection.Follow{Lead: one.lead, Site: one.site}
			if one.day != day { // it waited over midnight
				of.Time = time.Unix((one.day+1)*secondsOfDay-1, 0)
			}
			all = append(all, of)
		}
		all[at].Seen = append(all[at].Seen, one.browser)
	}
	became, err := f.opts.Follow(ctx, all)
	if err != nil {
		f.count("failed", len(group))
		f.faults.fault(f.opts.Log, f.opts.Now(), "what browsers are to follow cannot be kept: their next hits bring it again",
			err)
		return
	}
	for i := range became {
		f.count("written", became[i].New)
		f.opts.Metrics.Objections.WithLabelValues("objection", objection.SeenWith.String()).Add(float64(became[i].New))
		if became[i].Refused == 0 {
			continue
		}
		f.count("refused", became[i].Refused)
		for _, browser := range all[i].Seen {
			f.asked.Add(pair{all[i].Lead.Hash, browser.Hash}, askedFor{day: day, refused: true})
		}
	}
}

// close writes down what is left, for a moment at most.
func (f *follower) close() error {
	f.list.finish(f.write)
	return nil
}
