package recompute_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// digest is that of the policy of all stories.
const digest = "3f2a0c11a5c44c0e9a3cb5d1b1c77f55a0b6c61a1f7c8a2f5f9f6f0f3f2a0c11"

var noon = time.Date(2026, time.May, 4, 12, 0, 0, 0, time.UTC)

// policy is that of all stories: GA4 on consent, else on a legitimate interest; fraud on one with compelling grounds;
// what is sold until somebody opts out, or on consent; orders by contract.
var policy = sync.OnceValue(func() *rules.Policy {
	file, _ := catalog.Builtin("ga4")
	class := map[string]minimise.Spec{}
	for _, name := range []string{"event_name", "client_id", "page_title"} {
		class[name] = minimise.Spec{Kind: minimise.Keep}
	}
	on := func(id, purpose, event string, b basis.Basis) rules.DraftActivity {
		return rules.DraftActivity{ID: id, Vendor: "ga4", Purposes: []string{purpose}, Basis: b, Profile: "small",
			Events: []string{event}}
	}
	fraud, counting, sold := on("fraud", "security", "login", basis.LegitimateInterest),
		on("counting", "audience", "page_view", basis.LegitimateInterest), on("sold", "ads", "offer", basis.OptOut)
	fraud.Assessment, counting.Assessment, sold.Regions = "LIA-3", "LIA-1", []string{"US"}
	orders, soldConsent := on("orders", "orders", "purchase", basis.Contract),
		on("sold-consent", "ads", "bid", basis.Consent)
	orders.Reference, counting.AfterRefusal = "contract of sale", true
	p, err := rules.Compile(&rules.Draft{
		Digest: digest, Limits: rules.Limits{Body: 1 << 20, Decompressed: 8 << 20, Events: 1000, Depth: 64,
			Fields: 2000, Nodes: 200_000},
		Sites: []rules.DraftSite{{
			ID: "shop", Hosts: []string{"shop.example"}, Region: rules.RegionSource{Header: "CF-IPCountry", Default: "EU"},
			Signals: []signal.Source{
				{Kind: signal.GPC}, {Kind: signal.Own, Cookie: "choice", Category: "analytics", Granted: []string{"yes"},
					Refused: []string{"no"}},
				{Kind: signal.Own, Cookie: "ads", Category: "marketing", Granted: []string{"yes"}, Refused: []string{"no"}},
			},
		}},
		Vendors: []rules.DraftVendor{{ID: "ga4", Catalog: file, Upstreams: map[string]string{}}},
		Purposes: []rules.Purpose{
			{ID: "audience", Categories: []string{"analytics"}}, {ID: "ads", Categories: []string{"marketing"},
				US: []string{"sale"}},
			{ID: "security"}, {ID: "orders"},
		},
		Activities: []rules.DraftActivity{
			fraud, on("counting-consent", "audience", "page_view", basis.Consent), counting, sold, soldConsent, orders,
		},
		Profiles:    []rules.DraftProfile{{ID: "small", Classes: class}},
		Assessments: register(),
	})
	if err != nil {
		panic(err)
	}
	return p
})

// register holds LIA-1, and LIA-3 with compelling grounds, both approved and due at the end of June 2026.
func register() *basis.Register {
	secret, public, err := note.GenerateKey(rand.Reader, "privacy")
	if err != nil {
		panic(err)
	}
	approver, err := basis.ParseApprover("privacy", public)
	if err != nil {
		panic(err)
	}
	var entries []basis.Entry
	for _, id := range []string{"LIA-1", "LIA-3"} {
		a := &basis.Assessment{ID: id, Version: 1}
		if a.ReviewBy, err = basis.ParseDay("2026-06-30"); err != nil {
			panic(err)
		}
		if id == "LIA-3" {
			a.Objection.CompellingGrounds = basis.Text{"": "fraud"}
		}
		of := a.Digest(basis.Surroundings{})
		if a.Approval, err = basis.Sign(a, of, secret); err != nil {
			panic(err)
		}
		entries = append(entries, basis.Entry{Assessment: a, Digest: of})
	}
	return basis.NewRegister(entries, []basis.Approver{approver}, basis.Past{})
}

// story is a ledger that is written by its own writer, by a clock of its own.
type story struct {
	t    testing.TB
	dir  string
	l    *ledger.Ledger
	now  time.Time
	hits uint64
	acts uint64
}

// tell begins a log as a server does: the assessments are in force.
func tell(t testing.TB) *story {
	t.Helper()
	s := &story{t: t, dir: filepath.Join(t.TempDir(), "ledger"), now: noon}
	s.open()
	s.must(s.l.Assessed(ledger.Assessed{Kind: ledger.KindApproval, Assessment: "LIA-1", Version: 1, Form: 2,
		Key: "privacy+3f2a0c11"}))
	s.must(s.l.Assessed(ledger.Assessed{Kind: ledger.KindApproval, Assessment: "LIA-3", Version: 1, Form: 2,
		Key: "privacy+3f2a0c11"}))
	return s
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) open() {
	s.t.Helper()
	var err error
	s.l, err = ledger.Open(ledger.Options{Dir: s.dir, Node: "eu-1", Rand: zeros{}, Now: func() time.Time { return s.now }},
		ledger.Note{Kind: ledger.KindStart, Policy: digest})
	s.must(err)
}

// zeros is what salts are made of.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func (s *story) wait(d time.Duration) { s.now = s.now.Add(d) }

// judgedAs is what the ladder says of an event of each name where nothing is objected to and nothing is consented to.
var judgedAs = map[string][]ledger.Rung{
	"page_view": {
		skipped("fraud"), {Activity: "counting-consent", Decision: "deny", Reason: "no_consent"}, carries("counting"),
	},
	"login": {carries("fraud")},
	"offer": {skipped("fraud"), skipped("counting-consent"), skipped("counting"), carries("sold")},
	"bid": {
		skipped("fraud"), skipped("counting-consent"), skipped("counting"),
		{Activity: "sold", Decision: "skip", Reason: "other_event"}, carries("sold-consent"),
	},
	"purchase": {
		skipped("fraud"), skipped("counting-consent"), skipped("counting"), elsewhere(), skipped("sold-consent"),
		carries("orders"),
	},
}

func skipped(activity string) ledger.Rung {
	return ledger.Rung{Activity: activity, Decision: "skip", Reason: "other_event"}
}

func elsewhere() ledger.Rung {
	return ledger.Rung{Activity: "sold", Decision: "skip", Reason: "other_region"}
}

func carries(activity string) ledger.Rung {
	return ledger.Rung{Activity: activity, Decision: "permit", Reason: "permitted"}
}

// recorded is an event with what it names.
type recorded struct {
	ledger.Event
	rungs ledger.Rungs
	shape ledger.Shape
}

// names says what the record of an event names.
type names struct{ of *recorded }

func (n names) Shape(int) ledger.Shape { return n.of.shape }
func (n names) Rungs(int) ledger.Rungs { return n.of.rungs }

// says has a source of the site's own say yes or no to a category.
func says(category, what string) ledger.Signal {
	of := ledger.Signal{Source: "own", State: "valid", Says: what + " " + category}
	if what == "grants" {
		of.Granted = []string{category}
	} else {
		of.Refused, of.Declined = []string{category}, []string{category}
	}
	return of
}

// event records an honest event of a subject, changed by whoever wants another one, and returns its hit.
func (s *story) event(name string, subject byte, change ...func(*recorded)) uint64 {
	s.t.Helper()
	s.hits++
	region := "EU"
	if name == "offer" || name == "bid" {
		region = "US-CA"
	}
	e := &recorded{
		Event: ledger.Event{
			Hit: s.hits, Site: "shop", Vendor: "ga4", Name: name, Decision: "permit", Reason: "permitted", In: 900, Out: 400,
			Digest: [32]byte{1}, Subjects: [][16]byte{{subject}, {200}}, Form: 2, Salt: [16]byte{byte(s.hits)},
		},
		rungs: ledger.Rungs{
			Policy: digest, Site: "shop", Region: region, Vendor: "ga4", Endpoint: "collect",
			Ladder: append([]ledger.Rung{}, judgedAs[name]...),
		},
		shape: ledger.Shape{Kept: []string{"cid", "en", "v"}, Dropped: []string{"dl", "uid"}},
	}
	if last := e.rungs.Ladder[len(e.rungs.Ladder)-1]; last.Decision == "permit" {
		e.Activity = last.Activity
	}
	if name == "bid" {
		e.ConsentAt = noon.Add(-time.Hour).Unix()
		e.rungs.Signals = []ledger.Signal{says("marketing", "grants")}
	}
	e.Basis, e.LIA, e.Version = restsOn(e.Activity)
	for _, c := range change {
		c(e)
	}
	e.Rungs, e.Shape = idOf(e.rungs), ""
	e.rungs.ID = e.Rungs
	if e.shape.Kept != nil {
		e.Shape = idOf(e.shape)
		e.shape.ID = e.Shape
	}
	s.must(s.l.Append([]ledger.Event{e.Event}, names{e}))
	return s.hits
}

func restsOn(activity string) (of, assessment string, version int) {
	for _, a := range policy().Activities() {
		if a.ID == activity {
			if a.Assessment != "" {
				version = 1
			}
			return a.Basis.String(), a.Assessment, version
		}
	}
	return "", "", 0
}

func idOf(what any) string {
	sum := sha256.Sum256(fmt.Append(nil, what))
	return hex.EncodeToString(sum[:8])
}

func queued(r *recorded) { r.Queued = true }

// denied makes an event one that the last of its rungs denies.
func denied(reason string) func(*recorded) {
	return func(r *recorded) {
		last := &r.rungs.Ladder[len(r.rungs.Ladder)-1]
		last.Decision, last.Reason = "deny", reason
		r.rungs.Ladder = append(r.rungs.Ladder, elsewhere(), skipped("sold-consent"), skipped("orders"))
		r.Decision, r.Reason, r.Out, r.Digest, r.shape = "deny", reason, 0, [32]byte{}, ledger.Shape{Kept: []string{},
			Dropped: []string{"cid"}}
	}
}

// end says how an event of a hit ended.
func (s *story) end(hit uint64, what, why string) {
	s.t.Helper()
	o := ledger.Outcome{Hit: hit, Events: []int{0}, Outcome: what, Why: why}
	if why != "" {
		o.Vendor = "ga4"
	}
	s.must(s.l.Outcome(o))
}

// endTogether says of events of several hits that they ended in one request.
func (s *story) endTogether(what, why string, hits ...uint64) {
	s.t.Helper()
	var of []ledger.ExchangedHit
	for _, hit := range hits {
		of = append(of, ledger.ExchangedHit{Hit: hit, Events: []int{0}})
	}
	s.must(s.l.Outcome(ledger.Outcome{Outcome: what, Why: why}.Together(of)))
}

func (s *story) sent(name string, subject byte, change ...func(*recorded)) {
	s.t.Helper()
	s.end(s.event(name, subject, change...), ledger.Delivered, "")
}

func (s *story) attempt(hit uint64) {
	s.t.Helper()
	s.must(s.l.Attempt(&ledger.Exchange{Vendor: "ga4", Hits: []ledger.ExchangedHit{{Hit: hit, Events: []int{0}}}}, nil))
}

// act records an act, and where the log of objections stands.
func (s *story) act(kind string, subjects []byte, change func(*ledger.Objected), scopes ...string) uint64 {
	s.t.Helper()
	s.acts++
	o := ledger.Objected{Kind: kind, First: s.acts, Last: s.acts, Scopes: scopes, Source: "preference_centre",
		Site: "shop", Act: "browser:01", Form: 2}
	for _, subject := range subjects {
		o.Subjects = append(o.Subjects, [16]byte{subject})
	}
	if change != nil {
		change(&o)
	}
	s.must(s.l.Objected([]ledger.Objected{o}, ledger.Head{Size: s.acts}))
	return s.acts
}

func (s *story) objects(subject byte, scopes ...string) {
	s.t.Helper()
	s.act(ledger.KindObjection, []byte{subject}, nil, scopes...)
}

func holder(act string) func(*ledger.Objected) { return func(o *ledger.Objected) { o.Act = act } }

// decides records a person's decision that fraud goes on though a subject objected.
func (s *story) decides(subject byte, change ...func(*ledger.Decided)) uint64 {
	s.t.Helper()
	d := &ledger.Decided{Assessment: "LIA-3", Version: 1, Until: noon.AddDate(0, 1, 0), By: "privacy"}
	for _, c := range change {
		c(d)
	}
	return s.act(ledger.KindDecided, []byte{subject}, func(o *ledger.Objected) {
		o.Decision, o.Stands = d, []string{"all"}
	})
}

// compiled is the policy of all stories, by its digest.
func compiled(of string) (*rules.Policy, error) {
	if of != digest {
		return nil, errors.New("the policy is not in the archive")
	}
	return policy(), nil
}

// audited recomputes from the log, once it is closed.
func (s *story) audited(change ...func(*recompute.Options)) *recompute.Report {
	s.t.Helper()
	s.must(s.l.Close())
	return s.recomputed(change...)
}

// recomputed recomputes from the files of a log that is closed.
func (s *story) recomputed(change ...func(*recompute.Options)) *recompute.Report {
	s.t.Helper()
	o := recompute.Options{Dir: s.dir, Waits: 48 * time.Hour, Compile: compiled}
	for _, c := range change {
		c(&o)
	}
	r, err := recompute.Run(context.Background(), o)
	s.must(err)
	return r
}

// token has it recorded what became of one.
func (s *story) token(change, name string, with ...func(*ledger.Token)) {
	s.t.Helper()
	of := ledger.Token{Change: change, Name: name, Roles: []string{"security"}, Created: noon, Mark: "0011223344556677",
		By: "operator", Through: "socket"}
	for _, one := range with {
		one(&of)
	}
	s.must(s.l.Tokens([]ledger.Token{of}))
}

// reads has it recorded that somebody read the log with a token.
func (s *story) reads(by string) {
	s.t.Helper()
	s.must(s.l.Read(ledger.Reading{By: by, Verb: "search", Through: "http"}))
}
