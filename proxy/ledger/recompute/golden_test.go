package recompute_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestReport holds a report, as a page and as JSON, and an explanation against those that were.
func TestReport(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.sent("page_view", 1)
	s.objects(1, "audience")
	s.act(ledger.KindObjection, []byte{2}, func(o *ledger.Objected) { o.Source, o.Site, o.Act = "api", "", "role" }, "all")
	s.event("page_view", 1, denied("objection"), func(r *recorded) {
		r.rungs.Ladder[1].Reason, r.Objected = "objection", []string{"audience"}
		r.rungs.Signals = []ledger.Signal{says("analytics", "grants")}
	})
	s.sent("page_view", 2)
	n := s.decides(2)
	s.sent("login", 2, func(r *recorded) { r.Objected, r.Decided = []string{"all"}, n })
	s.sent("page_view", 3, func(r *recorded) { r.shape.Kept = append(r.shape.Kept, "dl") })
	s.sent("purchase", 4, func(r *recorded) { r.rungs.Policy = "0000" })
	waiting := s.event("page_view", 5, queued)
	s.attempt(waiting)
	s.wait(time.Minute)
	s.end(waiting, ledger.Unknown, "broken")
	s.must(os.WriteFile(filepath.Join(s.dir, ledger.CheckpointFile), []byte("shop.example/tagwarden\n30\n"+
		"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u2014 shop.example/tagwarden Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"),
		0o600))
	r := s.audited(func(o *recompute.Options) {
		o.Since, o.Now = noon.AddDate(0, 0, -7), noon.AddDate(0, 1, 0)
		o.Version = "1.2.3"
		promising(map[string][]recompute.Promise{digest: {never("pages", class(hit.URL)), never("mail", class(hit.Email))}})(
			o)
		o.Kept = func(string, string, []string) time.Duration { return 60 * 24 * time.Hour }
	})
	page, err := r.HTML()
	s.must(err)
	holdGolden(t, "testdata/report.html", page)
	holdGolden(t, "testdata/report.json", asJSON(t, r))
	var told recompute.Report // as somebody has it who was sent it
	s.must(json.Unmarshal(asJSON(t, r), &told))
	again, err := told.HTML()
	s.must(err)
	if !bytes.Equal(again, page) || !bytes.Equal(asJSON(t, &told), asJSON(t, r)) || told.Verdict() != r.Verdict() ||
		!reflect.DeepEqual(told.Sections(), r.Sections()) {
		t.Errorf("who was sent the report reads another one:\n%s", again)
	}
	x, err := recompute.Explain(t.Context(), s.dir, r.Findings[0].Records[0], compiled)
	s.must(err)
	holdGolden(t, "testdata/explanation.json", asJSON(t, x))
}

func asJSON(t *testing.T, what any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(what, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func holdGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s changed (%v). It is\n%s", file, err, got)
	}
}
