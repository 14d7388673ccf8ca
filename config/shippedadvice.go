package config

import (
	"io/fs"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// shippedAdvice are the texts of the shipped assessments that say what somebody did: what the data protection officer
// advised, and what shows that people expect it. They are examples, and true of nobody.
var shippedAdvice = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for _, folder := range []string{"example/policy", "examples/*/policy"} {
		names, err := fs.Glob(examples, folder+"/"+AssessmentsFolder+"/*.yaml")
		if err != nil {
			panic("BUG: the embedded examples cannot be listed: " + err.Error())
		}
		for _, name := range names {
			text, err := examples.ReadFile(name)
			if err != nil {
				panic("BUG: an embedded example cannot be read: " + err.Error())
			}
			var a basis.Assessment
			var ignored strict.Faults // its day of review is not filled in yet
			if doc := strict.Parse(name, text, &ignored); doc != nil {
				Decode(doc, &a, &ignored)
			}
			for _, said := range []basis.Text{a.DPOAdvice, a.Balancing.Evidence} {
				for _, text := range said {
					all[strings.Join(strings.Fields(text), " ")] = true
				}
			}
		}
	}
	return all
})

// isShippedAdvice tells whether a text is one of the shipped assessments', in any language.
func isShippedAdvice(of basis.Text) bool {
	for _, text := range of {
		if shippedAdvice()[strings.Join(strings.Fields(text), " ")] {
			return true
		}
	}
	return false
}
