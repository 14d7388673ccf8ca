package gtm

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Container is what of an export is read.
type Container struct {
	File      string
	ID        string   // "GTM-XXXX", as pages name it
	Name      string   // as people called it
	For       []string // "WEB", "SERVER" ...; as the export says
	Domains   []string // as people said it is for
	Servers   []string // of a server container: where it is reached
	Tags      []Tag
	Variables []Variable
	Templates []Template
	Zones     []Zone
	Clients   []Client
	Counts    Counts
}

// Counts are how many there are of what is not looked into.
type Counts struct {
	Triggers         int `json:"triggers"`
	BuiltInVariables int `json:"built_in_variables"`
	Folders          int `json:"folders"`
	Transformations  int `json:"transformations"`
	GoogleTagConfigs int `json:"google_tag_configs"`
}

// Tag is a tag of a container.
type Tag struct {
	ID, Name, Type string
	Paused         bool
	Consent        Consent
	Parameters     []Parameter
	Triggers       int // that fire it
	Before, After  []string
}

// Consent is what a tag says of consent ("additional consent checks").
type Consent struct {
	Status string   // not_set, not_needed, needed; "" where the export does not say
	Types  []string // that it needs: "ad_storage"
}

// Parameter is a setting of a tag or a variable. Values may hold "{{name of a variable}}".
type Parameter struct {
	Key, Value string
	List, Map  []Parameter
}

// Variable is one of the container's own.
type Variable struct {
	Name, Type string
	Parameters []Parameter
}

// Template is a custom template, of the gallery or the container's own.
type Template struct {
	ID, Container, Name string
	Repository          string // owner/name in the gallery; "" where it is not from there
	Gallery             string // its id in the gallery
	Data                string
}

// Zone is a part of the site where other containers run.
type Zone struct {
	Name       string
	Containers []string
}

// Client is what takes requests in a server container.
type Client struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Read reads an export (Admin, Export Container), version 2 of the format. Faults name their place in the file.
func Read(file string, from io.Reader) (*Container, error) {
	text, err := io.ReadAll(io.LimitReader(from, mostBytes+1))
	if err != nil {
		return nil, err
	}
	t, root, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	r := reader{tree: t}
	c := r.container(root)
	return c, r.err
}

// reader takes a tree apart; after a fault what it returns means nothing.
type reader struct {
	*tree
	err error
}

func (r *reader) wrong(at int, format string, args ...any) {
	if r.err == nil {
		r.err = r.fault(at, format, args...)
	}
}

// member is a member of an object, of the kind that it has to be of; nil where it is not there, or null.
func (r *reader) member(of *node, name string, kind byte) *node {
	if of == nil {
		return nil
	}
	m := of.of[name]
	if m == nil || m.kind == 'n' {
		return nil
	}
	if m.kind != kind {
		r.wrong(m.at, "%s: %s is expected here", name, map[byte]string{'{': "an object", '[': "a list", '"': "a text",
			't': "true or false"}[kind])
		return nil
	}
	return m
}

// text is a member that is a text; also a number, as ids are.
func (r *reader) text(of *node, name string) string {
	if of != nil && of.of[name] != nil && of.of[name].kind == '0' {
		return of.of[name].text
	}
	if m := r.member(of, name, '"'); m != nil {
		return m.text
	}
	return ""
}

// each calls f with each object of a list.
func (r *reader) each(of *node, name string, f func(*node)) int {
	list := r.member(of, name, '[')
	if list == nil {
		return 0
	}
	for i := range list.list {
		if item := &list.list[i]; item.kind == '{' {
			f(item)
		} else {
			r.wrong(item.at, "%s: an object is expected here", name)
		}
	}
	return len(list.list)
}

// texts are the elements of a list of texts.
func (r *reader) texts(of *node, name string) (all []string) {
	list := r.member(of, name, '[')
	for i := 0; list != nil && i < len(list.list); i++ {
		if item := &list.list[i]; item.kind == '"' || item.kind == '0' {
			all = append(all, item.text)
		} else {
			r.wrong(item.at, "%s: a text is expected here", name)
		}
	}
	return all
}

func (r *reader) container(root *node) *Container {
	c := &Container{File: r.name}
	if root.kind != '{' || root.of["containerVersion"] == nil {
		r.wrong(root.at, "this is no export of a Google Tag Manager container: containerVersion is missing (Admin, Export "+
			"Container)")
		return c
	}
	if version := root.of["exportFormatVersion"]; version != nil && version.text != "2" {
		r.wrong(version.at, "exportFormatVersion: this is a version that is not known: 2 is")
		return c
	}
	v := r.member(root, "containerVersion", '{')
	if v == nil {
		r.wrong(root.at, "containerVersion says nothing: export a version or a workspace")
		return c
	}
	about := r.member(v, "container", '{')
	c.ID, c.Name = r.text(about, "publicId"), r.text(about, "name")
	c.For, c.Domains = r.texts(about, "usageContext"), r.texts(about, "domainName")
	c.Servers = r.texts(about, "taggingServerUrls")
	r.each(v, "tag", func(n *node) { c.Tags = append(c.Tags, r.tag(n, len(c.Tags)+1)) })
	r.each(v, "variable", func(n *node) {
		c.Variables = append(c.Variables, Variable{r.text(n, "name"), r.text(n, "type"), r.parameters(n, "parameter")})
	})
	r.each(v, "customTemplate", func(n *node) { c.Templates = append(c.Templates, r.template(n)) })
	r.each(v, "zone", func(n *node) {
		z := Zone{Name: r.text(n, "name")}
		r.each(n, "childContainer", func(child *node) { z.Containers = append(z.Containers, r.text(child, "publicId")) })
		c.Zones = append(c.Zones, z)
	})
	r.each(v, "client", func(n *node) { c.Clients = append(c.Clients, Client{r.text(n, "name"), r.text(n, "type")}) })
	ignore := func(*node) {}
	c.Counts = Counts{
		Triggers: r.each(v, "trigger", ignore), BuiltInVariables: r.each(v, "builtInVariable", ignore),
		Folders:         r.each(v, "folder", ignore),
		Transformations: r.each(v, "transformation", ignore), GoogleTagConfigs: r.each(v, "gtagConfig", ignore),
	}
	return c
}

func (r *reader) tag(n *node, number int) Tag {
	tag := Tag{ID: r.text(n, "tagId"), Name: r.text(n, "name"), Type: r.text(n, "type"),
		Parameters: r.parameters(n, "parameter")}
	if tag.Name == "" {
		tag.Name = "tag " + strconv.Itoa(number)
	}
	if tag.Type == "" {
		r.wrong(n.at, "tag %s has no type: what it does cannot be told", shown(tag.Name))
	}
	if paused := r.member(n, "paused", 't'); paused != nil {
		tag.Paused = paused.yes
	}
	tag.Triggers = len(r.texts(n, "firingTriggerId"))
	named := func(of *node) string { return r.text(of, "tagName") }
	r.each(n, "setupTag", func(of *node) { tag.Before = append(tag.Before, named(of)) })
	r.each(n, "teardownTag", func(of *node) { tag.After = append(tag.After, named(of)) })
	tag.Consent = r.consent(r.member(n, "consentSettings", '{'))
	return tag
}

// consent reads what a tag says of consent: the interface writes NOT_SET and a parameter for the types, the API notSet
// and what others made of it a plain list.
func (r *reader) consent(n *node) Consent {
	if n == nil {
		return Consent{}
	}
	says := r.member(n, "consentStatus", '"')
	if says == nil {
		return Consent{}
	}
	var c Consent
	switch strings.ToLower(strings.ReplaceAll(says.text, "_", "")) {
	case "notset", "consentstatusunspecified":
		c.Status = "not_set"
	case "notneeded":
		c.Status = "not_needed"
	case "needed":
		c.Status = "needed"
	default:
		r.wrong(says.at, "consentStatus: this is a status that is not known: NOT_SET, NOT_NEEDED and NEEDED are")
	}
	types := n.of["consentType"]
	if types != nil && types.kind == '{' {
		types = r.member(types, "list", '[')
	}
	if types == nil || types.kind != '[' {
		return c
	}
	for i := range types.list {
		switch item := &types.list[i]; item.kind {
		case '"':
			c.Types = append(c.Types, item.text)
		case '{':
			c.Types = append(c.Types, r.text(item, "value"))
		}
	}
	return c
}

func (r *reader) template(n *node) Template {
	t := Template{ID: r.text(n, "templateId"), Container: r.text(n, "containerId"), Name: r.text(n, "name"),
		Data: r.text(n, "templateData")}
	if from := r.member(n, "galleryReference", '{'); from != nil {
		if owner, name := r.text(from, "owner"), r.text(from, "repository"); name != "" {
			t.Repository = owner + "/" + name
		}
		t.Gallery = r.text(from, "galleryTemplateId")
	}
	return t
}

func (r *reader) parameters(of *node, name string) (all []Parameter) {
	r.each(of, name, func(n *node) {
		all = append(all, Parameter{
			Key: r.text(n, "key"), Value: r.scalar(n, "value"), List: r.parameters(n, "list"), Map: r.parameters(n, "map"),
		})
	})
	return all
}

// scalar is a member that is a text, or true or false as others write it.
func (r *reader) scalar(of *node, name string) string {
	if m := of.of[name]; m != nil && m.kind == 't' {
		return strconv.FormatBool(m.yes)
	}
	return r.text(of, name)
}

// shown is a text of the container as people read it: in quotes, on one line, not too long,
// and nothing in it that cannot be seen.
func shown(text string) string {
	if runes := []rune(text); len(runes) > 100 {
		text = string(runes[:99]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
