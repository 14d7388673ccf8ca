package recompute_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
)

// segments are the segments of a log, in order.
func segments(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "0*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// restart ends a segment, and begins another one.
func (s *story) restart() {
	s.t.Helper()
	s.must(s.l.Close())
	s.open()
}

// TestMissing: records that are not there are missed, but those of which a record says so; and nobody is accused by
// what may have been taken back in them.
func TestMissing(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.sent("page_view", 9)
	s.objects(1, "all")
	s.restart()
	s.sent("page_view", 2)
	s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
	s.restart()
	s.sent("page_view", 1)
	s.sent("page_view", 3)
	if r := s.audited(); len(r.Findings) != 0 {
		t.Fatal(r.Findings)
	}
	all := segments(t, s.dir)
	s.must(os.Remove(all[1]))
	r := s.recomputed()
	if len(r.Findings) != 1 || r.Findings[0].Kind != recompute.Missing || r.Doubtful != 1 || r.Gone == 0 {
		t.Errorf("found %v, %d doubtful, %d gone", r.Findings, r.Doubtful, r.Gone)
	}
	s.must(os.Remove(all[0]))
	if r = s.recomputed(); len(r.Findings) != 1 || r.Findings[0].Records[0] != 0 || r.Doubtful != 0 {
		t.Errorf("found %v, %d doubtful", r.Findings, r.Doubtful)
	}
}

// TestOutcomesWithoutDecision: events are counted whose decision is not there, each
// once; what was attempted alone is none.
func TestOutcomesWithoutDecision(t *testing.T) {
	t.Parallel()
	s := tell(t)
	ended, attempted := s.event("page_view", 1, queued), s.event("page_view", 2, queued)
	s.restart()
	s.attempt(ended)
	s.end(ended, ledger.Deferred, "timeout")
	s.attempt(ended)
	s.end(ended, ledger.Delivered, "")
	s.attempt(attempted)
	s.must(s.l.Close())
	s.must(os.Remove(segments(t, s.dir)[0]))
	if r := s.recomputed(); r.Undecided != 1 {
		t.Errorf("%d outcomes without a decision, and there is one", r.Undecided)
	}
}

// TestDamaged: lines that cannot be read are said, and what stands behind them is audited.
func TestDamaged(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.sent("page_view", 1)
	s.restart()
	s.objects(2, "all")
	s.sent("page_view", 2)
	s.must(s.l.Close())
	first := segments(t, s.dir)[0]
	text, err := os.ReadFile(first)
	s.must(err)
	s.must(os.WriteFile(first, bytes.Replace(text, []byte("page_view"), []byte("page_vieW"), 1), 0o600))
	r := s.recomputed()
	if r.Found[recompute.Unreadable] != 1 || r.Found[recompute.DespiteObjection] != 1 || len(r.Findings) != 2 {
		t.Errorf("found %v", r.Findings)
	}
}

// TestLadderInPieces: a ladder of which a part cannot be read is not known, whichever way it is asked about.
func TestLadderInPieces(t *testing.T) {
	t.Parallel()
	s := tell(t)
	long := ledger.Signal{Source: "own", State: "valid"}
	for range 150 {
		long.Granted = append(long.Granted, strings.Repeat("analytics", 25))
	}
	s.sent("page_view", 1, func(r *recorded) { r.rungs.Signals = slices.Repeat([]ledger.Signal{long}, 8) })
	s.must(s.l.Close())
	file := segments(t, s.dir)[0]
	text, err := os.ReadFile(file)
	s.must(err)
	second := regexp.MustCompile(`"kind":"rungs"[^\n]*,"part":2,"parts":[3-9],`)
	at := second.FindIndex(text)
	if at == nil {
		t.Fatal("the ladder is not in three parts or more")
	}
	text[at[1]-2]++
	s.must(os.WriteFile(file, text, 0o600))
	const unknown = "no record says what its ladder was"
	if r := s.recomputed(); r.Rejudged.Why[unknown] != 1 {
		t.Errorf("%+v", r.Rejudged)
	}
	number := uint64(bytes.Count(text[:bytes.Index(text, []byte(`"kind":"event"`))], []byte{'\n'}))
	x, err := recompute.Explain(t.Context(), s.dir, number, compiled)
	if err != nil || x.Kind != ledger.KindEvent || x.Why != unknown {
		t.Errorf("%v, %+v", err, x)
	}
}

// TestNamedInItsSegment: what names stand for holds for all of a segment, also where others wrote to it before the
// record that says that it begins, and in no other one.
func TestNamedInItsSegment(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.sent("page_view", 1)
	s.must(s.l.Note(ledger.Note{Kind: ledger.KindSegment}))
	s.sent("page_view", 2)
	s.restart()
	s.sent("page_view", 3)
	r := s.audited()
	if r.Rejudged.Same != 3 || r.Rejudged.Not != 0 || r.Fields.Unknown != 0 || len(r.Findings) != 0 {
		t.Errorf("%+v, %+v, %v", r.Rejudged, r.Fields, r.Findings)
	}
	all := segments(t, s.dir)
	text, err := os.ReadFile(all[len(all)-1])
	s.must(err)
	var left []byte
	for line := range bytes.Lines(text) { // another one's names do not count
		if !bytes.Contains(line, []byte(`"kind":"rungs"`)) && !bytes.Contains(line, []byte(`"kind":"shape"`)) {
			left = append(left, line...)
		}
	}
	s.must(os.WriteFile(all[len(all)-1], left, 0o600))
	if r := s.recomputed(); r.Rejudged.Not != 1 {
		t.Errorf("%+v", r.Rejudged)
	}
}

// TestInTime: what is asked about is said of, and what was objected to before counts.
func TestInTime(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.objects(1, "all")
	s.sent("page_view", 2)
	s.wait(time.Hour)
	s.sent("page_view", 1)
	r := s.audited(func(o *recompute.Options) { o.Since = noon.Add(time.Minute) })
	if r.Events.Permitted != 1 || r.Outcomes.Delivered != 1 || r.Found[recompute.DespiteObjection] != 1 {
		t.Errorf("%+v, found %v", r.Events, r.Findings)
	}
}

// TestOutOfTime: of what happened outside the time that is asked about nothing is said.
func TestOutOfTime(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.objects(1, "all")
	s.sent("page_view", 1)
	s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, 17 })
	s.end(s.hits, ledger.Delivered, "")
	waits := s.event("page_view", 1, queued)
	s.wait(2 * time.Hour)
	s.sent("page_view", 2)
	s.end(waits, ledger.Delivered, "ok")
	all := s.audited()
	before := s.recomputed(func(o *recompute.Options) { o.Until = noon.Add(time.Hour) })
	after := s.recomputed(func(o *recompute.Options) { o.Since = noon.Add(time.Hour) })
	never := s.recomputed(func(o *recompute.Options) { o.Since = noon.Add(24 * time.Hour) })
	for of, got := range map[string][2]int{
		"ever": {len(all.Findings), 5}, "before": {len(before.Findings), 5},
		"after, what left then": {len(after.Findings), 1},
		"when nothing was":      {len(never.Findings) + int(never.Suppression.Left+never.Suppression.Violations), 0},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %d findings, want %d", of, got[0], got[1])
		}
	}
}

// TestFigures are those of a small log.
func TestFigures(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.sent("page_view", 1)
	s.sent("purchase", 1)
	s.objects(1, "audience")
	s.act(ledger.KindObjection, []byte{3}, func(o *ledger.Objected) { o.Source, o.Site = "api", "" }, "all")
	s.event("page_view", 1, denied("objection"), func(r *recorded) {
		r.rungs.Ladder[1].Reason, r.Objected = "objection", []string{"audience"}
	})
	hit := s.event("page_view", 4)
	s.objects(4, "all")
	s.end(hit, ledger.Dropped, "objection")
	r := s.audited()
	if len(r.Findings) > 0 {
		t.Fatal(r.Findings)
	}
	if want := (recompute.Purpose{ID: "audience", Events: 3, Objected: 1, Rate: 1. / 3}); len(r.Purposes) != 2 ||
		r.Purposes[0] != want {
		t.Errorf("%+v", r.Purposes)
	}
	if r.Suppression.Subjects != 3 || r.Suppression.Denied != 1 || r.Suppression.HeldBack != 1 || r.Suppression.Left != 2 {
		t.Errorf("%+v", r.Suppression)
	}
	if len(r.Acts) != 3 || r.Acts[0].Source != "api" || r.Accepted() != 4 {
		t.Errorf("%+v, %d accepted", r.Acts, r.Accepted())
	}
}

// TestHostileNames: nothing that a record holds is more than text on a page.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.objects(1, "<script>alert(1)</script>", "all")
	s.sent("page_view", 1, func(r *recorded) { r.Vendor, r.rungs.Vendor, r.Activity = "<b>", "<b>", `"><img src=x>` })
	page, err := s.audited().HTML()
	if err != nil || bytes.Contains(page, []byte("<script")) || bytes.Contains(page, []byte("<img")) ||
		bytes.Contains(page, []byte("<b>")) {
		t.Errorf("%v\n%s", err, page)
	}
}
