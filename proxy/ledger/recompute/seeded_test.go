package recompute_test

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestEachViolationIsFound: whoever writes to the log behind the program's back something that must not
// happen is found, and nothing else is.
func TestEachViolationIsFound(t *testing.T) {
	t.Parallel()
	kinds := map[recompute.Kind]bool{}
	for name, c := range map[string]struct {
		want recompute.Kind
		seed func(*story)
		with func(*recompute.Options)
	}{
		"sent after an objection": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.objects(1, "all")
			s.sent("page_view", 1)
		}},
		"sent after an objection to its purpose": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.objects(1, "audience")
			s.sent("page_view", 1)
		}},
		"sent after an objection to its vendor": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.objects(1, "vendor:ga4")
			s.sent("page_view", 1)
		}},
		"sent by a policy that is not known": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.objects(1, "all")
			s.sent("page_view", 1, func(r *recorded) { r.rungs.Policy = "0000" })
		}},
		"sent to one who follows who objected": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.act(ledger.KindObjection, []byte{1}, holder("seen_with:02000000000000000000000000000000"), "all")
			s.sent("page_view", 1)
		}},
		"sent though another act stands": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.objects(1, "all")
			s.act(ledger.KindObjection, []byte{1}, holder("link"), "audience")
			s.act(ledger.KindWithdrawal, []byte{1}, func(o *ledger.Objected) { o.Stands = []string{"audience"} }, "all")
			s.sent("page_view", 1)
		}},
		"sent after an objection that was taken back before that was recorded": {want: recompute.DespiteObjection,
			seed: func(s *story) {
				s.objects(1, "all")
				hit := s.event("page_view", 1)
				s.wait(time.Minute)
				s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
				s.end(hit, ledger.Delivered, "")
			}},
		"attempted after an objection that was taken back before it arrived": {want: recompute.DespiteObjection,
			seed: func(s *story) {
				hit := s.event("page_view", 1, queued)
				s.objects(1, "all")
				s.attempt(hit)
				s.wait(time.Minute)
				s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
				s.end(hit, ledger.Delivered, "ok")
			}},
		"sent long before what was objected to was taken back": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.objects(1, "all")
			s.sent("page_view", 1)
			s.wait(time.Minute)
			s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
		}},
		"sent a moment before another objection was taken back": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.objects(1, "all")
			s.sent("page_view", 1)
			s.act(ledger.KindWithdrawal, []byte{1}, func(o *ledger.Objected) { o.Stands = []string{"all"} }, "ads")
		}},
		"sent, and taken back by the time of the next start": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.objects(1, "all")
			s.sent("page_view", 1)
			s.wait(time.Minute)
			s.sent("page_view", 2)
			s.restart()
			s.act(ledger.KindWithdrawal, []byte{1}, func(o *ledger.Objected) { o.Recovered = true }, "all")
		}},
		"waited, and sent after an objection": {want: recompute.DespiteObjection, seed: func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.objects(1, "all")
			s.attempt(hit)
			s.end(hit, ledger.Delivered, "ok")
		}},
		"refused by its vendor, and sent again after an objection": {want: recompute.DespiteObjection, seed: func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.attempt(hit)
			s.objects(1, "all")
			s.end(hit, ledger.Deferred, "refused")
			s.end(hit, ledger.Delivered, "ok")
		}},
		"objected late, of a server before, and sent": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.act(ledger.KindObjection, []byte{1}, func(o *ledger.Objected) { o.Recovered = true }, "all")
			s.sent("page_view", 1)
		}},
		"one of a thousand that objected at once": {want: recompute.DespiteObjection, seed: func(s *story) {
			s.act(ledger.KindObjection, nil, func(o *ledger.Objected) {
				for n := range 3000 {
					o.Subjects = append(o.Subjects, [16]byte{byte(n), byte(n >> 8), 7})
				}
			}, "all")
			s.sent("page_view", 1, func(r *recorded) { r.Subjects = [][16]byte{{0xb0, 0x0b, 7}, {0xff, 0x0b, 7}, {9}}[:2] })
		}},
		"a restriction": {want: recompute.DespiteRestriction, seed: func(s *story) {
			s.act(ledger.KindObjection, []byte{1}, func(o *ledger.Objected) { o.Restriction = true }, "audience")
			s.sent("page_view", 1)
		}},
		"a restriction that a decision does not lift": {want: recompute.DespiteRestriction, seed: func(s *story) {
			s.act(ledger.KindObjection, []byte{1}, func(o *ledger.Objected) { o.Restriction = true }, "security")
			n := s.decides(1)
			s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, n })
		}},
		"an opt-out that is kept": {want: recompute.DespiteKeptOptOut, seed: func(s *story) {
			s.act(ledger.KindKeptOptOut, []byte{1}, holder("kept_opt_out"), "kept_opt_out")
			s.sent("offer", 1)
		}},
		"a consent that is older than an opt-out": {want: recompute.DespiteKeptOptOut, seed: func(s *story) {
			s.wait(24 * time.Hour)
			s.act(ledger.KindKeptOptOut, []byte{1}, holder("kept_opt_out"), "kept_opt_out")
			s.sent("bid", 1)
		}},
		"a consent of which nobody knows the age": {want: recompute.DespiteKeptOptOut, seed: func(s *story) {
			s.act(ledger.KindKeptOptOut, []byte{1}, holder("kept_opt_out"), "kept_opt_out")
			s.sent("bid", 1, func(r *recorded) { r.ConsentAt = 0 })
		}},
		"a decision that nobody made": {want: recompute.DecisionNotValid, seed: func(s *story) {
			s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, 17 })
		}},
		"a decision on something else": {want: recompute.DecisionNotValid, seed: func(s *story) {
			n := s.decides(1, func(d *ledger.Decided) { d.Purposes = []string{"audience"} })
			s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, n })
		}},
		"a decision that was over": {want: recompute.DecisionNotValid, seed: func(s *story) {
			n := s.decides(1, func(d *ledger.Decided) { d.Until = noon.Add(time.Hour) })
			s.wait(2 * time.Hour)
			s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, n })
		}},
		"a decision that had ended": {want: recompute.DecisionNotValid, seed: func(s *story) {
			n := s.decides(1)
			s.act(ledger.KindDecisionEnd, []byte{1}, func(o *ledger.Objected) { o.Ends = n })
			s.wait(time.Hour)
			s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, n })
		}},
		"an assessment that was revoked": {want: recompute.AssessmentInvalid, seed: func(s *story) {
			s.must(s.l.Assessed(ledger.Assessed{Kind: ledger.KindRevocation, Assessment: "LIA-1", Version: 1,
				Because: "an end"}))
			s.wait(time.Hour)
			s.sent("page_view", 1)
		}},
		"an assessment that was over": {want: recompute.AssessmentInvalid, seed: func(s *story) {
			s.now = time.Date(2026, time.July, 2, 0, 0, 0, 0, time.UTC)
			s.sent("page_view", 1)
		}},
		"an assessment that nobody approved": {want: recompute.AssessmentInvalid, seed: func(s *story) {
			s.sent("page_view", 1, func(r *recorded) { r.Version, r.rungs.Policy = 2, "0000" })
		}},
		"waited, and sent on an assessment that was revoked": {want: recompute.AssessmentInvalid, seed: func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.must(s.l.Assessed(ledger.Assessed{Kind: ledger.KindRevocation, Assessment: "LIA-1", Version: 1,
				Because: "an end"}))
			s.wait(time.Hour)
			s.attempt(hit)
			s.end(hit, ledger.Delivered, "ok")
		}},
		"a ladder that comes to something else": {want: recompute.JudgedOtherwise, seed: func(s *story) {
			s.sent("page_view", 1, func(r *recorded) {
				r.rungs.Ladder = []ledger.Rung{skipped("fraud"), carries("counting-consent")}
				r.Activity, r.Basis, r.LIA, r.Version = "counting-consent", "consent", "", 0
			})
		}},
		"a consent that was refused": {want: recompute.JudgedOtherwise, seed: func(s *story) {
			s.sent("page_view", 1, func(r *recorded) {
				r.rungs.Ladder = []ledger.Rung{skipped("fraud"), carries("counting-consent")}
				r.rungs.Signals = []ledger.Signal{says("analytics", "refuses")}
				r.Activity, r.Basis, r.LIA, r.Version = "counting-consent", "consent", "", 0
			})
		}},
		"an objection that applied, and was passed over": {want: recompute.JudgedOtherwise, seed: func(s *story) {
			s.sent("page_view", 1, func(r *recorded) { r.Objected = []string{"audience"} })
		}},
		"another basis than the activity's": {want: recompute.JudgedOtherwise, seed: func(s *story) {
			s.sent("purchase", 1, func(r *recorded) { r.Basis = "legal_obligation" })
		}},
		"another decision than its ladder's": {want: recompute.JudgedOtherwise, seed: func(s *story) {
			s.sent("page_view", 1, func(r *recorded) {
				r.rungs.Ladder[2] = ledger.Rung{Activity: "counting", Decision: "deny", Reason: "objection"}
			})
		}},
		"a field that its profile drops": {want: recompute.OutsideProfile, seed: func(s *story) {
			s.sent("page_view", 1, func(r *recorded) { r.shape.Kept = append(r.shape.Kept, "dl") })
		}},
		"a field that its profile drops, changed": {want: recompute.OutsideProfile, seed: func(s *story) {
			s.sent("page_view", 1, func(r *recorded) { r.shape.Changed = []string{"uid"} })
		}},
		"a field that nobody knows": {want: recompute.OutsideProfile, seed: func(s *story) {
			s.sent("page_view", 1, func(r *recorded) { r.shape.Kept = append(r.shape.Kept, "*") })
		}},
		"a field that a promise is about": {want: recompute.PromiseBroken, seed: func(s *story) {
			s.sent("page_view", 1, func(r *recorded) { r.shape.Kept = append(r.shape.Kept, "dt") })
			s.sent("purchase", 106)
		}, with: promising(map[string][]recompute.Promise{digest: {never("titles", class(hit.PageTitle))}})},
		"sent though it was denied": {want: recompute.ThoughDenied, seed: func(s *story) {
			s.objects(1, "all")
			s.end(s.event("page_view", 1, denied("objection"), func(r *recorded) {
				r.rungs.Ladder[1].Reason, r.Objected = "objection", []string{"all"}
			}), ledger.Delivered, "")
		}},
		"sent without a decision": {want: recompute.WithoutDecision, seed: func(s *story) {
			s.end(4711, ledger.Delivered, "")
		}},
		"sent together, one of them without a decision": {want: recompute.WithoutDecision, seed: func(s *story) {
			s.endTogether(ledger.Delivered, "", s.event("page_view", 1, queued), 4711)
		}},
		"attempted without a decision": {want: recompute.WithoutDecision, seed: func(s *story) { s.attempt(4711) }},
		"sent before it was decided": {want: recompute.WithoutDecision, seed: func(s *story) {
			s.end(s.hits+1, ledger.Delivered, "")
			s.event("page_view", 1)
			s.wait(time.Hour)
		}},
		"decided twice": {want: recompute.DecidedTwice, seed: func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.event("page_view", 1, queued, func(r *recorded) { r.Hit = hit })
			s.attempt(hit)
			s.end(hit, ledger.Delivered, "ok")
		}},
		"cut behind what is signed": {
			want: recompute.Missing, seed: func(s *story) { s.sent("page_view", 1) },
			with: func(o *recompute.Options) { o.Signed = 1000 },
		},
		"ended twice": {want: recompute.EndedTwice, seed: func(s *story) {
			hit := s.event("page_view", 1)
			s.end(hit, ledger.Dropped, "dial")
			s.end(hit, ledger.Delivered, "")
		}},
		"ended together, and one of them once more": {want: recompute.EndedTwice, seed: func(s *story) {
			hits := []uint64{s.event("page_view", 1, queued), s.event("page_view", 2, queued)}
			s.endTogether(ledger.Delivered, "", hits...)
			s.end(hits[1], ledger.Dropped, "expired")
		}},
		"attempted once more after its end": {want: recompute.EndedTwice, seed: func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.end(hit, ledger.Delivered, "ok")
			s.attempt(hit)
		}},
		"no outcome": {want: recompute.WithoutOutcome, seed: func(s *story) {
			s.event("page_view", 1)
			s.wait(time.Hour)
			s.sent("page_view", 2)
		}},
		"waits for longer than anything may": {want: recompute.WithoutOutcome, seed: func(s *story) {
			s.event("page_view", 1, queued)
			s.wait(72 * time.Hour)
			s.sent("page_view", 2)
		}},
		"attempted, and no outcome": {want: recompute.WithoutOutcome, seed: func(s *story) {
			s.attempt(s.event("page_view", 1, queued))
			s.wait(72 * time.Hour)
			s.sent("page_view", 2)
		}},
		"read with a token that was taken back": {want: recompute.WithoutToken, seed: func(s *story) {
			s.token(ledger.TokenMade, "auditor")
			s.reads("auditor")
			s.token(ledger.TokenRevoked, "auditor")
			s.wait(2 * time.Minute)
			s.reads("auditor")
		}},
		"read with a token that nobody made": {want: recompute.WithoutToken, seed: func(s *story) {
			s.token(ledger.TokenMade, "auditor")
			s.reads("stranger")
		}},
		"read with a token that was over": {want: recompute.WithoutToken, seed: func(s *story) {
			s.token(ledger.TokenMade, "auditor", func(of *ledger.Token) { of.Expires = s.now.Add(time.Hour) })
			s.wait(2 * time.Hour)
			s.reads("auditor")
		}},
		"taken back before a start, and read with": {want: recompute.WithoutToken, seed: func(s *story) {
			s.token(ledger.TokenMade, "auditor")
			s.token(ledger.TokenMade, "other")
			s.token(ledger.TokenRevoked, "auditor")
			s.must(s.l.Close())
			s.wait(time.Hour)
			s.open()
			s.token(ledger.TokenMade, "other", func(of *ledger.Token) { of.Again = true })
			s.reads("auditor")
		}},
		"kept too long": {want: recompute.KeptTooLong, seed: func(s *story) {
			s.sent("page_view", 1)
		}, with: func(o *recompute.Options) {
			o.Now = noon.AddDate(0, 2, 0)
			o.Kept = func(kind, site string, purposes []string) time.Duration {
				if kind == ledger.KindEvent && site == "shop" && len(purposes) == 1 && purposes[0] == "audience" {
					return 30 * 24 * time.Hour
				}
				return 0
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t)
			for subject := range byte(5) { // and whatever is innocent around it
				s.sent("page_view", 100+subject)
			}
			c.seed(s)
			if c.with == nil {
				s.sent("purchase", 106)
			}
			with := c.with
			if with == nil {
				with = func(*recompute.Options) {}
			}
			r := s.audited(with)
			if len(r.Findings) != 1 || r.Findings[0].Kind != c.want || r.Found[c.want] != 1 {
				if c.want != recompute.KeptTooLong || len(r.Findings) == 0 {
					t.Errorf("found %v, want %s alone", r.Findings, c.want)
				}
			}
			for i := range r.Findings {
				if f := &r.Findings[i]; f.Kind != c.want || len(f.Records) == 0 || f.What == "" || f.Rule == "" {
					t.Errorf("found %+v", f)
				}
			}
		})
		kinds[c.want] = true
	}
	for _, kind := range recompute.Kinds() {
		if !kinds[kind] && kind != recompute.Missing && kind != recompute.Unreadable { // see TestMissing
			t.Errorf("no case has %s", kind)
		}
	}
}
