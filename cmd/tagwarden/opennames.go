package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// openClasses are the classes of what sites call as they like.
var openClasses = []string{"custom", "user_trait"}

// mostOpen is how many names are listed of what a line lets through.
const mostOpen = 12

// printOpen says which lines of profiles let through whatever a site calls as it likes, and what that is in the hits of
// the policy's own tests: only what its name says to be of a person is looked at further.
func printOpen(t *terminal, loaded *config.Loaded) {
	var passing map[string][]string
	for i := range loaded.Draft.Profiles {
		profile := &loaded.Draft.Profiles[i]
		for _, class := range openClasses {
			spec, listed := profile.Classes[class]
			if !listed || spec.Kind != minimise.Keep && spec.Kind != minimise.Scrub {
				continue
			}
			if passing == nil {
				passing = openNames(t, loaded)
			}
			seen := "no hit of policy/tests shows which"
			if names := passing[profile.ID+" "+class]; len(names) > 0 {
				more := ""
				if len(names) > mostOpen {
					names, more = names[:mostOpen], " ..."
				}
				seen = "of the hits in policy/tests: " + strings.Join(names, ", ") + more
			}
			printf(t.out, "note: %s: %s: %v lets every parameter through whose name says nothing of a person; %s: "+
				"name one by one, under fields:, those that you need, and take this line out\n",
				profile.Place("classes", class), class, spec.Kind, seen)
		}
	}
}

// openNames lists, by profile and class, what leaves of the hits of the policy's tests by the line about a class, with
// everything consented to.
func openNames(t *terminal, loaded *config.Loaded) map[string][]string {
	all := map[string]map[string]bool{}
	granted := &rules.Choices{Own: map[string]string{}}
	for _, p := range loaded.Purposes {
		for _, category := range p.Categories {
			granted.Own[category] = "granted"
		}
	}
	for i := range loaded.Tests {
		c, err := testCase(t, loaded, &loaded.Tests[i])
		if err != nil {
			continue // `tagwarden test` says what is wrong with it
		}
		c.Question.Signals, c.Question.Objections = loaded.Policy.SignalsOf(granted), nil
		x, err := loaded.Policy.Explain(&c.Question)
		if err != nil {
			continue
		}
		for k := range x.Events {
			e := &x.Events[k]
			at := slices.IndexFunc(loaded.Activities, func(a config.Activity) bool { return a.ID == e.Activity })
			if at < 0 {
				continue
			}
			a := &loaded.Activities[at]
			for _, f := range e.Fields {
				if _, named := loaded.Profiles[a.Profile].Fields[a.Vendor][f.Path]; named || !f.Sent {
					continue
				}
				key := a.Profile + " " + f.Class
				if all[key] == nil {
					all[key] = map[string]bool{}
				}
				all[key][a.Vendor+" "+f.Path] = true
			}
		}
	}
	list := map[string][]string{}
	for key, names := range all {
		list[key] = slices.Sorted(maps.Keys(names))
	}
	return list
}
