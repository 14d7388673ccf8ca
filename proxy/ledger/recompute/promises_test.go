package recompute_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// never is a promise.
func never(id string, c promise.Condition, unless ...promise.Condition) recompute.Promise {
	p := recompute.Promise{Promise: promise.Promise{ID: id, Never: c}, Says: "Not " + id + ".", Same: "same " + id,
		Signed: "signed-" + id}
	if len(unless) > 0 {
		p.Unless = &unless[0]
	}
	return p
}

func class(all ...hit.Class) promise.Condition {
	return promise.Condition{Classes: rules.ClassesOf(all...)}
}

// promising has the policies of some digests promise something.
func promising(by map[string][]recompute.Promise) func(*recompute.Options) {
	return func(o *recompute.Options) {
		o.Promises = func(digest string) recompute.Promises { return recompute.Promises{All: by[digest]} }
	}
}

func shaped(kept ...string) func(*recorded) {
	return func(r *recorded) { r.shape.Kept = append(r.shape.Kept, kept...) }
}

// TestRecordsAreHeldAgainstPromises: what a record surely says is said, kept or
// broken; what it does not hold is neither.
func TestRecordsAreHeldAgainstPromises(t *testing.T) {
	t.Parallel()
	shapeless := func(r *recorded) { r.shape = ledger.Shape{} }
	changed := func(fields ...string) func(*recorded) {
		return func(r *recorded) { r.shape.Changed = fields }
	}
	of := func(c promise.Condition, change func(*promise.Condition)) promise.Condition {
		change(&c)
		return c
	}
	events := func(names ...string) promise.Condition { return promise.Condition{Events: rules.EventNamesOf(names)} }
	looser := func(kind minimise.Kind) func(*promise.Condition) {
		return func(c *promise.Condition) { c.LooserThan = promise.NewMinimiser(minimise.Spec{Kind: kind}, false) }
	}
	region := func(code string) promise.Condition {
		r, err := rules.ParseRegion(code)
		if err != nil {
			t.Fatal(err)
		}
		return promise.Condition{Regions: []rules.Region{r}}
	}
	consent := promise.Condition{Bases: []basis.Basis{basis.Consent}}
	for name, c := range map[string]struct {
		event   string
		change  func(*recorded)
		promise recompute.Promise
		want    promise.State
	}{
		"a class that left": {"page_view", shaped("dt"), never("titles", class(hit.PageTitle)),
			promise.Broken},
		"a class that did not": {"page_view", shaped(), never("titles", class(hit.PageTitle)),
			promise.Kept},
		"one of several": {"page_view", shaped("dt"),
			never("titles", class(hit.Email, hit.PageTitle)), promise.Broken},
		"by its name": {"page_view", shaped("dt"),
			never("dt", promise.Condition{Fields: []string{"dt"}}), promise.Broken},
		"by another's": {"page_view", shaped("dt"),
			never("dl", promise.Condition{Fields: []string{"dl"}}), promise.Kept},
		"its shape is not there": {"page_view", shapeless, never("titles", class(hit.PageTitle)),
			promise.Untold},
		"that, and another basis": {"page_view", shapeless,
			never("titles", of(class(hit.PageTitle), func(c *promise.Condition) {
				c.Bases = []basis.Basis{basis.Consent}
			})), promise.Kept},
		"what its profile drops": {"page_view", shaped("dl"), never("pages", class(hit.URL)),
			promise.Broken},
		"what its profile drops, changed": {"page_view", changed("dl"), never("pages", class(hit.URL)),
			promise.Broken},
		"what its profile drops, made who knows": {"page_view", changed("dl"),
			never("pages", of(class(hit.URL), looser(minimise.URL))), promise.Untold},
		"what its profile drops, as it came": {"page_view", shaped("dl"),
			never("pages", of(class(hit.URL), looser(minimise.URL))), promise.Broken},
		"what nobody knows": {"page_view", shaped("*"), never("pages", class(hit.URL)),
			promise.Untold},
		"what nobody knows, of nothing in particular": {"page_view", shaped("*"), never("anything", events("page_view")),
			promise.Broken},
		"what a site may call anything": {"page_view", shaped("ep.*"), never("mail", class(hit.Email)),
			promise.Untold},
		"a field that a site may call so": {"page_view", shaped("ep.*"),
			never("card", promise.Condition{Fields: []string{"ep.card"}}), promise.Untold},
		"a field of another name": {"page_view", shaped("ep.*"),
			never("up", promise.Condition{Fields: []string{"up.card"}}), promise.Kept},
		"a text that may hold anything": {"page_view", shaped("dt"), never("mail", class(hit.ClientID),
			events("page_view")), promise.Kept},
		"looser, and it is": {"page_view", shaped("dt"),
			never("titles", of(class(hit.PageTitle), looser(minimise.Scrub))), promise.Broken},
		"looser, and nothing is": {"page_view", shaped("dt"),
			never("titles", of(class(hit.PageTitle), looser(minimise.Keep))), promise.Kept},
		"an event": {"page_view", shaped(), never("pages", events("page_*")),
			promise.Broken},
		"another event": {"page_view", shaped(), never("sales", events("purchase")),
			promise.Kept},
		"an event whose name was scrubbed": {"page_view", func(r *recorded) {
			r.Name = "[email]"
		}, never("sales", events("purchase")), promise.Untold},
		"any event, its name was scrubbed": {"page_view", func(r *recorded) {
			r.Name = "[email]"
		}, never("all", events("*")), promise.Broken},
		"a name that was cut off": {"page_view", func(r *recorded) {
			r.Name = strings.Repeat("x", 64)
		}, never("long", events(strings.Repeat("x", 70))), promise.Untold},
		"an exception": {"bid", shaped("dt"), never("titles", class(hit.PageTitle), consent),
			promise.Kept},
		"an exception of another basis": {"page_view", shaped("dt"), never("titles", class(hit.PageTitle),
			consent), promise.Broken},
		"an exception of an event": {"page_view", shaped("dt"), never("titles", class(hit.PageTitle),
			events("page_view")), promise.Kept},
		"an exception of an event that was scrubbed": {"page_view", func(r *recorded) {
			r.Name = "[email]"
			shaped("dt")(r)
		}, never("titles", class(hit.PageTitle), events("page_view")), promise.Untold},
		"an exception of a class": {"purchase", func(r *recorded) {
			r.shape.Kept = []string{"dl"}
		}, never("all", promise.Condition{Vendors: []string{"ga4"}, Fields: []string{"dl"}}, class(hit.URL)), promise.Kept},
		"a region": {"offer", shaped("dt"), never("titles", of(region("US"), func(c *promise.Condition) {
			c.Classes = rules.ClassesOf(hit.PageTitle)
		})), promise.Broken},
		"another region": {"page_view", shaped("dt"), never("titles", of(region("US"), func(c *promise.Condition) {
			c.Classes = rules.ClassesOf(hit.PageTitle)
		})), promise.Kept},
		"another site": {"page_view", shaped("dt"), never("titles", of(class(hit.PageTitle), func(c *promise.Condition) {
			c.Sites = []string{"blog"}
		})), promise.Kept},
		"a country that nobody says": {"page_view", shaped("dt"),
			never("abroad", of(class(hit.PageTitle), func(c *promise.Condition) {
				c.Countries = []promise.Country{abroad(t)}
			})), promise.Broken},
		"a header that records do not name": {"page_view", shaped(),
			never("agent", promise.Condition{Fields: []string{"header Sec-GPC"}}), promise.Untold},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t)
			change := c.change
			s.sent(c.event, 1, change)
			r := s.audited(promising(map[string][]recompute.Promise{digest: {c.promise}}))
			if len(r.Promises) != 1 {
				t.Fatalf("%d promises", len(r.Promises))
			}
			want := recompute.Tally{}
			switch c.want {
			case promise.Broken:
				want.Broken = 1
			case promise.Untold:
				want.Untold = 1
			default:
				want.Kept = 1
			}
			if p := &r.Promises[0]; p.Tally != want || p.Before != nil {
				t.Errorf("%+v, want %+v", *p, want)
			}
			broken := slices.DeleteFunc(slices.Clone(r.Findings), func(f recompute.Finding) bool {
				return f.Kind != recompute.PromiseBroken
			})
			if len(broken) != int(want.Broken) {
				t.Fatalf("found %v", r.Findings)
			}
			for i := range broken {
				of := broken[i].Promise
				if of == nil || of.ID != c.promise.ID || of.Says != c.promise.Says || of.Activity == "" || of.Field == "" ||
					of.Action == "" ||
					!strings.Contains(broken[i].What, of.Says) || broken[i].Hit == 0 || broken[i].Records[0] == 0 {
					t.Errorf("found %+v, %+v", broken[i], of)
				}
			}
		})
	}
}

func abroad(t *testing.T) promise.Country {
	t.Helper()
	c, err := promise.ParseCountry("outside-EEA")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPromisesSinceWhen: each event is held against what was promised when it was decided, and what was before a
// promise is said apart, and is no fault.
func TestPromisesSinceWhen(t *testing.T) {
	t.Parallel()
	const later, unknown = "later", "unknown"
	s := tell(t) // under a policy that promises one thing
	titled := shaped("dt")
	for range 3 {
		s.sent("page_view", 1, titled)
	}
	s.sent("page_view", 1)
	s.sent("page_view", 1, func(r *recorded) { r.rungs.Policy = unknown })
	s.sent("page_view", 1, func(r *recorded) { r.shape = ledger.Shape{} })
	s.wait(time.Hour)
	since := s.now
	s.must(s.l.Promised(ledger.Promised{
		Version: 3, At: noon, Key: "privacy+3f2a0c11", Promises: []string{"titles signed-titles", "mail other"},
	}))
	s.must(s.l.Note(ledger.Note{Kind: ledger.KindReload, Policy: later, Text: "loaded"}))
	under := func(r *recorded) { r.rungs.Policy = later }
	s.sent("page_view", 1, under)
	s.sent("page_view", 1) // it was under way by the policy before
	s.wait(time.Hour)
	s.must(s.l.Note(ledger.Note{Kind: ledger.KindReload, Policy: digest, Text: "loaded"}))
	s.wait(time.Hour)
	s.must(s.l.Note(ledger.Note{Kind: ledger.KindReload, Policy: digest,
		Text: "refused: the policy that was there goes on"}))
	s.must(s.l.Note(ledger.Note{Kind: ledger.KindReload, Policy: later, Text: "loaded"}))
	s.sent("page_view", 1, under)
	mail, titles := never("mail", class(hit.Email)), never("titles", class(hit.PageTitle))
	reworded := mail
	reworded.Says, reworded.Signed = "No mail.", "signed-anew"
	r := s.audited(promising(map[string][]recompute.Promise{digest: {mail}, later: {reworded, titles}}),
		func(o *recompute.Options) {
			o.Compile = func(of string) (*rules.Policy, error) {
				if of == unknown {
					return nil, errors.New("it is not there")
				}
				return policy(), nil
			}
		})
	if len(r.Findings) != 0 || len(r.Promises) != 2 {
		t.Fatalf("found %v, %+v", r.Findings, r.Promises)
	}
	of := r.Promises[0]
	if of.ID != "mail" || of.Says != "No mail." || len(of.InForce) != 1 || of.InForce[0].Record != 0 ||
		!of.InForce[0].Until.IsZero() ||
		of.Signed != nil || of.Before != nil {
		t.Errorf("%+v", of)
	}
	if want := (recompute.Tally{Kept: 7, Untold: 1}); of.Tally != want { // of one there is no shape
		t.Errorf("mail: %+v, want %+v", of.Tally, want)
	}
	of = r.Promises[1]
	if of.ID != "titles" || len(of.InForce) != 2 || of.InForce[0].Since != since.UTC() || of.InForce[0].Until.IsZero() ||
		!of.InForce[1].Until.IsZero() || of.Signed == nil || of.Signed.Version != 3 || of.Signed.By != "privacy+3f2a0c11" {
		t.Errorf("%+v %+v", of, of.Signed)
	}
	if want := (recompute.Tally{Kept: 2}); of.Tally != want {
		t.Errorf("titles: %+v, want %+v", of.Tally, want)
	}
	if b := of.Before; b == nil || b.Tally != (recompute.Tally{Kept: 2, Broken: 3, Untold: 2}) ||
		b.Record == 0 || b.Field != "dt" ||
		b.Class != "page_title" || b.Activity != "counting" || b.At.IsZero() {
		t.Errorf("before: %+v", b)
	}
	text := fmt.Sprint(r.Sections())
	for _, want := range []string{"would have been broken by 3 events before it was in force",
		"signed by privacy+3f2a0c11, version 3",
		"and 1 time before", "whether promises were kept by 1 event:"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
}

// TestPromisesOfManyWays: more ways than are remembered are held all the same, each event by itself.
func TestPromisesOfManyWays(t *testing.T) {
	t.Parallel()
	s := tell(t)
	const many = 300
	for n := range many {
		s.event("page_view", 1, queued, func(r *recorded) { r.Name = fmt.Sprint("page_view", n); shaped("dt")(r) })
	}
	promises := promising(map[string][]recompute.Promise{digest: {never("titles", class(hit.PageTitle))}})
	r := s.audited(promises, recompute.FewCombined(20))
	if r.Found[recompute.PromiseBroken] != many || r.Promises[0].Broken != many {
		t.Errorf("%v, %+v", r.Found, r.Promises[0])
	}
}

// TestDigestsAreToKeep: who compiles a policy may keep the digest that it was asked by, and know it again by that,
// however much of the log is read after it.
func TestDigestsAreToKeep(t *testing.T) {
	t.Parallel()
	s := tell(t)
	for range 2000 {
		s.sent("page_view", 1, shaped("dt"))
	}
	kept := map[string]recompute.Promises{}
	r := s.audited(func(o *recompute.Options) {
		o.Compile = func(of string) (*rules.Policy, error) {
			kept[of] = recompute.Promises{All: []recompute.Promise{never("mail", class(hit.Email))}}
			return policy(), nil
		}
		o.Promises = func(of string) recompute.Promises { return kept[of] }
	})
	for of := range kept {
		if of != digest {
			t.Errorf("%q was asked for, and is %q now", digest, of)
		}
	}
	if len(r.Promises) != 1 || r.Promises[0].Tally != (recompute.Tally{Kept: 2000}) {
		t.Errorf("%+v", r.Promises)
	}
}
