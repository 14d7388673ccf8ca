package objection

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestTheVersionTellsOfEachAct: whatever is asked for of which look-ups find something else than before, the version is
// another by the time at which sends are waited for.
func TestTheVersionTellsOfEachAct(t *testing.T) {
	t.Parallel()
	var s *Store
	finds := func() string {
		var all strings.Builder
		for n := range 20 {
			found, err := s.lookUp(subject(n).Hash)
			_, _ = fmt.Fprint(&all, n, found, err, lifted(t, s, n), keptFor(t, s, n), "\n")
		}
		return all.String()
	}
	now, version, found, told := noon, uint64(0), "", 0
	s = opened(t, Options{Now: func() time.Time { return now }, InForce: func() {
		if is := finds(); is != found {
			if s.Version() == version {
				t.Errorf("the version is %d still, and look-ups find what they did not", version)
			}
			version, found = s.Version(), is
			told++
		}
	}})
	version, found = s.Version(), finds()
	var decision uint64
	for what, do := range []func(){
		func() { taken(t, s, objects(1, "ads"), objects(2, "all")) },
		func() { taken(t, s, objects(1, "analytics")) },
		func() { taken(t, s, func() Change { c := objects(3, "ads"); c.Restriction = true; return c }()) },
		func() { follows(t, s, 1, 11, 12) },
		func() { taken(t, s, takesBack(2, "all")) },
		func() { keeps(t, s, now, true, 5, 6) },
		func() { decision = taken(t, s, decides(1, "LIA-1"))[0].Seq },
		func() { taken(t, s, ends(decision)) },
		func() { taken(t, s, decides(1, "LIA-1")) },
		func() { now = now.Add(2 * time.Hour); expires(t, s) },
		func() { now = now.AddDate(2, 0, 0); expires(t, s) },
	} {
		before := told
		if do(); told == before {
			t.Errorf("act %d changes nothing that is found", what)
		}
	}
	at := s.Version()
	taken(t, s, objects(1, "ads")) // it stands already
	if is := finds(); is != found && s.Version() == at {
		t.Error("look-ups find something else, and the version is the same")
	}
}

func expires(t *testing.T, s *Store) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
