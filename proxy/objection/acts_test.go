package objection

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// before makes a file of format 1, as it was written before acts were told apart: each subject has the scopes that its
// number says of objectsBefore, and was changed last by source.
func before(t testing.TB, dir, source string, subjects int) {
	t.Helper()
	s, err := Open(Options{Dir: dir, Identity: "keys-1", Now: atNoon})
	must(t.(*testing.T), err)
	for n := range subjects {
		c := objects(n, "ads", "analytics")
		c.Source = source
		taken(t, s, c)
	}
	must(t.(*testing.T), s.file.db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketFollowers, bucketFollowTimes} {
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
		}
		b := tx.Bucket(bucketSubjects)
		for n := range subjects {
			hash := subject(n).Hash
			r, err := parseRecord(hash[:], b.Get(hash[:]))
			if err == nil {
				err = b.Put(hash[:], r.appendBefore(&hash))
			}
			if err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyFormat, []byte(fileFormat1))
	}), s.Close())
}

// appendBefore is a record as format 1 had it.
func (r *record) appendBefore(key *[16]byte) []byte {
	b := binary.AppendVarint(make([]byte, 4), r.first)
	b = binary.AppendVarint(b, r.last-r.first)
	b = binary.AppendUvarint(binary.AppendUvarint(b, r.seq), uint64(r.source))
	return sealed(key[:], append(b, r.scopes.set...))
}

func by(kind HolderKind) Holder { return Holder{Kind: kind} }

// asks is a change of a holder: what it objects to, and with "-" before them takes back.
func asks(holder Holder, scopes string) Change {
	c := Change{Subjects: []Subject{subject(1)}, Source: API, Holder: holder, Because: "asked"}
	for scope := range strings.FieldsSeq(scopes) {
		switch name, back := strings.CutPrefix(scope, "-"); {
		case scope == "every":
			c.EveryAct = true
		case back:
			c.TakeBack = append(c.TakeBack, name)
		default:
			c.Object = append(c.Object, name)
		}
	}
	return c
}

// TestTakingBackEndsOnesOwnAct: whoever objects, and whoever takes back, what
// stands is what the acts of the others make.
func TestTakingBackEndsOnesOwnAct(t *testing.T) {
	owner, second, attacker := browserAct(1), browserAct(2), browserAct(3)
	for _, c := range []struct {
		objects, takesBack Holder
		how                string // "every" act is meant
		ends               bool
	}{
		{owner, owner, "", true},
		{owner, second, "", false}, // a second browser of the same account
		{owner, attacker, "", false},
		{owner, by(Earlier), "", false}, // a cookie from before
		{owner, by(ByLink), "", false},
		{owner, by(Role), "", false},
		{owner, by(Role), "every", true},
		{by(ByLink), owner, "", false},
		{by(ByLink), by(Earlier), "", false},
		{by(ByLink), by(ByLink), "", true}, // also another link of the same person
		{by(ByLink), by(Role), "", true},
		{by(ByLink), by(Role), "every", true},
		{by(Role), owner, "", false},
		{by(Role), by(Earlier), "", false},
		{by(Role), by(ByLink), "", false},
		{by(Role), by(Role), "", true},
		{by(Role), by(Role), "every", true},
		{by(Earlier), owner, "", false},
		{by(Earlier), by(Earlier), "", true},
		{by(Earlier), by(ByLink), "", false},
		{by(Earlier), by(Role), "", true},
		{by(Earlier), by(Role), "every", true},
		{by(SeenWith), owner, "", false},
		{by(SeenWith), by(Earlier), "", false},
		{by(SeenWith), by(ByLink), "", false},
		{by(SeenWith), by(Role), "", false},
		{by(SeenWith), by(Role), "every", true},
	} {
		t.Run(fmt.Sprintf("%v%x, %v%x %s", c.objects.Kind, c.objects.ID[:2], c.takesBack.Kind, c.takesBack.ID[:2], c.how),
			func(t *testing.T) {
				dir := t.TempDir()
				if c.objects.Kind == Earlier {
					before(t, dir, PreferenceCentre, 2)
				}
				s := opened(t, Options{Dir: dir})
				switch c.objects.Kind {
				case Earlier:
				case SeenWith:
					taken(t, s, objects(7, "ads", "analytics"))
					_, err := s.Follow(t.Context(), []Follow{{Lead: subject(7), Seen: []Subject{subject(1)}}})
					must(t, err)
				default:
					taken(t, s, asks(c.objects, "ads analytics"))
				}
				standsFor(t, s, 1, "ads", "analytics")
				if got := taken(t, s, asks(c.takesBack, "-ads "+c.how))[0]; got.New != c.ends ||
					c.ends == slices.Contains(got.InForce, "ads") {
					t.Errorf("one scope: %+v", got)
				}
				if !c.ends {
					// In force is the union: what both object to goes when both have taken it back.
					if c.takesBack.Kind != Earlier {
						taken(t, s, asks(c.takesBack, "ads newsletter"))
						standsFor(t, s, 1, "ads", "analytics", "newsletter")
					}
					got := taken(t, s, asks(c.takesBack, "-all"+c.how))[0]
					standsFor(t, s, 1, "ads", "analytics")
					if len(got.Held) != 1 || got.Held[0].Kind != c.objects.Kind || got.Held[0].Acts != 1 || got.Own {
						t.Errorf("what stands: %+v", got)
					}
					return
				}
				standsFor(t, s, 1, "analytics")
				got := taken(t, s, asks(c.takesBack, "-all "+c.how))[0]
				if standsFor(t, s, 1); !got.New || got.Own || got.Held != nil {
					t.Errorf("everything: %+v", got)
				}
			})
	}
}

// TestChangesSayWhatTheyEnded: the log, which the ledger and the feed are made of, and messages tell of what is no
// longer in force, and not of what another act keeps there.
func TestChangesSayWhatTheyEnded(t *testing.T) {
	var recorded []Recorded
	said := func(m *Message, of *Recorded) ([]byte, error) {
		if m.Ends {
			return []byte(strings.Join(of.Withdrawn(), " ")), nil
		}
		return m.Body, nil
	}
	record := func(list []Recorded, _ Head) error { recorded = append(recorded, list...); return nil }
	s := opened(t, Options{Record: record, Tell: said})
	for _, c := range []struct {
		holder Holder
		asks   string
		ended  string
		told   int // messages: one tells what is objected to, another one what ended
	}{
		{browserAct(1), "ads analytics", "", 1},
		{browserAct(2), "ads", "", 0}, // it stands already: nobody else has to know
		{browserAct(2), "-ads", "", 0},
		{by(Role), "ads newsletter", "", 1},
		{by(Role), "-all", "newsletter", 2},
		{browserAct(1), "-ads -newsletter", "ads newsletter", 2},
		{by(ByLink), "all", "", 1},
		{browserAct(1), "-all", "analytics", 2},
		{by(ByLink), "-all", "all", 2},
	} {
		change := asks(c.holder, c.asks)
		change.Outbox = []Message{{To: "crm", Body: []byte("objection")}, {To: "crm", Ends: true}}
		if got := taken(t, s, change)[0]; !got.New {
			t.Errorf("%s: %+v", c.asks, got)
		}
		last := recorded[len(recorded)-1]
		if got := strings.Join(last.Withdrawn(), " "); got != c.ended || last.Change.Holder != c.holder {
			t.Errorf("%s of %v: it ended %q", c.asks, c.holder.Kind, got)
		}
		waiting, err := s.Outbox().Next(0, 9)
		must(t, err)
		if len(waiting) != c.told || c.told == 2 && string(waiting[1].Body) != c.ended {
			t.Errorf("%s of %v: %d messages, %v", c.asks, c.holder.Kind, len(waiting), waiting)
		}
		for _, w := range waiting {
			must(t, s.Outbox().Ack([]uint64{w.ID}))
		}
	}
}

// TestBrowsersAreBounded: so many browsers' acts are told apart. Those of further ones are one act that stands until
// somebody ends every act.
func TestBrowsersAreBounded(t *testing.T) {
	s := opened(t, Options{})
	for n := range mostBrowsers + 5 {
		taken(t, s, asks(browserAct(n), "ads"))
	}
	one := subject(1)
	value := everything(t, s)[fmt.Sprintf("subjects %x", one.Hash)]
	if len(value) > 300 {
		t.Errorf("a record of %d bytes", len(value))
	}
	if got := taken(t, s, asks(browserAct(mostBrowsers+1), "-all")); got[0].New {
		t.Errorf("a browser ended what it shares: %+v", got)
	}
	for n := range mostBrowsers {
		taken(t, s, asks(browserAct(n), "-all"))
	}
	standsFor(t, s, 1, "ads")
	taken(t, s, asks(by(Role), "-all"))
	standsFor(t, s, 1, "ads")
	taken(t, s, asks(by(Role), "-all every"))
	standsFor(t, s, 1)
	if got := taken(t, s, asks(browserAct(99), "ads")); !got[0].Own {
		t.Errorf("there is room again: %+v", got)
	}
}

// TestHoldersThatAreNone: who may not object, or take back, is refused.
func TestHoldersThatAreNone(t *testing.T) {
	s := opened(t, Options{})
	for what, c := range map[string]Change{
		"nobody takes back":      asks(Holder{}, "-ads"),
		"a browser of no id":     asks(by(Browser), "ads"),
		"a browser of a long id": asks(Holder{Browser, [16]byte{1, 15: 1}}, "ads"),
		"a link with an id":      asks(Holder{ByLink, [16]byte{1}}, "ads"),
		"from before, objecting": asks(by(Earlier), "ads"),
		"somebody who follows":   asks(Holder{SeenWith, subject(2).Hash}, "ads"),
		"browsers together":      asks(by(Browsers), "-ads"),
		"a kind that is none":    asks(by(99), "ads"),
		"a browser, every act":   asks(browserAct(1), "-ads every"),
		"every act, of what":     asks(by(Role), "ads every"),
		"every act, and nobody knows ": {Subjects: []Subject{subject(1)}, TakeBack: []string{All}, Holder: by(Role),
			EveryAct: true, Source: API},
	} {
		_, err := s.Apply(t.Context(), Batch{Changes: []Change{c}})
		if fault, ok := errors.AsType[*Fault](err); !ok || fault.What != "holder" {
			t.Errorf("%s: %v", what, err)
		}
	}
	taken(t, s, asks(Holder{}, "ads"))
	if held, err := s.Held([]Subject{subject(1)}); err != nil || len(held) != 1 || held[0].Kind != Role {
		t.Errorf("%+v, %v", held, err)
	}
}

// TestEachSubjectOfAChange: where other acts stand for some of a change's subjects, the log says of each what is in
// force and what was taken back, so that who keeps a state for each of them keeps the right one.
func TestEachSubjectOfAChange(t *testing.T) {
	var last Recorded
	s := opened(t, Options{Record: func(list []Recorded, _ Head) error { last = list[len(list)-1]; return nil }})
	taken(t, s, asksFor(2, browserAct(1), "ads"))
	both := asks(by(Role), "ads analytics")
	both.Subjects = append(both.Subjects, subject(2))
	taken(t, s, both)
	if inForce, withdrawn := last.Of(1); last.Each != nil || fmt.Sprint(inForce, withdrawn) != "[ads analytics] []" {
		t.Errorf("%+v", last)
	}
	both.Object, both.TakeBack = nil, []string{All}
	taken(t, s, both)
	for i, want := range []string{"[] [all]", "[ads] [analytics]"} {
		if inForce, withdrawn := last.Of(i); fmt.Sprint(inForce, " ", withdrawn) != want {
			t.Errorf("subject %d: %v %v, want %s", i, inForce, withdrawn, want)
		}
	}
	if got := fmt.Sprint(last.InForce, last.Withdrawn()); got != "[ads] [analytics]" {
		t.Errorf("of both: %s", got)
	}
}
