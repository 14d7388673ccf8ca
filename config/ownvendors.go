package config

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// ownVendor looks at what a vendor file of the user's says of ids, where it says it: what it takes to know other
// entries, the file by itself does not show.
type ownVendor struct {
	*reading
	doc  *strict.Document
	file *catalog.File
}

// check looks at each field and cookie.
func (c ownVendor) check() {
	for reader, text := range c.file.Entity {
		c.invalid(c.doc, strict.Path("entity", reader), entityFault(text))
	}
	c.invalid(c.doc, strict.Path("policy_url"), webFault(c.file.PolicyURL))
	c.invalid(c.doc, strict.Path("arrangement"), webFault(c.file.Arrangement))
	if c.file.Processor && c.file.Role != "" && c.file.Role != catalog.RoleProcessor {
		c.faults.Key(c.doc, strict.Path("processor"), "processor: true and role: %s cannot both be: keep role", c.file.Role)
	}
	c.fields(strict.Path("fields"), c.file.Fields)
	c.fields(strict.Path("request"), c.file.Request)
	for i := range c.file.Endpoints {
		c.fields(strict.Path("endpoints", i, "fields"), c.file.Endpoints[i].Fields)
		c.fields(strict.Path("endpoints", i, "request"), c.file.Endpoints[i].Request)
	}
	for i := range c.file.Stores {
		if text := c.file.Stores[i].Period; text != "" {
			if err := new(Lifetime).UnmarshalText([]byte(text)); err != nil {
				c.faults.At(c.doc, strict.Path("stores", i, "period"), "%s", err)
			}
		}
	}
	for i := range c.file.Cookies {
		cookie := &c.file.Cookies[i]
		c.id(strict.Path("cookies", i), cookie.Format, cookie.Family)
	}
}

func (c ownVendor) fields(at []any, fields map[string]catalog.Field) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f, here := fields[name], append(slices.Clip(at), name)
		c.id(here, f.Format, f.Family)
		c.twin(append(slices.Clip(here), "twin"), f.Twin, f.Class)
		if len(f.Fields) > 0 && len(f.Open) == 0 && f.Pairs == "" && c.file.Flat() {
			c.faults.At(c.doc, append(slices.Clip(here), "fields"),
				"a text is not opened unless it is said how: add open, or take them out")
		}
		c.fields(append(slices.Clip(here), "fields"), f.Fields)
		c.fields(append(slices.Clip(here), "beside"), f.Beside)
		for _, schema := range slices.Sorted(maps.Keys(f.Schemas)) {
			c.fields(append(slices.Clip(here), "schemas", schema), f.Schemas[schema])
		}
	}
}

// id looks at the format of an id, and at whose it is.
func (c ownVendor) id(at []any, format, family string) {
	if err := rules.CheckFormat(format); err != nil {
		c.faults.At(c.doc, append(slices.Clip(at), "format"), "%s", err)
	}
	if family == "" || family == "device" {
		return
	}
	if file, known := c.catalogs.find(family); !known || file != nil && file.Kin() != family {
		c.faults.At(c.doc, append(slices.Clip(at), "family"),
			"%q is no catalog entry that is of its own family, nor \"device\"%s", strict.Shortened(family),
			strict.Suggestion(family, catalog.BuiltinIDs()))
	}
}

// twin looks at whose events have the same ids.
func (c ownVendor) twin(at []any, twin, class string) {
	if twin == "" {
		return
	}
	other, known := c.catalogs.find(twin)
	switch {
	case class != hit.EventID.String():
		c.faults.At(c.doc, at, "only an id of an event has a twin: class: %s is right, or take the line out", hit.EventID)
	case !known:
		c.faults.At(c.doc, at, "%q is no catalog entry%s", strict.Shortened(twin),
			strict.Suggestion(twin, catalog.BuiltinIDs()))
	case twin == c.file.ID:
		c.faults.At(c.doc, at, "an entry is no twin of its own: name the one whose events have the same ids")
	case other != nil && !hasEventID(other):
		c.faults.At(c.doc, at, "%s has no id of events that could be the same: take the line out", twin)
	}
}

// hasEventID tells whether events of an entry have an id.
func hasEventID(file *catalog.File) bool {
	vendor, err := catalog.Compile(file, nil, nil)
	return err != nil || slices.ContainsFunc(vendor.Fields, func(f catalog.FieldInfo) bool {
		return f.Class == hit.EventID
	})
}
