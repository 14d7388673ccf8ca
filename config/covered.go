package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// uncovered are the keys of purposes, activities and vendor files that an approval does not cover, by the type that has
// them, each with why. Every other key is covered, also one that is new: an edit of it voids the approval.
var uncovered = map[reflect.Type]map[string]string{
	reflect.TypeFor[Purpose](): {
		"title":       "covered as a text for people, in which white space is white space",
		"description": "covered as a text for people, in which white space is white space",
	},
	reflect.TypeFor[Activity](): {
		"id":              "its name in records; an activity more or less is covered",
		"basis":           "what rests on an assessment has legitimate_interest, or the policy does not load",
		"assessment":      "it says which approval covers the activity",
		"explicit":        "for consent alone, or the policy does not load",
		"consent_max_age": "for consent alone, or the policy does not load",
		"reference":       "for other bases; it permits nothing on an assessment",
		"profile":         "the assessment's data: bounds what any profile may do, or the policy does not load",
		"retention":       "the assessment's own holds, and is covered",
		"attested":        "what people answer for of the vendor's settings: it permits nothing",
		"device": "it tells what the page's script keeps in browsers and permits nothing: the assessment's data: " +
			"bounds what leaves",
		"required": "told to visitors; it permits nothing",
		"transfer": "what makes a transfer lawful, for the record: where data go is covered by the recipients' hosts",
	},
	reflect.TypeFor[catalog.File](): {
		"name":        "for people",
		"entity":      "who is behind the hosts, for people: where data go is covered by those",
		"policy_url":  "for people",
		"arrangement": "for people",
		"sources":     "for people",
		"snippets":    "for people",
		"hosts":       "where data go is covered as the server file and this one have it together",
		"regions":     "where data go is covered as the server file and this one have it together",
		"areas":       "what is there is answered, and goes nowhere",
		"idempotency": "whether the same bytes may be sent a second time",
		"ordered":     "when they are sent",
		"stores": "it tells what the page's script keeps in browsers; what leaves is covered by fields, headers and " +
			"carry",
	},
	reflect.TypeFor[catalog.Field]():        {"about": "for people"},
	reflect.TypeFor[catalog.VariableFile](): {"about": "for people"},
	reflect.TypeFor[catalog.EndpointFile](): {
		"about":   "for people",
		"answer":  "what the visitor's browser is told",
		"denied":  "what the visitor's browser is told",
		"instead": "what the visitor's browser is told",
		"relay":   "what the visitor's browser is told",
		"indices": "what the visitor's browser is told",
		"taken":   "what is made of the vendor's answer",
		"limits":  "what is longer is refused",
	},
}

// unordered are the lists of vendor files that are sets. In purposes and activities all are.
var unordered = map[reflect.Type][]string{
	reflect.TypeFor[catalog.TCF]():          {"consent", "li", "flexible"},
	reflect.TypeFor[catalog.Field]():        {"also"},
	reflect.TypeFor[catalog.EndpointFile](): {"methods", "paths", "required"},
}

// factsOf lists what an approval covers of a purpose, an activity or a vendor file.
func factsOf(of any) basis.Facts {
	facts := basis.Facts{}
	gather(facts, "", reflect.ValueOf(of))
	return facts
}

// gather adds what a value says, below a key. What says nothing (an empty text, no, 0) is as if it were not there, so
// that a key which is new later changes nothing where nobody writes it.
func gather(facts basis.Facts, key string, v reflect.Value) {
	if v.IsZero() {
		return
	}
	if text, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
		out, err := text.MarshalText()
		if err != nil {
			panic("BUG: a value that was read cannot be written: " + err.Error())
		}
		facts[key] = []string{string(out)}
		return
	}
	if text, ok := reflect.TypeAssert[Text](v); ok && len(text) == 1 && text[""] != "" {
		facts[key] = []string{text[""]} // as it was, and was approved, before texts had languages
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if facts[key] = nil; v.Elem().Kind() != reflect.Struct {
			facts[key] = []string{fmt.Sprint(v.Elem().Interface())} // no is something else than nothing
			return
		}
		gather(facts, key, v.Elem())
	case reflect.Struct:
		gatherKeys(facts, key, v)
	case reflect.Map:
		for _, name := range slices.SortedFunc(slices.Values(v.MapKeys()), compareKeys) {
			below := join(key, name.String())
			facts[below] = nil // it is there, whatever it says
			gather(facts, below, v.MapIndex(name))
		}
	case reflect.Slice:
		gatherList(facts, key, v)
	default:
		facts[key] = []string{fmt.Sprint(v.Interface())}
	}
}

func compareKeys(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }

// gatherKeys adds the keys of a mapping.
func gatherKeys(facts basis.Facts, key string, v reflect.Value) {
	for _, inner := range FieldsOf(v.Type()) {
		if _, not := uncovered[v.Type()][inner.Name]; not {
			continue
		}
		below := join(key, inner.Name)
		gather(facts, below, v.Field(inner.Index))
		ordered := v.Type().PkgPath() == catalogPackage && !slices.Contains(unordered[v.Type()], inner.Name)
		if list := facts[below]; list != nil && !ordered {
			slices.Sort(list)
			facts[below] = slices.Compact(list)
		}
	}
}

// gatherList adds a list: the values of one of texts or numbers, of one of mappings each by its number.
func gatherList(facts basis.Facts, key string, v reflect.Value) {
	values := []string{}
	for i := range v.Len() {
		switch element := v.Index(i); element.Kind() {
		case reflect.Struct, reflect.Map, reflect.Slice, reflect.Pointer:
			below := join(key, strconv.Itoa(i))
			facts[below] = nil
			gather(facts, below, element)
		default:
			values = append(values, fmt.Sprint(element.Interface()))
		}
	}
	if facts[key] = nil; len(values) > 0 {
		facts[key] = values
	}
}

// join names a key inside another. A name that could be read as several is put in quotes.
func join(key, name string) string {
	if strings.ContainsAny(name, `."\`) || name == "" || strings.TrimSpace(name) != name {
		name = strconv.Quote(name)
	}
	if key == "" {
		return name
	}
	return key + "." + name
}

// Surroundings is what assessments refer to, what rests on them, and what is approved with them.
func (l *Loaded) Surroundings() basis.Surroundings {
	around := basis.Surroundings{
		Purposes: map[string]basis.PurposeTexts{}, Hosts: map[string][]string{},
		Flags: map[string]basis.Facts{}, Recipients: map[string]basis.Facts{},
		Activities: map[string]map[string]basis.Facts{}, Controller: l.Server.Controller.Name,
	}
	for id, purpose := range l.Purposes {
		around.Purposes[id] = basis.PurposeTexts{Title: purpose.Title, Description: purpose.Description}
		around.Flags[id] = factsOf(purpose)
	}
	for id, vendor := range l.Server.Vendors {
		if file := l.vendors[id]; file != nil {
			around.Hosts[id] = hostsOf(vendor, file)
			around.Recipients[id] = recipientFacts(vendor, file)
		}
	}
	for i := range l.Activities {
		if a := &l.Activities[i]; a.Assessment != "" {
			if around.Activities[a.Assessment] == nil {
				around.Activities[a.Assessment] = map[string]basis.Facts{}
			}
			facts := activityFacts(*a)
			if chosen := l.Regions["CH"]; chosen != "" && l.mayBeIn(a, "CH") {
				facts["regime.CH"] = []string{chosen}
			}
			around.Activities[a.Assessment][a.ID] = facts
		}
	}
	return around
}

// activityFacts are those of an activity; white space around its condition is none of that.
func activityFacts(a Activity) basis.Facts {
	a.When = strings.TrimSpace(a.When)
	return factsOf(a)
}

// recipientFacts are of a vendor file of one's own what it says, of the catalog's which one it is: those come with the
// product, and are reviewed with it. What the server file says of its role is a fact where that is more than nothing
// was said for: that it uses the data for itself, or works for the controller alone though its file says otherwise.
func recipientFacts(vendor Vendor, file *catalog.File) basis.Facts {
	facts := basis.Facts{"id": {file.ID}}
	if _, builtin := catalog.BuiltinText(file.ID); !builtin {
		facts = factsOf(*file)
		if file.Role == catalog.RoleProcessor { // as it was written, and approved, before
			delete(facts, "role")
			facts["processor"] = []string{"true"}
		}
	}
	of := file.EffectiveRole()
	if vendor.Role != "" && vendor.Role != of && (vendor.Role != catalog.RoleProcessor || of != "") {
		facts["server.role"] = []string{vendor.Role}
	}
	return facts
}

// aroundOf are the surroundings of one assessment alone.
func aroundOf(a *basis.Assessment, all basis.Surroundings) basis.Surroundings {
	others := func(ids []string) func(id string, _ basis.Facts) bool {
		return func(id string, _ basis.Facts) bool { return !slices.Contains(ids, id) }
	}
	own := basis.Surroundings{
		Purposes: map[string]basis.PurposeTexts{}, Hosts: map[string][]string{},
		Flags: maps.Clone(all.Flags), Recipients: maps.Clone(all.Recipients),
		Activities: map[string]map[string]basis.Facts{a.ID: all.Activities[a.ID]}, Controller: all.Controller,
	}
	maps.DeleteFunc(own.Flags, others(a.Purposes))
	maps.DeleteFunc(own.Recipients, others(a.Recipients))
	for _, id := range a.Purposes {
		own.Purposes[id] = all.Purposes[id]
	}
	for _, id := range a.Recipients {
		own.Hosts[id] = all.Hosts[id]
	}
	return own
}
