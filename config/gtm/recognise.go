package gtm

import (
	"regexp"
	"slices"
	"strings"
)

// sight is what was seen of a tag.
type sight struct {
	products []*product
	how      string   // the way in which the tag sends: type, script, image, template
	company  string   // whose the type is, where no product is known
	template string   // the name of its template
	hosts    []string // that it names, and that are nobody's here
	server   string   // the host of a server of the site's own
	loads    bool     // it sends or loads something
	ids      []string // of accounts at Google: "G-XXXX"
}

// The ways in which a tag sends.
const (
	byType     = "type"     // one of Tag Manager's own
	byScript   = "script"   // Custom HTML
	byImage    = "image"    // Custom Image
	byTemplate = "template" // a custom template
)

// eye looks at the tags of a container.
type eye struct {
	c         *Container
	constants map[string]string // by name
}

func newEye(c *Container) *eye {
	e := &eye{c: c, constants: map[string]string{}}
	for i := range c.Variables {
		if v := &c.Variables[i]; v.Type == "c" {
			e.constants[v.Name] = value(v.Parameters, "value")
		}
	}
	return e
}

// value is what a parameter of that name says.
func value(of []Parameter, key string) string {
	for i := range of {
		if of[i].Key == key {
			return of[i].Value
		}
	}
	return ""
}

// filled puts constants of the container in place of their names, once: a constant does not name another.
func (e *eye) filled(text string) string {
	return variable().ReplaceAllStringFunc(text, func(name string) string {
		if is, known := e.constants[strings.TrimSpace(strings.Trim(name, "{}"))]; known {
			return is
		}
		return name
	})
}

// texts are all texts of parameters, one after the other.
func (e *eye) texts(of []Parameter, into *strings.Builder) {
	for i := range of {
		into.WriteString(e.filled(of[i].Value) + "\n")
		e.texts(of[i].List, into)
		e.texts(of[i].Map, into)
	}
}

// namedBy are the hosts that a tag's settings name.
func (e *eye) namedBy(tag *Tag) []string {
	var all strings.Builder
	e.texts(tag.Parameters, &all)
	return hostsOf(all.String())
}

// accountID is the number of an account at Google, as pages show it.
var accountID = regexp.MustCompile(`^(?:G|GT|AW|DC|UA)-[A-Z0-9-]{4,20}$`)

// look looks at a tag.
func (e *eye) look(tag *Tag) *sight {
	s := &sight{how: byType}
	switch {
	case tag.Type == "html":
		e.lookAtScript(s, value(tag.Parameters, "html"))
	case tag.Type == "img":
		s.how, s.loads = byImage, true
		s.products, s.server, s.hosts = inScript(e.filled(value(tag.Parameters, "url")))
	case strings.HasPrefix(tag.Type, "cvt_"):
		e.lookAtTemplate(s, tag)
	default:
		e.lookAtType(s, tag)
	}
	return s
}

func (e *eye) lookAtScript(s *sight, script string) {
	script = e.filled(script)
	s.how, s.loads = byScript, sends().MatchString(script)
	s.products, s.server, s.hosts = inScript(script)
}

func (e *eye) lookAtType(s *sight, tag *Tag) {
	s.loads = quiet[tag.Type] == ""
	for _, key := range []string{"tagId", "measurementId", "measurementIdOverride", "trackingId", "conversionId"} {
		if id := e.filled(value(tag.Parameters, key)); accountID.MatchString(id) {
			s.ids = append(s.ids, id)
		}
	}
	name := types[tag.Type]
	if name == "Google Analytics 4" && len(s.ids) > 0 {
		switch kind, _, _ := strings.Cut(s.ids[0], "-"); kind {
		case "AW":
			name = "Google Ads"
		case "DC":
			name = "Floodlight"
		}
	}
	if i := slices.IndexFunc(products, func(p product) bool { return p.name == name }); i >= 0 {
		s.products = []*product{&products[i]}
		return
	}
	s.company = name
	var all strings.Builder
	e.texts(tag.Parameters, &all)
	s.hosts = hostsOf(all.String())
}

// The parts of a template: what comes behind the code is tests and notes.
var (
	codeOfTemplate = regexp.MustCompile(
		`(?s)___SANDBOXED_JS_FOR_(?:WEB_TEMPLATE|SERVER)___(.*?)(?:___TESTS___|___NOTES___|\z)`)
	notNumber = regexp.MustCompile(`\D`)
)

// templateOf is the template of a tag. Types are cvt_CONTAINER_TEMPLATE, or cvt_ and the id in the gallery.
func (e *eye) templateOf(tag *Tag) *Template {
	for i := range e.c.Templates {
		t := &e.c.Templates[i]
		if tag.Type == "cvt_"+t.Container+"_"+t.ID || t.Gallery != "" && tag.Type == "cvt_"+t.Gallery {
			return t
		}
	}
	last := tag.Type[strings.LastIndexByte(tag.Type, '_')+1:]
	for i := range e.c.Templates { // the number of the container is another's where a template came with an import
		if t := &e.c.Templates[i]; t.ID != "" && t.ID == last && !notNumber.MatchString(last) {
			return t
		}
	}
	return nil
}

// lookAtTemplate goes by what a template is called, then by what its code and the tag's settings name.
func (e *eye) lookAtTemplate(s *sight, tag *Tag) {
	s.how, s.loads = byTemplate, true
	var all strings.Builder
	e.texts(tag.Parameters, &all)
	t := e.templateOf(tag)
	if t == nil {
		s.hosts = hostsOf(all.String())
		return
	}
	s.template = t.Name
	code := ""
	if found := codeOfTemplate.FindStringSubmatch(t.Data); found != nil {
		code = found[1]
	}
	called := strings.ToLower(t.Name + " " + t.Repository)
	for i := range products {
		if p := &products[i]; p.called != nil && p.called().MatchString(called) {
			s.products = append(s.products, p)
			break
		}
	}
	if len(s.products) > 0 {
		if hosts := hostsOf(all.String()); s.products[0].own && len(hosts) > 0 {
			s.server = hosts[0]
		}
		return
	}
	s.products, s.server, s.hosts = inScript(code + "\n" + all.String())
	s.loads = len(s.hosts) > 0 || sends().MatchString(code)
}

// parameterName is the name of a parameter of an event, as Google Analytics takes it.
var parameterName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]{0,39}$`)

// mostSets is how many names of parameters are reported of a vendor.
const mostSets = 60

// parametersOf adds the names of parameters that a tag of Google Analytics gives its events, each once, sorted: its
// own, and those of the variable of settings that it names.
func (e *eye) parametersOf(tag *Tag, all []string) []string {
	add := func(of []Parameter) {
		for i := range of {
			if of[i].Key != "eventSettingsTable" && of[i].Key != "eventParameters" {
				continue
			}
			for _, row := range of[i].List {
				name := value(row.Map, "parameter") + value(row.Map, "name")
				if parameterName.MatchString(name) && len(all) < mostSets && !slices.Contains(all, name) {
					all = append(all, name)
				}
			}
		}
	}
	add(tag.Parameters)
	if settings := strings.TrimSpace(strings.Trim(value(tag.Parameters, "eventSettingsVariable"), "{}")); settings != "" {
		for i := range e.c.Variables {
			if e.c.Variables[i].Name == settings {
				add(e.c.Variables[i].Parameters)
			}
		}
	}
	slices.Sort(all)
	return all
}
