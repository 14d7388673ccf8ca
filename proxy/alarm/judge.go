package alarm

import (
	"cmp"
	"slices"
	"time"
)

// Fact is how something stands that is not counted: how far objections lag, for how long an
// assessment holds, how much room there is.
type Fact struct {
	Name    Name
	Subject string
	Value   float64 // seconds, days or bytes
}

// Watch counts, and says which alarms ring. Its zero value has counted nothing. It
// is not for several goroutines at once.
type Watch struct {
	history
	ringing map[id]*Alarm
	pending []Alarm // that began or ended, and that nobody was told of
}

// Add counts what was counted since the last time. It is called each minute.
func (w *Watch) Add(now time.Time, counts []Count) { w.add(now.UTC(), counts) }

// Judge says which alarms ring now, and puts those that began or ended among those to be told of ([Watch.Pending]).
// What is neither among the facts nor in subjects (names of sites, vendors, and both with a blank between them) is not
// watched any more: its alarm ends. All are the alarms that were judged; of each it is said whether it rings.
func (w *Watch) Judge(now time.Time, rules Rules, subjects []string, facts []Fact) (all map[Name]map[string]bool) {
	now = now.UTC().Truncate(time.Second)
	all = map[Name]map[string]bool{}
	note := func(of id, v verdict, seen Seen) {
		if all[of.name] == nil {
			all[of.name] = map[string]bool{}
		}
		w.settle(now, of, v, seen)
		all[of.name][of.subject] = w.ringing[of] != nil
	}
	for _, name := range Names() {
		rule, has := rules[name]
		if !has || rule.Off {
			continue
		}
		if judge, counted := counting[name]; counted {
			for _, subject := range subjects {
				of := key{judge.measure, subject}
				if judge.fits(subject) && (w.has(of) || w.ringing[id{name, subject}] != nil) {
					v, seen := judge.says(w, rule, of, w.ringing[id{name, subject}] != nil)
					note(id{name, subject}, v, seen)
				}
			}
			continue
		}
		for _, f := range facts {
			if f.Name == name {
				note(id{name, f.Subject}, levels[name](rule.Limit, f.Value), Seen{Value: f.Value})
			}
		}
	}
	for of := range w.ringing {
		if _, judged := all[of.name][of.subject]; !judged {
			w.settle(now, of, ends, Seen{Gone: true})
		}
	}
	slices.SortFunc(w.pending, func(a, b Alarm) int {
		return cmp.Or(a.changed().Compare(b.changed()), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Subject, b.Subject))
	})
	return all
}

// changed is when it began, or ended.
func (a *Alarm) changed() time.Time {
	if a.Rings() {
		return a.Since
	}
	return a.Until
}

// settle begins or ends an alarm.
func (w *Watch) settle(now time.Time, of id, v verdict, seen Seen) {
	rings := w.ringing[of]
	switch {
	case v == begins && rings == nil:
		if w.ringing == nil {
			w.ringing = map[id]*Alarm{}
		}
		one := &Alarm{Name: of.name, Subject: of.subject, Since: now, Seen: seen}
		w.ringing[of] = one
		w.pending = append(w.pending, *one)
	case v == ends && rings != nil:
		delete(w.ringing, of)
		one := *rings
		one.Until, one.Seen = later(now, one.Since.Add(time.Second)), seen
		w.pending = append(w.pending, one)
	}
}

// later is the later one of two times: an alarm ends after it began, whatever the clock says.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Ringing lists the alarms that ring, the oldest first.
func (w *Watch) Ringing() []Alarm {
	all := make([]Alarm, 0, len(w.ringing))
	for _, one := range w.ringing {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b Alarm) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Subject, b.Subject))
	})
	return all
}

// Pending lists the alarms that began or ended and that nobody was told of, in that order.
func (w *Watch) Pending() []Alarm { return slices.Clone(w.pending) }

// Told says that the first n of them were told.
func (w *Watch) Told(n int) { w.pending = slices.Delete(w.pending, 0, n) }
