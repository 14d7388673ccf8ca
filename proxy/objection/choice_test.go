package objection

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// categories are those of the tests, by their number.
var categories = []string{"analytics", "marketing", "functional"}

func categoryOf(name string) signal.Categories {
	if n := slices.Index(categories, name); n >= 0 {
		return 1 << n
	}
	return 0
}

// chosenBy is a choice of a subject: "+analytics" grants, "-analytics" refuses.
// Browser 0 is no browser: the site vouches.
func chosenBy(n, browser int, at time.Time, words ...string) Change {
	c := &Choice{At: at, Text: [32]byte{1}, Version: "2026-05"}
	for _, word := range words {
		if word[0] == '+' {
			c.Granted = append(c.Granted, word[1:])
		} else {
			c.Refused = append(c.Refused, word[1:])
		}
	}
	slices.Sort(c.Granted)
	slices.Sort(c.Refused)
	holder := Holder{Kind: Role}
	if browser > 0 {
		holder = Holder{Kind: Browser, ID: [16]byte{byte(browser)}}
	}
	return Change{Subjects: []Subject{subject(n)}, Choice: c, Holder: holder, Source: FrontEnd, Site: "shop"}
}

// receiptOf is what stands for a subject by choices.
func receiptOf(t testing.TB, s *Store, n int) signal.Receipt {
	t.Helper()
	r := s.Resolve(func(string) (rules.Objections, bool) { return rules.Objections{}, true }).Choosing(categoryOf)
	found, err := r.Lookup(subject(n).Hash)
	if err != nil {
		t.Fatal(err)
	}
	return found.Receipts
}

// saysOf is a receipt in words.
func saysOf(r signal.Receipt) string {
	var text strings.Builder
	for n, name := range categories {
		if r.Granted&(1<<n) != 0 {
			text.WriteString("+" + name[:1])
		}
		if r.Refused&(1<<n) != 0 {
			text.WriteString("-" + name[:1])
		}
	}
	return text.String()
}

// TestChoices: a browser's choice counts for refusals alone, and is lifted by that browser or by a later one that the
// site vouches for; of what the site vouches for the latest counts.
func TestChoices(t *testing.T) {
	t.Parallel()
	early, late := noon.Add(-time.Hour), noon.Add(time.Hour)
	by := func(browser int, at time.Time, words ...string) func(n int) Change {
		return func(n int) Change { return chosenBy(n, browser, at, words...) }
	}
	for n, c := range []struct {
		name string
		acts []func(n int) Change
		want string
	}{
		{"a browser's yes", []func(int) Change{by(1, noon, "+analytics")}, ""},
		{"a browser's no", []func(int) Change{by(1, noon, "+analytics", "-marketing")}, "-m"},
		{"its own yes behind its no", []func(int) Change{by(1, noon, "-analytics", "-marketing"), by(1, noon, "+analytics")},
			"-m"},
		{"another browser's yes behind a no", []func(int) Change{by(1, noon, "-analytics"), by(2, noon, "+analytics")}, "-a"},
		{
			"of two browsers that refused none takes it back",
			[]func(int) Change{by(1, noon, "-analytics"), by(2, noon, "-analytics"), by(1, noon, "+analytics"),
				by(2, noon, "+analytics")}, "-a",
		},
		{"vouched for", []func(int) Change{by(0, early, "+analytics", "-marketing")}, "+a-m"},
		{"vouched for later", []func(int) Change{by(0, early, "+analytics"), by(0, noon, "-analytics")}, "-a"},
		{"vouched for earlier, and it comes later", []func(int) Change{by(0, noon, "-analytics"), by(0, early, "+analytics")},
			"-a"},
		{"the same again", []func(int) Change{by(0, noon, "+analytics"), by(0, noon, "+analytics")}, "+a"},
		{"two of one time", []func(int) Change{by(0, noon, "+analytics", "+marketing"),
			by(0, noon, "+marketing", "-functional")}, "+m-f"},
		{"a browser refuses after it", []func(int) Change{by(0, early, "+analytics"), by(1, noon, "-analytics")}, "+a-a"},
		{"and it is vouched for again", []func(int) Change{by(1, noon, "-analytics"), by(0, late, "+analytics")}, "+a"},
		{"and an old one comes again", []func(int) Change{by(0, early, "+analytics"), by(1, noon, "-analytics"),
			by(0, early, "+analytics")}, "+a-a"},
		{
			"one that is dated ahead comes again behind a browser's no",
			[]func(int) Change{by(0, late, "+analytics"), by(1, noon, "-analytics"), by(0, late, "+analytics")}, "+a-a",
		},
		{"dated ahead, and refused before that is past", []func(int) Change{by(0, late, "+analytics"),
			by(0, noon, "-analytics")}, "-a"},
		{
			"and the one that is dated ahead comes again",
			[]func(int) Change{by(0, late, "+analytics"), by(0, noon, "-analytics"), by(0, late, "+analytics")}, "-a",
		},
		{"of something else", []func(int) Change{by(1, noon, "-analytics"), by(0, late, "+marketing")}, "-a+m"},
	} {
		dir := t.TempDir()
		s := opened(t, Options{Dir: dir})
		for _, act := range c.acts {
			if got := taken(t, s, act(n)); !got[0].New || len(got[0].InForce) > 0 {
				t.Errorf("%s: %+v", c.name, got[0])
			}
		}
		if got := saysOf(receiptOf(t, s, n)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		standsFor(t, s, n) // nothing was objected to
		if past(t, s, n) != "nothing" {
			t.Errorf("%s: something was taken back", c.name)
		}
		must(t, s.Close())
		s = opened(t, Options{Dir: dir}) // read from disk
		if got := saysOf(receiptOf(t, s, n)); got != c.want {
			t.Errorf("%s, once it is opened again: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestBrowsersGrantNothing: whatever browsers post, in whatever order, beside whatever the site vouches for and people
// object to, nothing is granted by it that was not before, and nothing that somebody else refused is less refused.
func TestBrowsersGrantNothing(t *testing.T) {
	t.Parallel()
	s := opened(t, Options{})
	rnd := rand.New(rand.NewPCG(5, 6))
	words := func() (list []string) {
		for _, name := range categories {
			if mark := rnd.IntN(3); mark > 0 {
				list = append(list, []string{"+", "-"}[mark-1]+name)
			}
		}
		if len(list) == 0 {
			list = []string{"+analytics"}
		}
		return list
	}
	lifted := 0
	for n := range 120 {
		refusedBy := map[int]signal.Categories{} // by browser, what it refused last and did not take back
		for range 12 {
			before := receiptOf(t, s, n)
			switch kind := rnd.IntN(6); kind {
			case 0:
				taken(t, s, chosenBy(n, 0, noon.Add(time.Duration(rnd.IntN(6)-4)*time.Hour), words()...))
				for browser := range refusedBy { // a later yes that the site vouches for ends it
					refusedBy[browser] &= receiptOf(t, s, n).Refused
				}
				continue
			case 1:
				taken(t, s, objects(n, "analytics"))
			case 2:
				taken(t, s, takesBack(n, All))
			default:
				change := chosenBy(n, kind, noon, words()...)
				taken(t, s, change)
				for _, name := range change.Choice.Granted {
					refusedBy[kind] &^= categoryOf(name)
				}
				for _, name := range change.Choice.Refused {
					refusedBy[kind] |= categoryOf(name)
				}
			}
			after := receiptOf(t, s, n)
			if after.Granted != before.Granted || after.At != before.At {
				t.Fatalf("subject %d: %+v became %+v", n, before, after)
			}
			for browser, of := range refusedBy {
				if of&^after.Refused != 0 {
					t.Fatalf("subject %d: what %d refused (%b) is not refused: %+v", n, browser, of, after)
				}
			}
			if before.Refused&^after.Refused != 0 {
				lifted++
			}
		}
	}
	if lifted == 0 {
		t.Error("no browser took back its own: the test shows too little")
	}
}

// TestChoicesAndObjections: choices leave objections, and what was taken back, as they are; and these them.
func TestChoicesAndObjections(t *testing.T) {
	t.Parallel()
	s := opened(t, Options{})
	taken(t, s, objects(1, "ads"), takesBack(1, "ads"))
	was := past(t, s, 1)
	taken(t, s, chosenBy(1, 3, noon, "-analytics"))
	if now := past(t, s, 1); was == "nothing" || now != was {
		t.Errorf("taken back was %q, and is %q", was, now)
	}
	taken(t, s, objects(1, "vendor:ga4"))
	standsFor(t, s, 1, "vendor:ga4")
	if got := saysOf(receiptOf(t, s, 1)); got != "-a" {
		t.Error(got)
	}
	taken(t, s, takesBack(1, All))
	standsFor(t, s, 1)
	if got := saysOf(receiptOf(t, s, 1)); got != "-a" {
		t.Errorf("with everything taken back: %q", got)
	}
}

// TestChoicesInAFileOfFormat4: a file of the format before is read as it is, and becomes one of the newest with
// the first change; what it holds stays.
func TestChoicesInAFileOfFormat4(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, Options{Dir: dir})
	taken(t, s, objects(1, "ads"), objects(2, "ads"), takesBack(2, All))
	must(t, s.Close())
	format := func(set string) (is string) {
		t.Helper()
		db, err := bolt.Open(filepath.Join(dir, FileName), 0o600, nil)
		must(t, err)
		must(t, db.Update(func(tx *bolt.Tx) error {
			is = string(tx.Bucket(bucketMeta).Get(keyFormat))
			if set == "" {
				return nil
			}
			return tx.Bucket(bucketMeta).Put(keyFormat, []byte(set))
		}))
		must(t, db.Close())
		return is
	}
	format(fileFormat4)
	s = opened(t, Options{Dir: dir})
	standsFor(t, s, 1, "ads")
	was := past(t, s, 2)
	must(t, s.Close())
	if is := format(""); is != fileFormat4 {
		t.Errorf("reading made it format %s", is)
	}
	s = opened(t, Options{Dir: dir})
	taken(t, s, chosenBy(1, 2, noon, "-analytics"), chosenBy(2, 0, noon, "+marketing"))
	must(t, s.Close())
	if is := format(""); is != fileFormat {
		t.Errorf("it is of format %s", is)
	}
	s = opened(t, Options{Dir: dir})
	standsFor(t, s, 1, "ads")
	if got := saysOf(receiptOf(t, s, 1)) + saysOf(receiptOf(t, s, 2)) + past(t, s, 2); got != "-a+m"+was {
		t.Error(got)
	}
}

// TestRecordedChoices: the change log has the act as it was, for the ledger.
func TestRecordedChoices(t *testing.T) {
	t.Parallel()
	var all []Recorded
	s := opened(t, Options{Record: func(some []Recorded, _ Head) error { all = append(all, some...); return nil }})
	change := chosenBy(1, 4, noon.Add(-time.Minute), "+analytics", "-marketing")
	change.Choice.Kept, change.Choice.Platform = true, "osano"
	vouched := chosenBy(1, 0, noon, "+analytics")
	vouched.Choice.Proof = true
	taken(t, s, change)
	taken(t, s, vouched)
	var read []Recorded
	must(t, s.Changes(t.Context(), 0, func(r Recorded) bool { read = append(read, r); return true }))
	if len(all) != 2 || !reflect.DeepEqual(all[0].Change.Choice, change.Choice) ||
		!reflect.DeepEqual(all[1].Change.Choice, vouched.Choice) {
		t.Errorf("%+v", all)
	}
	if fmt.Sprintf("%+v", read[0].Change.Choice) != fmt.Sprintf("%+v", all[0].Change.Choice) || len(read) != 2 ||
		read[1].Change.Holder != (Holder{Kind: Role}) || read[0].Change.Holder != change.Holder {
		t.Errorf("%+v", read)
	}
}

// TestWrongChoices: what is no choice is refused, and changes nothing.
func TestWrongChoices(t *testing.T) {
	t.Parallel()
	s := opened(t, Options{})
	for name, wrong := range map[string]func(c *Change){
		"nothing chosen":       func(c *Change) { c.Choice.Granted, c.Choice.Refused = nil, nil },
		"both":                 func(c *Change) { c.Choice.Granted = []string{"marketing"} },
		"doubles":              func(c *Change) { c.Choice.Refused = []string{"a", "a"} },
		"no name":              func(c *Change) { c.Choice.Refused = []string{""} },
		"no time":              func(c *Change) { c.Choice.At = time.Time{} },
		"a link's":             func(c *Change) { c.Holder = Holder{Kind: ByLink} },
		"no browser":           func(c *Change) { c.Holder.ID = [16]byte{} },
		"an objection as well": func(c *Change) { c.Object = []string{"ads"} },
		"two lines":            func(c *Change) { c.Choice.Version = "a\nb" },
		"a platform in words":  func(c *Change) { c.Choice.Platform = "One Trust" },
		"nobody":               func(c *Change) { c.Subjects = nil },
	} {
		c := chosenBy(1, 1, noon, "-marketing")
		wrong(&c)
		if _, err := s.Apply(t.Context(), Batch{Changes: []Change{c}}); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	if s.Head().Size != 0 || receiptOf(t, s, 1) != (signal.Receipt{}) {
		t.Error("something was kept")
	}
}
