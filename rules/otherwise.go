package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// otherwise says of each field of an event that was denied what would become of it on each activity that denied the
// event: by judging the hit again as if that activity permitted. Fields of the whole hit are asked about where all of
// its events are denied.
func (a *answering) otherwise(j *Judgement, x *Explanation) {
	for _, of := range denials(j) {
		again, trace := new(Judgement), new(Trace)
		if a.read(again, trace) != Unjudged || decide(again, a.inputs()) != Unjudged {
			continue
		}
		for e := range again.Verdicts {
			v := &again.Verdicts[e]
			if denies(again, v, of) {
				v.Decision, v.Reason, v.Activity = Permit, Permitted, of
			} else {
				v.Decision = Deny
			}
		}
		if apply(again, a.inputs()) != Unjudged || encode(again, a.inputs()) != Unjudged {
			continue
		}
		x.addOtherwise(again, trace, of.ID)
	}
}

// denials are the activities that denied an event which was denied in the end, in the order of their ladder.
func denials(j *Judgement) (all []*Activity) {
	for _, a := range j.Route.ladder {
		for e := range j.Verdicts {
			v := &j.Verdicts[e]
			if v.Decision != Permit && denies(j, v, a) && !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	}
	return all
}

// denies tells whether an activity is why an event was denied, or one of several that are.
func denies(j *Judgement, v *Verdict, a *Activity) bool {
	return v.Decision != Permit && slices.ContainsFunc(j.Rungs(v), func(r Rung) bool {
		return r.Activity == a && r.Decision == Deny
	})
}

// addOtherwise adds what a trace shows to the fields that it shows, each by its place among those of its name.
func (x *Explanation) addOtherwise(again *Judgement, trace *Trace, activity string) {
	type named struct {
		event int
		path  string
	}
	seen := map[named]int{}
	for i := range trace.Fields {
		f := &trace.Fields[i]
		to := &x.Shared
		switch {
		case f.Event == hit.Shared && x.Forward != nil:
			continue
		case f.Event == hit.Shared:
		case again.Verdicts[f.Event].Decision != Permit:
			continue
		default:
			to = &x.Events[f.Event].Fields
		}
		one := named{f.Event, f.Path}
		place := seen[one]
		seen[one]++
		for k := range *to {
			if of := &(*to)[k]; of.Path == f.Path {
				if place > 0 {
					place--
					continue
				}
				of.Otherwise = append(of.Otherwise, ExplainedOtherwise{activity, f.Action, f.After, f.Sent, f.Why, f.Rule})
				break
			}
		}
	}
}
