package alarm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// ruled are the rules of these tests.
func ruled() Rules {
	return Rules{
		Silent:          {Within: time.Hour, Least: 100},
		ConsentCollapse: {Within: time.Hour, Least: 200, Share: .5},
		AlwaysGranted:   {Within: 24 * time.Hour, Least: 500},
		UnknownFields:   {Within: time.Hour, Least: 1000, Share: .1},
		Uncovered:       {Within: time.Hour, Least: 200, Share: .2},
		VendorRefuses:   {Within: 20 * time.Minute, Least: 20, Share: .2},
		ObjectionsLag:   {Limit: 60},
		ReviewDue:       {Limit: 30},
		Disk:            {Limit: 2 << 30},
		Certificate:     {Limit: 14},
	}
}

// began is where the tests' time begins: a Sunday, at midnight.
var began = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)

// life is what comes each minute.
type life struct {
	t        *testing.T
	w        *Watch
	rules    Rules
	at       time.Time
	subjects []string
	counts   map[key]Count
	facts    []Fact
	told     []string // what was told
}

func newLife(t *testing.T) *life {
	t.Helper()
	return &life{
		t: t, w: new(Watch), rules: ruled(), at: began, subjects: []string{"", "shop", "ga4", "shop ga4", "other"},
		counts: map[key]Count{},
	}
}

// comes adds to what was counted.
func (l *life) comes(m Measure, subject string, of, all int) {
	c := l.counts[key{m, subject}]
	l.counts[key{m, subject}] = Count{m, subject, c.Of + uint64(of), c.All + uint64(all)}
}

// minute looks once.
func (l *life) minute() {
	l.t.Helper()
	l.at = l.at.Add(time.Minute)
	l.w.Add(l.at, slices.Collect(maps.Values(l.counts)))
	l.w.Judge(l.at, l.rules, l.subjects, l.facts)
	pending := l.w.Pending()
	for i := range pending {
		a := &pending[i]
		does := "begins"
		if !a.Rings() {
			does = "ends"
		}
		l.told = append(l.told, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", a.Name, a.Subject, does)), " "))
		if a.Text() == "" || a.Do() == "" || !strings.HasSuffix(a.Docs(), "#"+string(a.Name)) {
			l.t.Errorf("%s says too little: %q %q %q", a.Name, a.Text(), a.Do(), a.Docs())
		}
	}
	l.w.Told(len(pending))
}

// passes lets time pass in which the same comes each minute.
func (l *life) passes(d time.Duration, each func()) {
	l.t.Helper()
	for range int(d / time.Minute) {
		if each != nil {
			each()
		}
		l.minute()
	}
}

// wants holds what was told since the last time.
func (l *life) wants(what string, told ...string) {
	l.t.Helper()
	if !slices.Equal(l.told, told) {
		l.t.Errorf("%s: told %q, want %q", what, l.told, told)
	}
	l.told = nil
}

const days = 24 * time.Hour

// TestAlarms goes over all that are counted: each begins, on few hits does not, ends, and rings
// once while things go up and down between.
func TestAlarms(t *testing.T) {
	t.Parallel()
	many := func(l *life, m Measure, subject string, of, all int) func() {
		return func() { l.comes(m, subject, of, all) }
	}
	for _, c := range []struct {
		name    string
		measure Measure
		subject string
		past    [2]int // a minute's of and all, for three days
		bad     [2]int
		between [2]int // where it neither begins nor ends
		for_    time.Duration
	}{
		{"consent_collapse shop", Granted, "shop", [2]int{6, 10}, [2]int{1, 10}, [2]int{4, 10}, 2 * time.Hour},
		{"always_granted shop", Entire, "shop", [2]int{9, 10}, [2]int{10, 10}, [2]int{299, 300}, 25 * time.Hour},
		{"unknown_fields ga4", Unlisted, "ga4", [2]int{1, 100}, [2]int{20, 100}, [2]int{8, 100}, 2 * time.Hour},
		{"uncovered shop", Astray, "shop", [2]int{0, 10}, [2]int{8, 10}, [2]int{3, 20}, 2 * time.Hour},
		{"uncovered", Astray, "", [2]int{0, 10}, [2]int{8, 10}, [2]int{3, 20}, 2 * time.Hour},
		{"vendor_refuses ga4", Refused, "ga4", [2]int{0, 10}, [2]int{10, 10}, [2]int{3, 20}, 2 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t)
			each := func(n [2]int) func() { return many(l, c.measure, c.subject, n[0], n[1]) }
			l.passes(3*days, each(c.past))
			l.wants("what was always so")
			l.passes(c.for_, each(c.between))
			l.wants("what is between, before")
			l.passes(25*time.Hour, each(c.past))
			l.wants("as before")
			l.passes(c.for_, each(c.bad))
			l.wants("what is wrong", c.name+" begins")
			l.passes(30*time.Minute, each(c.bad))
			l.wants("what goes on")
			l.passes(25*time.Hour, each(c.between))
			l.wants("what is between")
			if got := len(l.w.Ringing()); got != 1 {
				t.Errorf("%d ring", got)
			}
			l.passes(25*time.Hour, each(c.past))
			l.wants("what is right again", c.name+" ends")

			few := newLife(t)
			few.passes(3*days, func() {
				if few.at.Minute() == 0 {
					few.comes(c.measure, c.subject, c.past[0], c.past[1])
				}
			})
			few.passes(2*days, func() {
				if few.at.Minute() == 0 {
					few.comes(c.measure, c.subject, min(c.bad[0], 10), min(c.bad[1], 10))
				}
			})
			few.wants("on few")

			off := newLife(t)
			name, _, _ := strings.Cut(c.name, " ")
			rule := off.rules[Name(name)]
			rule.Off = true
			off.rules[Name(name)] = rule
			off.passes(3*days, func() { off.comes(c.measure, c.subject, c.past[0], c.past[1]) })
			off.passes(26*time.Hour, func() { off.comes(c.measure, c.subject, c.bad[0], c.bad[1]) })
			off.wants("off")
		})
	}
}

// shopDay is a shop that is asleep at night, and all of Sunday.
func shopDay(l *life) func() {
	return func() {
		if l.at.Weekday() != time.Sunday && l.at.Hour() >= 8 && l.at.Hour() < 20 {
			for _, subject := range []string{"shop", "shop ga4", "shop meta"} {
				l.comes(Events, subject, 0, 10)
			}
		}
	}
}

// TestSilent: a site that falls silent is told of once, within an hour and ten minutes, at a time when it never is; not
// at night, not on a day when it rests, not while nobody looked.
func TestSilent(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.subjects = append(l.subjects, "shop meta")
	l.passes(10*days, shopDay(l)) // Sunday to Tuesday
	l.passes(10*time.Hour, shopDay(l))
	l.wants("its nights, and Sundays once there was one")
	l.passes(50*time.Minute, nil)
	l.wants("within an hour")
	l.passes(30*time.Minute, nil)
	l.wants("after an hour", "silent shop begins")
	a := l.w.Ringing()[0]
	if want := "nothing comes from site shop: the last time at this hour it was"; !strings.HasPrefix(a.Text(), want) {
		t.Errorf("%q, want %q", a.Text(), want)
	}
	l.passes(2*days, nil)
	l.wants("it is told once")
	l.comes(Events, "shop", 0, 3)
	l.minute()
	l.wants("three events are no return")
	l.passes(5*time.Minute, func() { l.comes(Events, "shop", 0, 10); l.comes(Events, "shop ga4", 0, 10) })
	l.wants("it is back", "silent shop ends")
}

// TestSilentVendor: one vendor's events stay away while others come.
func TestSilentVendor(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	each := func(vendors ...string) func() {
		return func() {
			l.comes(Events, "shop", 0, 10*len(vendors))
			for _, v := range vendors {
				l.comes(Events, "shop "+v, 0, 10)
			}
		}
	}
	l.passes(2*days, each("ga4", "meta"))
	l.passes(2*time.Hour, each("meta"))
	l.wants("one vendor", "silent shop ga4 begins")
	if want := "nothing comes from vendor ga4 on site shop"; !strings.HasPrefix(l.w.Ringing()[0].Text(), want) {
		t.Errorf("%q", l.w.Ringing()[0].Text())
	}
	l.passes(20*time.Minute, each("ga4", "meta"))
	l.wants("it is back", "silent shop ga4 ends")
}

// TestSilentNotWatched: what nobody counted was not silent.
func TestSilentNotWatched(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		stop time.Duration
		told []string
	}{
		"a restart": {2 * time.Minute, []string{"silent shop begins"}},
		"a stop":    {12 * time.Hour, []string{"silent shop begins"}},
		"a month":   {30 * days, nil},
	} {
		l := newLife(t)
		l.passes(3*days, func() { l.comes(Events, "shop", 0, 10) })
		text, err := l.w.State()
		if err != nil {
			t.Fatal(err)
		}
		if l.w, err = Read(text); err != nil {
			t.Fatal(err)
		}
		l.counts = map[key]Count{} // as a process that begins
		l.at = l.at.Add(c.stop)
		l.passes(30*time.Minute, nil)
		l.wants(what + ", half an hour of it")
		l.passes(time.Hour, nil)
		l.wants(what, c.told...)
	}
}

// TestLevels goes over the alarms that are no counts.
func TestLevels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    Name
		subject string
		values  []float64 // a minute each
		told    string    // what becomes of the alarm each minute: . nothing, b it begins, e it ends
	}{
		{ObjectionsLag, "", []float64{0, 59, 60, 61, 45, 61, 45, 30, 29, 61}, "...b....eb"},
		{ReviewDue, "LIA-1", []float64{400, 31, 30, 29, -1, -5, 365}, "..b...e"},
		{Disk, "", []float64{9 << 30, 2 << 30, 1 << 30, 2 << 30, 2.3 * (1 << 30), 1 << 30, 2.5 * (1 << 30)}, "..b...e"},
		{Certificate, "hits", []float64{90, 15, 14, 3, -1, 89}, "..b..e"},
		{Certificate, "nats n1.example", []float64{15, 14}, ".b"},
		{Certificate, "webhook crm", []float64{15, -1}, ".b"},
	} {
		l := newLife(t)
		for i, v := range c.values {
			l.facts = []Fact{{c.name, c.subject, v}}
			l.minute()
			want := map[byte][]string{'b': {strings.TrimSpace(string(c.name)+" "+c.subject) + " begins"},
				'e': {strings.TrimSpace(string(c.name)+" "+c.subject) + " ends"}}
			l.wants(fmt.Sprintf("%s %v", c.name, v), want[c.told[i]]...)
		}
	}
}

// TestWhatIsGoneEnds: an alarm ends whose subject is not there any more, or whose rule is off; and says so.
func TestWhatIsGoneEnds(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.facts = []Fact{{ReviewDue, "LIA-1", 3}, {Certificate, "hits", 3}}
	l.passes(time.Hour, func() { l.comes(Refused, "ga4", 10, 10) })
	l.wants("three", "certificate hits begins", "review_due LIA-1 begins", "vendor_refuses ga4 begins")
	l.facts, l.subjects = nil, nil
	l.rules[Certificate] = Rule{Off: true}
	l.at = l.at.Add(time.Minute)
	l.w.Judge(l.at, l.rules, l.subjects, l.facts)
	for _, a := range l.w.Pending() {
		if a.Rings() || !strings.Contains(a.Text(), "not watched any more") {
			t.Errorf("%s: %s", a.Name, a.Text())
		}
	}
	if n := len(l.w.Pending()); n != 3 || len(l.w.Ringing()) != 0 {
		t.Errorf("%d end, %d ring", n, len(l.w.Ringing()))
	}
}

// TestEveryAlarmIsJudged: each has words, and one way of being judged.
func TestEveryAlarmIsJudged(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		_, counts := counting[name]
		if _, is := levels[name]; is == counts {
			t.Errorf("%s is judged twice, or not at all", name)
		}
		if words[name].do == "" || words[name].begun == nil || words[name].ended == nil {
			t.Errorf("%s has no words", name)
		}
	}
	if len(words) != len(Names()) || len(counting)+len(levels) != len(Names()) {
		t.Error("there are words or rules of alarms that there are not")
	}
}
