package minimise

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Parameter is what an action lets through of the parameters of an address.
type Parameter struct {
	Class  hit.Class
	Action *Action // what is done to their values
}

// parameterActions are keep and scrub for each class of parameters that an address may carry on, in the order of the
// classes. It never changes.
var parameterActions = func() (all []struct {
	name           string
	class          hit.Class
	kept, scrubbed *Action
}) {
	for _, name := range ParameterClasses() {
		class, known := hit.ParseClass(name)
		if !known {
			panic("BUG: parameters.yaml: " + name + " is no class")
		}
		kept, err := Compile(Spec{Kind: Keep}, class)
		if err != nil {
			panic("BUG: parameters.yaml: " + err.Error())
		}
		scrubbed, err := Compile(Spec{Kind: Scrub}, class)
		if err != nil || parameters[name].passing == passesOnConsent { // the url minimiser leaves a click id as it is
			scrubbed = kept
		}
		all = append(all, struct {
			name           string
			class          hit.Class
			kept, scrubbed *Action
		}{name, class, kept, scrubbed})
	}
	return all
}()

// Parameters lists what the action may let through of the parameters of an address that stands in a value, of those
// whose class their name says: campaign, click_id, search_term. Whatever makes no difference between the parts of an
// address lets all of them through that the rest of it does.
func (a *Action) Parameters() (all []Parameter) {
	switch {
	case a == nil:
		return nil
	case a.inside:
		return a.within.Parameters()
	case a.kind == URL:
	case a.class != hit.URL && a.class != hit.Referrer:
		return nil
	case a.kind != Keep && a.kind != Scrub && a.kind != Truncate && a.kind != Rare:
		return nil
	}
	for i := range parameterActions {
		of := &parameterActions[i]
		does := a
		switch a.kind {
		case URL:
			if len(a.spec.URL.PassesParameters(of.name)) == 0 {
				continue
			}
			does = of.scrubbed
		case Keep:
			does = of.kept
		case Scrub:
			does = of.scrubbed
		default: // as the rest of the address
		}
		all = append(all, Parameter{of.class, does})
	}
	return all
}

// ParametersIn lists of which classes the parameters of addresses are that stand in a text.
func ParametersIn(text []byte) (all []hit.Class) {
	for i := range parameterActions {
		of := &parameterActions[i]
		rest := text
		for {
			at := bytes.IndexAny(rest, "?&;")
			if at < 0 {
				break
			}
			rest = rest[at+1:]
			name := rest
			if end := bytes.IndexAny(rest, "=?&;# \t\r\n\""); end >= 0 {
				name = rest[:end]
			}
			name = appendUnescaped(nil, name, true)
			for j, c := range name {
				name[j] = ascii.Lower(c)
			}
			if parameters[of.name].has(name) && !slices.Contains(all, of.class) {
				all = append(all, of.class)
			}
		}
	}
	return all
}
