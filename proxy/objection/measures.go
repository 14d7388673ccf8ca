package objection

import (
	"encoding/binary"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Counts are numbers of acts. An act that objects to something and takes something else back is counted as both; one
// that changed nothing is not counted, unless it was a complaint.
type Counts struct {
	Objections   uint64
	Restrictions uint64
	Withdrawals  uint64
	Complaints   uint64
}

// Day is what was done on a day (UTC): counts, and nothing of anybody. The maps are by name; scopes that an
// act did not change are not counted for it. At most 500 names of a kind are told apart in 400 days; what
// comes after them is counted as "other".
type Day struct {
	Date     string // 2026-01-31
	All      Counts
	Scope    map[string]Counts
	Source   map[string]Counts
	Site     map[string]Counts
	Channel  map[string]Counts
	Campaign map[string]Counts
}

// Stats are measures of the store.
type Stats struct {
	Head Head
	// subjects that have, or had, a scope in force: identifiers in one form, of which a person has several
	Records  uint64
	Subjects uint64            // of these, with a scope in force
	Older    uint64            // of these, of an older form than NewestForm
	Scopes   map[string]uint64 // of these, by scope; those of restrictions begin with "restriction:"
	Waiting  uint64            // messages in the outbox
	Days     []Day             // ascending; days without any act are left out
}

// The kinds of names that acts are counted by, and what is counted. They are in the keys of the file: the numbers stay.
const (
	byNothing = iota
	byScope
	bySource
	bySite
	byChannel
	byCampaign
	numBy
)

const (
	countObjections = iota
	countRestrictions
	countWithdrawals
	countComplaints
	numCounts
)

// measure is one count of a day. Its key is the day (days since 1970, 4 bytes, big endian), by,
// what, and the name; its value the count.
type measure struct {
	by, what byte
	name     string
}

const (
	mostNames = 500 // of a kind are told apart
	nameLife  = 400 // days after its last use when a name makes room for another
	otherName = "other"
)

// labels are the names in use, with the last day of each. They are what bounds the
// measures: names can come from outside.
type labels [numBy]map[string]uint32

// name is the name that is counted for a name.
func (l *labels) name(by byte, name string, day uint32) string {
	if by == byNothing {
		return ""
	}
	known := l[by]
	if last, ok := known[name]; ok {
		known[name] = max(last, day)
		return name
	}
	if len(known) >= mostNames {
		for old, last := range known {
			if last+nameLife < day {
				delete(known, old)
			}
		}
		if len(known) >= mostNames {
			return otherName
		}
	}
	known[name] = day
	return name
}

// loadLabels reads the names in use.
func loadLabels(tx *bolt.Tx) (labels, error) {
	var l labels
	for by := range l {
		l[by] = map[string]uint32{}
	}
	err := eachMeasure(tx, func(day uint32, m measure, _ uint64) {
		if m.by != byNothing && m.name != otherName {
			l[m.by][m.name] = max(l[m.by][m.name], day)
		}
	})
	return l, err
}

// eachMeasure calls f with every measure, day after day.
func eachMeasure(tx *bolt.Tx, f func(day uint32, m measure, n uint64)) error {
	return tx.Bucket(bucketMeasures).ForEach(func(key, value []byte) error {
		day, m, n, err := parseMeasure(key, value)
		if err == nil {
			f(day, m, n)
		}
		return err
	})
}

func parseMeasure(key, value []byte) (day uint32, m measure, n uint64, err error) {
	if len(key) < 6 || len(value) != 8 || key[4] >= numBy || key[5] >= numCounts {
		return 0, measure{}, 0, fmt.Errorf("%w: a measure cannot be read", ErrDamaged)
	}
	return binary.BigEndian.Uint32(key), measure{key[4], key[5], string(key[6:])}, binary.BigEndian.Uint64(value), nil
}

// dayOf numbers days: since 1970, never less than 0.
func dayOf(t time.Time) uint32 { return uint32(min(max(0, t.Unix()/86400), 1<<32-1)) }

// count counts a change, on the day when it came into force.
func (g *group) count(c *Change, e *effect) {
	added := byte(countObjections)
	if c.Restriction {
		added = countRestrictions
	}
	if len(e.added) > 0 {
		g.countAs(c, added, 1)
		g.countScopes(added, e.added)
	}
	if len(e.removed) > 0 {
		g.countAs(c, countWithdrawals, 1)
		g.countScopes(countWithdrawals, e.removed)
	}
	if c.Complaint {
		g.countAs(c, countComplaints, 1)
		for _, scope := range c.Object {
			g.countOne(byScope, countComplaints, scope, 1)
		}
	}
}

func (g *group) countAs(c *Change, what byte, times uint64) {
	g.countOne(byNothing, what, "", times)
	for by, name := range [numBy]string{bySource: c.Source, bySite: c.Site, byChannel: c.Channel, byCampaign: c.Campaign} {
		if name != "" {
			g.countOne(byte(by), what, name, times)
		}
	}
}

func (g *group) countScopes(what byte, marks []uint32) {
	names := g.writer.scopes.names
	for i, mark := range marks {
		if i == 0 || marks[i-1]/2 != mark/2 { // an objection and a restriction of one scope are one act
			name, _ := markName(names, mark&^1)
			g.countOne(byScope, what, name, 1)
		}
	}
}

func (g *group) countOne(by, what byte, name string, times uint64) {
	day := dayOf(g.now)
	g.counts[counted{day, measure{by, what, g.writer.labels.name(by, name, day)}}] += times
}

// counted is what a group counts, and for which day.
type counted struct {
	day uint32
	measure
}

// putMeasures adds what was counted to what is on disk.
func (g *group) putMeasures() error {
	b := g.tx.Bucket(bucketMeasures)
	for m, n := range g.counts {
		key := binary.BigEndian.AppendUint32(nil, m.day)
		key = append(append(key, m.by, m.what), m.name...)
		if value := b.Get(key); len(value) == 8 {
			n += binary.BigEndian.Uint64(value)
		}
		if err := b.Put(key, number(n)); err != nil {
			return err
		}
	}
	return nil
}

// Stats returns measures: totals as they are after the last commit, and all days.
func (s *Store) Stats() (Stats, error) {
	now, names := s.state.Load(), *s.names.Load()
	stats := Stats{Head: now.head, Records: now.records, Subjects: now.inForce, Older: now.older,
		Scopes: map[string]uint64{}, Waiting: now.waiting}
	for mark, n := range now.marks {
		if n == 0 {
			continue
		}
		name, _ := markName(names, uint32(mark))
		stats.Scopes[name] = n
	}
	if now.kept > 0 {
		stats.Scopes[KeptOptOut] = now.kept
	}
	err := s.file.read(func(tx *bolt.Tx) error {
		return eachMeasure(tx, func(day uint32, m measure, n uint64) {
			date := time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly)
			if len(stats.Days) == 0 || stats.Days[len(stats.Days)-1].Date != date {
				stats.Days = append(stats.Days, Day{Date: date})
			}
			stats.Days[len(stats.Days)-1].add(m, n)
		})
	})
	return stats, err
}

// add puts a count in its place.
func (d *Day) add(m measure, n uint64) {
	if m.by == byNothing {
		d.All.add(m.what, n)
		return
	}
	of := [numBy]*map[string]Counts{byScope: &d.Scope, bySource: &d.Source, bySite: &d.Site, byChannel: &d.Channel,
		byCampaign: &d.Campaign}[m.by]
	if *of == nil {
		*of = map[string]Counts{}
	}
	c := (*of)[m.name]
	c.add(m.what, n)
	(*of)[m.name] = c
}

func (c *Counts) add(what byte, n uint64) {
	*[numCounts]*uint64{countObjections: &c.Objections, countRestrictions: &c.Restrictions,
		countWithdrawals: &c.Withdrawals, countComplaints: &c.Complaints}[what] += n
}
