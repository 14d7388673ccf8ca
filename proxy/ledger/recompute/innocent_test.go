package recompute_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
)

// TestNobodyIsAccusedWrongly: what may happen, and does, is no finding.
func TestNobodyIsAccusedWrongly(t *testing.T) {
	t.Parallel()
	for name, tale := range map[string]func(*story){
		"in flight when the act was recorded": func(s *story) {
			hit := s.event("page_view", 1)
			s.objects(1, "all")
			s.end(hit, ledger.Delivered, "")
		},
		"taken back, which is recorded a moment later": func(s *story) {
			s.objects(1, "all")
			s.sent("page_view", 1)
			s.wait(time.Second)
			s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
			s.wait(time.Minute)
			s.sent("page_view", 2)
		},
		"taken back, and recorded before it is said that it left": func(s *story) {
			s.objects(1, "all")
			hit := s.event("page_view", 1)
			s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
			s.wait(time.Minute)
			s.end(hit, ledger.Delivered, "")
		},
		"taken back from a server that died before it recorded that": func(s *story) {
			s.objects(1, "all")
			s.sent("page_view", 1)
			s.restart()
			s.wait(time.Hour)
			s.act(ledger.KindWithdrawal, []byte{1}, func(o *ledger.Objected) { o.Recovered = true }, "all")
			s.sent("page_view", 1)
		},
		"objected and taken back before, often": func(s *story) {
			for range 3000 {
				s.objects(1, "all")
				s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
				s.wait(time.Second)
			}
			s.wait(time.Minute)
			s.sent("page_view", 1)
		},
		"compelling grounds that are recorded once it has left": func(s *story) {
			s.objects(1, "security")
			s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, s.acts+1 })
			s.decides(1)
		},
		"waited, and in flight": func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.attempt(hit)
			s.objects(1, "all")
			s.end(hit, ledger.Delivered, "ok")
		},
		"waited with a key, and in flight": func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.objects(1, "all")
			s.end(hit, ledger.Delivered, "ok")
		},
		"held back at the last moment": func(s *story) {
			s.objects(1, "all")
			s.end(s.event("page_view", 1), ledger.Dropped, "objection")
		},
		"waited, and dropped for an objection": func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.objects(1, "all")
			s.end(hit, ledger.Dropped, "objection")
		},
		"may have arrived before, and ended for an objection": func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.attempt(hit)
			s.objects(1, "all")
			s.end(hit, ledger.Deferred, "timeout")
			s.end(hit, ledger.Unknown, "objection")
		},
		"attempted, and nobody knows": func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.objects(1, "all")
			s.attempt(hit)
			s.end(hit, ledger.Unknown, "stopped")
		},
		"parked, tried again by somebody, and delivered": func(s *story) {
			hit := s.event("page_view", 1, queued)
			s.attempt(hit)
			s.end(hit, ledger.Parked, "refused")
			s.end(hit, ledger.Deferred, "retried")
			s.attempt(hit)
			s.end(hit, ledger.Delivered, "ok")
		},
		"waited, and were delivered together": func(s *story) {
			hits := []uint64{s.event("page_view", 1, queued), s.event("page_view", 2, queued), s.event("page_view", 3, queued)}
			s.endTogether(ledger.Deferred, "timeout", hits...)
			s.objects(3, "all")
			s.endTogether(ledger.Delivered, "", hits[:2]...)
			s.end(hits[2], ledger.Unknown, "objection")
		},
		"denied": func(s *story) {
			s.objects(1, "all")
			s.event("page_view", 1, denied("objection"), func(r *recorded) {
				r.rungs.Ladder[1].Reason, r.Objected = "objection", []string{"all"}
			})
		},
		"an objection to something else": func(s *story) {
			s.objects(1, "ads", "vendor:meta", "no such purpose any more")
			s.sent("page_view", 1)
		},
		"an objection of somebody else": func(s *story) {
			s.objects(2, "all")
			s.sent("page_view", 1)
		},
		"what there is no right to object to": func(s *story) {
			s.objects(1, "all")
			s.sent("purchase", 1)
		},
		"after a refusal, as its activity says": func(s *story) {
			s.sent("page_view", 1, func(r *recorded) {
				r.rungs.Ladder[1].Reason = "consent_refused"
				r.rungs.Signals = []ledger.Signal{says("analytics", "refuses")}
			})
		},
		"compelling grounds": func(s *story) {
			s.objects(1, "security")
			n := s.decides(1)
			s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, n })
		},
		"compelling grounds, recorded a moment later": func(s *story) {
			s.objects(1, "security")
			hit := s.event("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, s.acts+1 })
			s.decides(1)
			s.end(hit, ledger.Delivered, "")
		},
		"compelling grounds that lift a restriction": func(s *story) {
			s.act(ledger.KindObjection, []byte{1}, func(o *ledger.Objected) { o.Restriction = true }, "security")
			n := s.decides(1, func(d *ledger.Decided) { d.Restriction = true })
			s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, n })
		},
		"compelling grounds for whom somebody follows": func(s *story) {
			s.objects(2, "security")
			s.act(ledger.KindObjection, []byte{1}, holder("seen_with:02000000000000000000000000000000"), "security")
			n := s.decides(2)
			s.sent("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, n })
		},
		"a decision that ends while a hit is under way": func(s *story) {
			s.objects(1, "security")
			n := s.decides(1)
			hit := s.event("login", 1, func(r *recorded) { r.Objected, r.Decided = []string{"security"}, n })
			s.act(ledger.KindDecisionEnd, []byte{1}, func(o *ledger.Objected) { o.Ends = n })
			s.end(hit, ledger.Delivered, "")
		},
		"a kept opt-out is no objection": func(s *story) {
			s.act(ledger.KindKeptOptOut, []byte{1}, holder("kept_opt_out"), "kept_opt_out")
			s.sent("page_view", 1)
		},
		"a consent that is younger than the opt-out": func(s *story) {
			s.act(ledger.KindKeptOptOut, []byte{1}, holder("kept_opt_out"), "kept_opt_out")
			s.wait(time.Hour)
			s.sent("bid", 1, func(r *recorded) { r.ConsentAt = s.now.Unix() })
		},
		"a consent of about the time of the opt-out, which waited to be written": func(s *story) {
			s.act(ledger.KindKeptOptOut, []byte{1}, holder("kept_opt_out"), "kept_opt_out")
			s.sent("bid", 1, func(r *recorded) { r.ConsentAt = noon.Add(-time.Minute).Unix() })
		},
		"an opt-out of a region that keeps none": func(s *story) {
			s.act(ledger.KindKeptOptOut, []byte{1}, holder("kept_opt_out"), "kept_opt_out")
			s.sent("bid", 1, func(r *recorded) { r.rungs.Region, r.ConsentAt, r.rungs.Ladder[3] = "DE", 0, elsewhere() })
		},
		"taken back": func(s *story) {
			s.objects(1, "all")
			s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
			s.sent("page_view", 1)
		},
		"taken back between decision and departure": func(s *story) {
			s.objects(1, "all")
			hit := s.event("page_view", 1, queued)
			s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
			s.attempt(hit)
			s.end(hit, ledger.Delivered, "ok")
		},
		"taken back, and objected again once it was on its way": func(s *story) {
			s.objects(1, "all")
			s.act(ledger.KindWithdrawal, []byte{1}, nil, "all")
			hit := s.event("page_view", 1)
			s.objects(1, "all")
			s.end(hit, ledger.Delivered, "")
		},
		"taken back by a role what came by link": func(s *story) {
			s.act(ledger.KindObjection, []byte{1}, holder("link"), "all")
			s.act(ledger.KindWithdrawal, []byte{1}, holder("role"), "all")
			s.sent("page_view", 1)
		},
		"taken back by a role, whoever's acts": func(s *story) {
			s.objects(1, "all")
			s.act(ledger.KindWithdrawal, []byte{1}, func(o *ledger.Objected) { o.Act, o.EveryAct = "role", true }, "all")
			s.sent("page_view", 1)
		},
		"what followed ended with its lead": func(s *story) {
			const lead = "seen_with:02000000000000000000000000000000"
			s.act(ledger.KindObjection, []byte{1}, holder(lead), "all")
			s.act(ledger.KindWithdrawal, []byte{1}, holder(lead), "all")
			s.sent("page_view", 1)
		},
		"taken back for several, of whom another objects still": func(s *story) {
			s.objects(1, "all")
			s.objects(2, "all")
			s.act(ledger.KindObjection, []byte{2}, holder("link"), "audience")
			s.act(ledger.KindWithdrawal, []byte{1, 2}, func(o *ledger.Objected) { o.Stands = []string{"audience"} }, "all")
			s.sent("page_view", 1)
		},
		"by a record of a version that told no acts apart": func(s *story) {
			s.act(ledger.KindObjection, []byte{1}, holder(""), "all")
			s.act(ledger.KindWithdrawal, []byte{1}, holder(""), "all")
			s.sent("page_view", 1)
		},
		"an older copy of the objections was accepted": func(s *story) {
			s.objects(1, "all")
			s.must(s.l.Objected(nil, ledger.Head{Size: 0, Restored: "the disk broke"}))
			s.acts = 0
			s.sent("page_view", 1)
		},
		"an older form of an id": func(s *story) {
			s.act(ledger.KindObjection, []byte{99}, func(o *ledger.Objected) { o.Form = 1 }, "all")
			s.sent("page_view", 1)
		},
		"by cookies alone": func(s *story) {
			s.must(s.l.ObjectedByCookie([]ledger.Objected{{Kind: ledger.KindObjection, Scopes: []string{"all"},
				Act: "cookie", Times: 40}}))
			s.sent("page_view", 1)
		},
		"an assessment revoked while a hit is under way": func(s *story) {
			s.must(s.l.Assessed(ledger.Assessed{Kind: ledger.KindRevocation, Assessment: "LIA-1", Version: 1,
				Because: "an end"}))
			s.wait(time.Second)
			s.sent("page_view", 1)
		},
		"an older version revoked": func(s *story) {
			s.must(s.l.Assessed(ledger.Assessed{Kind: ledger.KindRevocation, Assessment: "LIA-1", Version: 0,
				Because: "an end"}))
			s.wait(time.Hour)
			s.sent("page_view", 1)
		},
		"judged at the end of an assessment's last day, and recorded behind it": func(s *story) {
			s.now = time.Date(2026, time.July, 1, 0, 0, 1, 0, time.UTC)
			s.sent("page_view", 1)
		},
		"a name that was scrubbed": func(s *story) {
			s.event("page_view", 1, func(r *recorded) {
				r.Decision, r.Reason, r.Activity, r.Basis, r.LIA, r.Version = "deny", "no_activity", "", "", "", 0
				r.rungs.Ladder, r.shape = []ledger.Rung{
					skipped("fraud"), skipped("counting-consent"), skipped("counting"), elsewhere(),
					skipped("sold-consent"), skipped("orders"),
				}, ledger.Shape{Kept: []string{}}
			})
		},
		"from before a choice": func(s *story) {
			s.event("page_view", 1, denied("before_choice"))
		},
		"a server that died before it could say": func(s *story) {
			s.event("page_view", 1)
			s.must(s.l.Close())
			s.wait(time.Hour)
			s.open()
			s.wait(time.Hour)
		},
		"read with a token": func(s *story) {
			s.token(ledger.TokenMade, "auditor", func(of *ledger.Token) { of.Expires = s.now.Add(time.Hour) })
			s.reads("auditor")
			s.must(s.l.Read(ledger.Reading{By: "operator", Verb: "search", Through: "socket"}))
			s.must(s.l.Read(ledger.Reading{By: "operator", Verb: "search", Through: "command"}))
			s.wait(time.Hour)
			s.reads("auditor")
		},
		"read while a token is taken back": func(s *story) {
			s.token(ledger.TokenMade, "auditor")
			s.token(ledger.TokenRevoked, "auditor")
			s.reads("auditor")
		},
		"a token of the same name, made anew": func(s *story) {
			s.token(ledger.TokenMade, "auditor")
			s.token(ledger.TokenRevoked, "auditor")
			s.token(ledger.TokenMade, "auditor")
			s.wait(time.Hour)
			s.reads("auditor")
		},
		"read with a token, before tokens were recorded": func(s *story) {
			s.reads("auditor")
			s.must(s.l.Close())
			s.open()
			s.token(ledger.TokenMade, "other")
		},
		"read with a token that a version made which records none": func(s *story) {
			s.token(ledger.TokenMade, "auditor")
			s.token(ledger.TokenRevoked, "auditor")
			s.must(s.l.Close())
			s.wait(time.Hour)
			s.open()
			s.reads("auditor")
			s.reads("other")
		},
		"waits still": func(s *story) {
			s.event("page_view", 1, queued)
			s.wait(24 * time.Hour)
		},
		"on its way still": func(s *story) { s.event("page_view", 1) },
		"recorded again, since the log had lost it": func(s *story) {
			s.end(s.event("page_view", 1, queued, func(r *recorded) {
				r.Recovered, r.Policy, r.Endpoint, r.Region = true, digest, "collect", "EU"
				r.rungs.Policy = digest
			}), ledger.Delivered, "ok")
		},
		"lost with its decision": func(s *story) { s.end(4711, ledger.Dropped, "damaged") },
		"refused as a whole": func(s *story) {
			s.hits++
			s.must(s.l.Append([]ledger.Event{{
				Hit: s.hits, Site: "shop", Vendor: "ga4", Endpoint: "collect", Decision: "deny",
				Reason: "malformed", Policy: digest,
			}}, nil))
		},
		"of a policy that is not in the archive": func(s *story) {
			s.sent("page_view", 1, func(r *recorded) { r.rungs.Policy = "0000" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t)
			tale(s)
			s.sent("purchase", 106)
			for _, f := range s.audited().Findings {
				t.Error(&f)
			}
		})
	}
}

// TestNotRejudged: what this binary does not judge the same way is not said to be the same.
func TestNotRejudged(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.sent("page_view", 1)
	s.sent("page_view", 1, func(r *recorded) { r.rungs.Policy = "0000" })
	s.sent("page_view", 1, func(r *recorded) { r.rungs.Endpoint = "none of it" })
	r := s.audited()
	if r.Rejudged.Same != 1 || r.Rejudged.Not != 2 || len(r.Rejudged.Why) != 2 || r.Fields.Checked != 1 ||
		r.Fields.Unknown != 2 {
		t.Errorf("%+v, fields %+v", r.Rejudged, r.Fields)
	}
	s = tell(t)
	s.sent("page_view", 1)
	if r := s.audited(func(o *recompute.Options) { o.Compile = nil }); r.Rejudged.Same != 0 || r.Rejudged.Not != 1 {
		t.Errorf("%+v", r.Rejudged)
	}
}

// TestRunEndsWithItsContext: in whichever phase it is, also where it reads the log a second time, for the
// records that fit no event that was waiting.
func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.end(4711, ledger.Delivered, "")
	for range 6000 {
		s.must(s.l.Note(ledger.Note{Kind: ledger.KindQueue, Text: "retried"}))
	}
	s.must(s.l.Close())
	for _, phase := range []int{1, 2} {
		ctx, cancel := context.WithCancel(t.Context())
		told := 0
		_, err := recompute.Run(ctx, recompute.Options{Dir: s.dir, Progress: func(uint64, uint64) {
			if told++; told == phase {
				cancel()
			}
		}})
		if cancel(); !errors.Is(err, context.Canceled) || told != phase {
			t.Errorf("in phase %d: %v, it was told %d times how far it is", phase, err, told)
		}
	}
}
