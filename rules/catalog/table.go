package catalog

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/names"
)

// FieldInfo is a [Field] made ready: what the matcher says of a node.
type FieldInfo struct {
	Path     string // as the vendor file names it; "*" in it stands for names that nobody knows
	Class    hit.Class
	Required bool
	Open     []codec.Stack
	Format   string // without the word before it
	Exact    bool   // the vendor refuses ids of another form
	Family   string // whose SDKs' id it is; "": the vendor's own
	Also     []hit.Class
	Hashed   string
	Signal   string
	Stamp    hit.StampKind // what it says of its event beside its class
	Seals    bool
	Names    bool // what a site calls a member here counts
	Twin     string
	Says     hit.Class // of a field that only a policy speaks of: what its name says it is; Unknown where that is nothing

	as       hit.Class // what it is treated as beside its class (see Field.Also); Unknown where there is nothing
	whole    bool      // a value that cannot be opened is not sent
	said     bool      // what is inside by a name of the vendor's says nothing of who the visitor is, or chose
	opens    bool      // values may hold more
	word     hit.Word  // on which an identifier here is the visitor's
	label    bool      // it names what stands beside it (see Field.Pairs)
	nameRule int16     // the endpoint's rule that takes an event's name from here, or hit.None
}

// As is the class that it is treated as beside its own, whatever it holds; Unknown where there is none.
func (f *FieldInfo) As() hit.Class { return f.as }

// Opens tells whether a value of it may hold more, which is then treated by itself.
func (f *FieldInfo) Opens() bool { return f.opens }

// state is a place in a table of names. State 0 is where nothing is known.
type state struct {
	exact map[string]int32 // members by name
	likes []glob           // members by names with a wildcard, the longest first
	flat  map[string]int32 // keys of a form, whole
	globs []glob           // keys of a form with a wildcard, the longest first
	star  int32            // any other member
	elem  int32            // elements of an array
	field int32            // what a value here is, or hit.None
	inner int32            // where its inside starts, once opened
	deep  bool             // star of a path that ends here: everything below is the same field

	pair  string           // an element is named by this member, or "[]": by its first element
	pairs map[string]int32 // and then stands there, by its name
	other int32            // or there
	head  int32            // the first element, where that is another than elem

	schema  string           // this member names the schema of the one beside it
	schemas map[string]int32 // and then the object stands there, by the schema

	members, keys lookup // exact and flat, in their place once the vendor is compiled

	event  int16    // priority of the event location here, or hit.None
	deeper []string // members that would be better event locations
}

// glob is a key with one wildcard in it.
type glob struct {
	prefix, suffix string
	digits         bool // the wildcard stands for digits
	to             int32
}

func (g *glob) matches(key []byte) bool {
	if len(key) < len(g.prefix)+len(g.suffix) || string(key[:len(g.prefix)]) != g.prefix ||
		string(key[len(key)-len(g.suffix):]) != g.suffix {
		return false
	}
	middle := key[len(g.prefix) : len(key)-len(g.suffix)]
	return !g.digits || ascii.Digits(middle)
}

// builder makes the states of one vendor.
type builder struct {
	states   []state
	fields   []FieldInfo
	schemata []schemata
	names    *names.Table
}

func (b *builder) state() int32 {
	if len(b.states) == cap(b.states) { // doubled: they are large, and append alone copies them five times over
		b.states = slices.Grow(b.states, max(len(b.states), 64))
	}
	b.states = append(b.states, state{field: hit.None, event: hit.None})
	return int32(len(b.states) - 1)
}

// table adds the names below root. Names are added in order, so that the same file always gives the same numbers.
func (b *builder) table(root int32, fields map[string]Field, at string) error {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if err := b.add(root, name, fields[name], at); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) add(root int32, name string, f Field, at string) error {
	info, err := newFieldInfo(name, f)
	if err != nil {
		return fmt.Errorf("%s.%s: %w", at, name, err)
	}
	to, err := b.path(root, name)
	if err != nil {
		return fmt.Errorf("%s.%s: %w", at, name, err)
	}
	if b.states[to].field != hit.None {
		return fmt.Errorf("%s.%s: named twice", at, name)
	}
	if len(b.fields) == cap(b.fields) {
		b.fields = slices.Grow(b.fields, max(len(b.fields), 64))
	}
	b.fields = append(b.fields, info)
	b.states[to].field = int32(len(b.fields) - 1)
	if f.Schema != "" {
		if err := b.schemas(root, to, name, f, at+"."+name); err != nil {
			return err
		}
	}
	if f.Pairs != "" {
		return b.pairs(to, f, at+"."+name)
	}
	if len(f.Open) > 0 {
		b.fields[b.states[to].field].said = saysNobody(f)
		inner := b.state()
		b.states[to].inner = inner
		if err := b.table(inner, f.Fields, at+"."+name); err != nil {
			return err
		}
		if info.Class != hit.Container && b.states[inner].field == hit.None {
			within := info // what is inside is the same, and is not opened again
			within.Open, within.whole, within.Required = nil, false, false
			b.states[inner].field = int32(len(b.fields))
			b.fields = append(b.fields, within)
		}
	} else if len(f.Fields) > 0 {
		return b.table(to, f.Fields, at+"."+name)
	}
	return nil
}

// saysNobody tells whether no field inside identifies anybody, or says what a visitor chose, but for those of a site's
// own names.
func saysNobody(f Field) bool {
	for _, inside := range f.Fields {
		class, _ := hit.ParseClass(inside.Class)
		if class.Identifies() || len(inside.Also) > 0 || inside.Signal != "" || len(inside.Fields) > 0 {
			return false
		}
	}
	return true
}

// path makes the states that lead to a name, both as a path in JSON and as a whole key in a form.
func (b *builder) path(root int32, name string) (int32, error) {
	segments, err := split(name)
	if err != nil {
		return 0, err
	}
	at := root
	for i, s := range segments {
		at = b.child(at, s, i == len(segments)-1)
	}
	b.key(root, name, at)
	return at, nil
}

func (b *builder) child(at int32, segment string, last bool) int32 {
	switch segment {
	case "[]":
		if b.states[at].elem == 0 {
			next := b.state()
			b.states[at].elem = next
		}
		return b.states[at].elem
	case "*":
		if b.states[at].star == 0 {
			next := b.state()
			b.states[at].star = next
		}
		star := b.states[at].star
		if last {
			b.states[star].deep = true
		}
		return star
	default:
		if before, after, found := strings.Cut(segment, "*"); found && last {
			next := b.state()
			b.states[next].deep = true
			b.states[at].likes = sortedGlobs(append(b.states[at].likes, glob{prefix: before, suffix: after, to: next}))
			return next
		}
		if next, ok := b.states[at].exact[segment]; ok {
			return next
		}
		next := b.state()
		if b.states[at].exact == nil {
			b.states[at].exact = map[string]int32{}
		}
		b.states[at].exact[segment] = next
		return next
	}
}

// key makes the name known as the whole key of a form.
func (b *builder) key(root int32, name string, to int32) {
	s := &b.states[root]
	for _, wildcard := range []string{"{n}", "*"} {
		if before, after, found := strings.Cut(name, wildcard); found {
			s.globs = sortedGlobs(append(s.globs, glob{prefix: before, suffix: after, digits: wildcard == "{n}", to: to}))
			return
		}
	}
	if s.flat == nil {
		s.flat = map[string]int32{}
	}
	s.flat[name] = to
}

// sortedGlobs puts the longest first.
func sortedGlobs(globs []glob) []glob {
	sort.SliceStable(globs, func(i, j int) bool {
		x, y := &globs[i], &globs[j]
		return len(x.prefix)+len(x.suffix) > len(y.prefix)+len(y.suffix)
	})
	return globs
}

// split takes a path apart: "data[].data.*" is data, [], data, *.
func split(name string) ([]string, error) {
	var segments []string
	for part := range strings.SplitSeq(name, ".") {
		arrays := 0
		for strings.HasSuffix(part, "[]") {
			part = strings.TrimSuffix(part, "[]")
			arrays++
		}
		if part != "" {
			segments = append(segments, part)
		} else if arrays == 0 {
			return nil, fmt.Errorf("%q is no path: a member between dots has no name", name)
		}
		for range arrays {
			segments = append(segments, "[]")
		}
	}
	return segments, nil
}

// ofSites are the classes of what sites make up: also where the vendor gives the field a name, what is in it may have
// names of the site's.
var ofSites = []string{hit.Custom.String(), hit.UserTrait.String(), hit.Product.String()}

func newFieldInfo(name string, f Field) (FieldInfo, error) {
	info := FieldInfo{
		Path: name, Required: f.Required, Family: f.Family, Hashed: f.Hashed, Signal: f.Signal, Seals: f.Seals,
		Twin: f.Twin, nameRule: hit.None,
	}
	open := strings.Contains(name, "*") || slices.Contains(ofSites, f.Class)
	info.Names = f.Names == nil && open || f.Names != nil && *f.Names
	class, ok := hit.ParseClass(f.Class)
	if !ok {
		return info, fmt.Errorf("%q is no class", f.Class)
	}
	info.Class = class
	if info.Stamp, ok = hit.ParseStamp(f.Stamp); !ok && f.Stamp != "" {
		return info, fmt.Errorf("stamp: %q is none: time, sent, ms_ago, s_ago, id and none are", f.Stamp)
	}
	if class == hit.EventID && f.Stamp == "" && !strings.Contains(name, "*") {
		info.Stamp = hit.OwnID
	}
	info.Format, info.Exact = Format(f.Format)
	if f.Family != "" && !idPattern.MatchString(f.Family) {
		return info, fmt.Errorf("family: %q is no id of a catalog entry", f.Family)
	}
	switch f.Hashed {
	case "", "sha256", "md5", UserData:
	default:
		return info, fmt.Errorf("hashed: %q is no way to hash: sha256, md5 and %s are", f.Hashed, UserData)
	}
	for _, also := range f.Also {
		c, ok := hit.ParseClass(also)
		if !ok {
			return info, fmt.Errorf("%q is no class", also)
		}
		switch {
		case c.Identifies():
			info.Also = append(info.Also, c)
		case info.as == hit.Unknown:
			info.as = c
		default:
			return info, fmt.Errorf("also: %q is one too many beside %v: one class that is no identifier's is right",
				also, info.as)
		}
	}
	stacks, err := parseStacks(f.Open)
	info.Open = stacks
	for i := range stacks {
		info.whole = info.whole || stacks[i].Format == codec.Item || stacks[i].Format == codec.Chain
	}
	return info, err
}

// Format takes the word off a format that says what becomes of ids of another form.
func Format(text string) (name string, exact bool) {
	if name, exact = strings.CutPrefix(text, "exact "); exact {
		return name, true
	}
	return strings.TrimPrefix(text, "open "), false
}

func parseStacks(texts []string) ([]codec.Stack, error) {
	stacks := make([]codec.Stack, 0, len(texts))
	for _, text := range texts {
		s, err := codec.ParseStack(text)
		if err != nil {
			return nil, err
		}
		stacks = append(stacks, s)
	}
	return stacks, nil
}

// inherit settles what holds for members and elements that no name covers, from root down: what "*" says at the nearest
// place above; below a field that is no container, the field itself.
func (b *builder) inherit(at, star int32, seen []bool) {
	if seen[at] {
		return
	}
	seen[at] = true
	s := &b.states[at]
	own := star
	if s.star != 0 {
		own = s.star
	} else if s.deep || s.field != hit.None && b.fields[s.field].Class != hit.Container {
		own = at
	}
	s.star = own
	if s.elem == 0 {
		s.elem = own
	}
	if s.inner != 0 {
		below := int32(0)
		if s.field != hit.None && b.fields[s.field].Class != hit.Container {
			below = s.inner
		}
		b.inherit(s.inner, below, seen)
	}
	for _, next := range s.exact {
		b.inherit(next, own, seen)
	}
	for _, next := range s.flat {
		b.inherit(next, own, seen)
	}
	for i := range s.likes {
		b.inherit(s.likes[i].to, own, seen)
	}
	for _, next := range s.pairs {
		b.inherit(next, 0, seen)
	}
	for _, next := range s.schemas {
		b.inherit(next, own, seen)
	}
	b.inherit(s.head, 0, seen)
	b.inherit(s.other, 0, seen)
	b.inherit(s.elem, own, seen)
	b.inherit(s.star, own, seen)
}
