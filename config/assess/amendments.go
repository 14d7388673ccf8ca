package assess

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Amendment is something that an assessment says otherwise than it did when it was signed.
type Amendment struct {
	// "necessity.why", "data.url", "purpose audience.title.en", "recipient matomo.hosts"
	What          string `json:"what"`
	Before, After string // "" where it was, or is, not there
}

// Amendments tells what changed in the meaning of an assessment since a version of it was signed.
func Amendments(l *config.Loaded, id string, since *Version) []Amendment {
	around := l.Surroundings()
	if since.Form == 1 { // what it did not cover is not known
		around.Flags, around.Recipients, around.Activities = nil, nil, nil
	}
	if since.Controller == "" {
		around.Controller = ""
	}
	before := meaningOf(since.Document, since.Around)
	after := meaningOf(l.Assessments[id].Document, around)
	var all []Amendment
	for _, fact := range before {
		if now := after.of(fact.what); now != fact.says {
			all = append(all, Amendment{fact.what, fact.says, now})
		}
	}
	for _, fact := range after {
		if before.of(fact.what) == "" && fact.says != "" {
			all = append(all, Amendment{fact.what, "", fact.says})
		}
	}
	return all
}

type fact struct{ what, says string }

type facts []fact

func (f facts) of(what string) string {
	for i := range f {
		if f[i].what == what {
			return f[i].says
		}
	}
	return ""
}

// meaningOf lists what Digest covers, by name.
func meaningOf(a *basis.Assessment, around basis.Surroundings) facts {
	var all facts
	all.add("", reflect.ValueOf(*a))
	all = slices.DeleteFunc(all, func(f fact) bool { return f.what == "approval" })
	if around.Controller != "" {
		all = append(all, fact{"controller", oneLine(around.Controller)})
	}
	for _, id := range slices.Sorted(slices.Values(a.Purposes)) {
		all.add("purpose "+id+".title", reflect.ValueOf(around.Purposes[id].Title))
		all.add("purpose "+id+".description", reflect.ValueOf(around.Purposes[id].Description))
		all.covered("purpose "+id, around.Flags[id])
	}
	for _, id := range slices.Sorted(slices.Values(a.Recipients)) {
		all.add("recipient "+id+".hosts", reflect.ValueOf(around.Hosts[id]))
		all.covered("recipient "+id, around.Recipients[id])
	}
	for _, id := range slices.Sorted(maps.Keys(around.Activities[a.ID])) {
		all.covered("activity "+id, around.Activities[a.ID][id])
	}
	return all
}

// covered adds what a thing of the policy says. A key without a value is there all the same.
func (f *facts) covered(what string, of basis.Facts) {
	for _, key := range slices.Sorted(maps.Keys(of)) {
		says := strings.Join(of[key], ", ")
		if len(of[key]) == 0 {
			says = "given"
		}
		*f = append(*f, fact{what + "." + key, says})
	}
}

// add walks a value down to its leaves.
func (f *facts) add(what string, v reflect.Value) {
	below := func(name string) string { return strings.Trim(what+"."+name, ".") }
	if text, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
		out, _ := text.MarshalText() // of days and periods: they never fail
		*f = append(*f, fact{what, string(out)})
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, inner := range config.FieldsOf(v.Type()) {
			f.add(below(inner.Name), v.Field(inner.Index))
		}
	case reflect.Map:
		by := v.Convert(reflect.TypeFor[map[string]string]()).Interface().(map[string]string)
		for _, key := range slices.Sorted(maps.Keys(by)) {
			*f = append(*f, fact{below(key), oneLine(by[key])})
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.String { // a list in which the order says something
			for i := range v.Len() {
				f.add(below(strconv.Itoa(i+1)), v.Index(i))
			}
			return
		}
		*f = append(*f, fact{what, strings.Join(slices.Sorted(slices.Values(v.Interface().([]string))), ", ")})
	default:
		*f = append(*f, fact{what, oneLine(fmt.Sprint(v.Interface()))})
	}
}

// oneLine is a text as the digest sees it.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
