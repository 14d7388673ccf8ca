package promise_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/promise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestRecordsAndTrafficAgree: what the record of an event is said to break, the event broke; and what an event
// broke, its record is not said to have kept.
func TestRecordsAndTrafficAgree(t *testing.T) {
	t.Parallel()
	count := map[promise.State]int{}
	for seed := range uint64(3) {
		recordsAgree(t, seed, count)
	}
	t.Logf("%v", count)
	if count[promise.Kept] < 5000 || count[promise.Broken] < 500 || count[promise.Untold] < 100 {
		t.Errorf("the records show too little: %v", count)
	}
}

// FuzzRecords is the same with policies and promises that nobody chose.
func FuzzRecords(f *testing.F) {
	f.Add(uint64(122)) // a field that holds others is not named by records
	f.Fuzz(func(t *testing.T, seed uint64) { recordsAgree(t, seed, map[promise.State]int{}) })
}

func recordsAgree(t *testing.T, seed uint64, count map[promise.State]int) {
	r := rand.New(rand.NewPCG(seed, 2))
	p, err := rules.Compile(draftOf(r))
	if err != nil {
		t.Fatal(err)
	}
	where := func(*rules.Activity) []promise.Place { return []promise.Place{{Country: "US"}} }
	promises := make([]promise.Promise, 80)
	for i := range promises {
		promises[i] = promise.Promise{ID: strconv.Itoa(i), Never: conditionOf(r, p)}
		if unless := conditionOf(r, p); r.IntN(2) == 0 && !unless.IsEmpty() {
			promises[i].Unless = &unless
		}
	}
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		promises = append(promises, promise.Promise{ID: class.String(),
			Never: promise.Condition{Classes: rules.ClassesOf(class)}})
	}
	records := promise.NewRecords(p, where)
	state := pseudonym.TestRoot.State(now)
	in := rules.Inputs{Now: now, Keys: rules.KeysOf(&state, p)}
	for i := range recordings() {
		of := recordings()[i]
		if i%2 == 0 {
			of.text = opened(r, of.text)
		}
		j := new(rules.Judgement)
		j.Hit.Reset()
		if j.Hit.Request = of.request(); rules.Read(p, j, &in, nil) != rules.Unjudged {
			continue
		}
		j.Objections = make([]rules.Objections, len(j.Hit.Events))
		if rules.Judge(j, &in) != rules.Unjudged {
			continue
		}
		at := -1
		for e := range j.Verdicts {
			if j.Verdicts[e].Decision == rules.Permit && at < 0 {
				at = e
			} else if j.Verdicts[e].Decision == rules.Permit {
				at = len(j.Verdicts) // of several it is not known which something left with
			}
		}
		if at < 0 || at == len(j.Verdicts) {
			continue
		}
		site := p.Sites()[0]
		traffic := map[string]promise.Violation{}
		for _, v := range promise.BrokenBy(promises, &promise.Hit{Site: site.ID, Region: j.Region, Left: j.Left()}, where) {
			traffic[v.Promise] = v
		}
		name := p.ScrubName(j.Hit.EventName(int32(at)))
		recorded := promise.Recorded{
			Site: site.ID, Region: j.Region, Endpoint: j.Route.Endpoint.ID, Activity: j.Verdicts[at].Activity,
			Event: name, Scrubbed: !rules.NameIsWhole(name),
		}
		recorded.Kept, recorded.Changed, _ = j.Shape(at)
		for n, held := range records.Hold(promises, &recorded) {
			count[held.State]++
			v, broken := traffic[promises[n].ID]
			if broken && held.State == promise.Kept || !broken && held.State == promise.Broken {
				t.Errorf("seed %d, hit %d of %s: the record says %+v, and what left %+v\n%+v unless %+v\n%v, changed %v", seed,
					i, of.vendor, held, v,
					promises[n].Never, promises[n].Unless, recorded.Kept, recorded.Changed)
			}
		}
	}
}
