package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// MergeFile says how events of several hits travel in one request. Whatever else of their requests (host, method, path,
// query, headers, what stands beside the list) is then alike, byte for byte: events that differ in it travel apart.
type MergeFile struct {
	// id of the endpoint that takes them together, where this one takes one at a time; how, how
	// many, and what it answers is said there
	Into string `yaml:"into"`
	// how an event stands in a request of its own, and first how several do: "body.batch" as the one element of that list,
	// "body[]" likewise where the body is the list, "body" as the body; "form.data" as JSON in that field of a form, in a
	// list or not, "form.data base64" with that around it; "form" and "query" as the form or the query itself
	From []string `yaml:"from"`
	// members of an event that stand beside the list as well, where several do; alike in all of them
	Shared []string `yaml:"shared"`
	Same   []string `yaml:"same"`  // members, by path, that are alike in all events of a request
	Alone  []string `yaml:"alone"` // members, by path: an event that has one travels alone
	// what members say as the path does: an event of which they do not travels alone
	Is    map[string]string `yaml:"is"`
	Texts bool              `yaml:"texts"` // events are texts in the list: queries, "?idsite=1&..."
	Type  string            `yaml:"type"`  // content type of several, where it is not that of each
	// a parameter of the query that says gzip-js of a body that is packed: several are not, and go without it
	Packed string          `yaml:"packed"`
	Events int             `yaml:"events"` // most events in one request, 2 to 10000
	Bytes  Size            `yaml:"bytes"`  // longest body of several
	Event  Size            `yaml:"event"`  // a longer event travels alone
	Answer MergeAnswerFile `yaml:"answer"` // how the vendor says which of them it took
	About  string          `yaml:"about"`

	OneBrowser *OneBrowserFile `yaml:"one_browser"` // set where the vendor ties the events of a request to one browser
}

// OneBrowserFile is by what events are one browser's, for vendors that give what comes in one request one id.
type OneBrowserFile struct {
	By     []string `yaml:"by"`     // members that are there, and alike in all
	Unless string   `yaml:"unless"` // a header with which the vendor gives none
}

// MergeAnswerFile is how a vendor's answer tells of several events. A status of success without more says that all
// were taken; a refusal that all are to be treated as one that was refused so.
type MergeAnswerFile struct {
	Taken string `yaml:"taken"` // where an answer says how many it took ("tracked")
	// where an answer of success says 1 (taken) or 0 (none of them); or the whole body does
	All  string   `yaml:"all"`
	Bad  []string `yaml:"bad"`  // where an answer counts those that it refused, by index ("bad.*[]")
	Held []string `yaml:"held"` // likewise those that alone are what the status says
	Read []int    `yaml:"read"` // statuses of refusals that count so
	// members of a refusal that is read, and what they say where it is for none of the events
	// ("190", "Invalid API key*"): all end by it
	Whole map[string][]string `yaml:"whole"`
	// what became of those that a refusal does not count: again (they were not taken; also ""), or taken
	Rest string `yaml:"rest"`
	// statuses at which some may have been taken: by halves come those that the vendor knows
	// again, and of the others nobody knows
	Doubt []int    `yaml:"doubt"`
	None  []string `yaml:"none"` // beginnings of the text of such an answer that say that none was
	// statuses at which none was taken, for one's sake or for the length: they come again by halves
	Halve []int `yaml:"halve"`
}

// Merge is a [MergeFile] made ready. Of one that says into, what several are is what that endpoint's says.
type Merge struct {
	Into   string
	From   []MergePlace
	Shared []string
	Same   [][]string
	Alone  [][]string
	Is     []MergeIs
	Texts  bool
	Type   string
	Packed string
	Events int
	Bytes  int
	Event  int // 0: as Bytes
	Answer MergeAnswer

	OneBrowser [][]string
	Unless     string
}

// MergeIs is what a member says where events travel together.
type MergeIs struct {
	Path []string
	Text string
}

// MergeAnswer is a [MergeAnswerFile] made ready: paths are segments, as in [Endpoint.Indices].
type MergeAnswer struct {
	Taken, All  string
	Bad, Held   [][]string
	Read, Halve []int
	Doubt       []int
	None        []string
	Whole       []MergeWhole
	RestTaken   bool
}

// MergeWhole is a member of a refusal, and what it says where that is for none of the events.
type MergeWhole struct {
	Path  string
	Texts []string // each the whole text, or its beginning where "*" ends it
}

// MergePlaceKind is where an event stands in a request of its own.
type MergePlaceKind uint8

// The places, in the order in which they are tried.
const (
	InMember MergePlaceKind = iota // the one element of a list, a member of the body
	InList                         // the one element of the body
	InField                        // JSON in a field of a form, in a list or not
	AsForm                         // the form
	AsQuery                        // the query
	AsBody                         // the body
)

// MergePlace is such a place.
type MergePlace struct {
	Kind   MergePlaceKind
	Name   string // of the member or field
	Base64 bool   // InField: wrapped so
}

// parsePlace reads a place.
func parsePlace(text string) (MergePlace, error) {
	root, name, named := strings.Cut(text, ".")
	name, wrapped := strings.CutSuffix(name, " base64")
	switch {
	case text == "body":
		return MergePlace{Kind: AsBody}, nil
	case text == "body[]":
		return MergePlace{Kind: InList}, nil
	case text == "form":
		return MergePlace{Kind: AsForm}, nil
	case text == "query":
		return MergePlace{Kind: AsQuery}, nil
	case named && name != "" && !strings.ContainsAny(name, ".[]* ") && root == "body" && !wrapped:
		return MergePlace{Kind: InMember, Name: name}, nil
	case named && name != "" && !strings.ContainsAny(name, ".[]* ") && root == "form":
		return MergePlace{Kind: InField, Name: name, Base64: wrapped}, nil
	}
	return MergePlace{}, fmt.Errorf("%q is no place: body.batch, body[], body, form.data, form and query are such", text)
}

// merge makes ready how events travel together.
func (e *Endpoint) merge(f *EndpointFile) error {
	if f.Merge == nil {
		return nil
	}
	if e.Kind != Events {
		return errors.New("merge: what is asked for an answer, or let through whole, travels alone")
	}
	m, err := newMerge(f.Merge)
	if err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	e.Merge = m
	return nil
}

func newMerge(f *MergeFile) (*Merge, error) {
	m := &Merge{
		Into: f.Into, Shared: f.Shared, Texts: f.Texts, Type: f.Type, Packed: f.Packed, Events: f.Events,
		Bytes: int(f.Bytes), Event: int(f.Event),
	}
	if err := m.limits(f); err != nil {
		return nil, err
	}
	if len(f.From) == 0 {
		return nil, errors.New("from: at least one place is needed")
	}
	for _, text := range f.From {
		p, err := parsePlace(text)
		if err != nil {
			return nil, fmt.Errorf("from: %w", err)
		}
		m.From = append(m.From, p)
	}
	for _, name := range f.Shared {
		if name == "" || strings.ContainsAny(name, ".[]*\"\\") {
			return nil, fmt.Errorf("shared: %q is no member: a plain name is", name)
		}
	}
	var err error
	if m.Same, err = mergePaths("same", f.Same); err != nil {
		return nil, err
	}
	if m.Alone, err = mergePaths("alone", f.Alone); err != nil {
		return nil, err
	}
	for path, text := range f.Is {
		segments, err := mergePaths("is", []string{path})
		if err != nil {
			return nil, err
		}
		m.Is = append(m.Is, MergeIs{segments[0], text})
	}
	slices.SortFunc(m.Is, func(a, b MergeIs) int { return slices.Compare(a.Path, b.Path) })
	if o := f.OneBrowser; o != nil {
		if m.OneBrowser, err = mergePaths("one_browser.by", o.By); err != nil {
			return nil, err
		}
		if len(o.By) == 0 {
			return nil, errors.New("one_browser.by: a member is needed")
		}
		m.Unless = o.Unless
	}
	return m, m.Answer.read(&f.Answer)
}

// mostMerged bounds the events of a request, and longestMerged its bytes.
const (
	mostMerged    = 10_000
	longestMerged = 20 << 20
)

// limits refuses limits that are none. Where several go into another endpoint, they are that one's.
func (m *Merge) limits(f *MergeFile) error {
	switch {
	case f.Into != "":
		if f.Events != 0 || f.Bytes != 0 || f.Event != 0 || f.Type != "" || f.Texts || f.Answer.says() {
			return fmt.Errorf("events, bytes, event, type, texts and answer are said at %s, which takes them", f.Into)
		}
	case m.Events < 2 || m.Events > mostMerged:
		return fmt.Errorf("events: %d is no number of events: 2 to %d are", m.Events, mostMerged)
	case m.Bytes < 1 || m.Bytes > longestMerged:
		return fmt.Errorf("bytes: %d is no length of a body: 1B to %v are", m.Bytes, Size(longestMerged))
	case m.Event < 0 || m.Event > m.Bytes:
		return fmt.Errorf("event: %v is longer than bytes (%v)", f.Event, f.Bytes)
	}
	return nil
}

func (a *MergeAnswerFile) says() bool {
	return a.Taken != "" || a.All != "" || a.Rest != "" || len(a.Bad)+len(a.Held)+len(a.Read)+len(a.Halve)+len(a.Whole)+
		len(a.Doubt)+len(a.None) > 0
}

// read makes ready how the vendor answers.
func (a *MergeAnswer) read(f *MergeAnswerFile) error {
	a.Taken, a.All, a.Read, a.Halve, a.Doubt, a.None = f.Taken, f.All, f.Read, f.Halve, f.Doubt, f.None
	for name, statuses := range map[string][]int{"read": f.Read, "halve": f.Halve, "doubt": f.Doubt} {
		for i, status := range statuses {
			if status < 400 || status > 599 || slices.Contains(statuses[:i], status) {
				return fmt.Errorf("answer.%s: %d is no refusal, or stands there twice: 400 to 599 are", name, status)
			}
		}
	}
	for key, path := range map[string]string{"taken": f.Taken, "all": f.All} {
		if path != "" && !plainPath(path) {
			return fmt.Errorf("answer.%s: %q is no path of a member", key, path)
		}
	}
	switch f.Rest {
	case "", "again":
	case "taken":
		a.RestTaken = true
	default:
		return fmt.Errorf("answer.rest: %q is none: again and taken are", f.Rest)
	}
	for path, texts := range f.Whole {
		if !plainPath(path) || len(texts) == 0 || len(f.Read) == 0 {
			return fmt.Errorf("answer.whole: %q is no member with its texts of a refusal that is read", path)
		}
		a.Whole = append(a.Whole, MergeWhole{path, texts})
	}
	slices.SortFunc(a.Whole, func(x, y MergeWhole) int { return strings.Compare(x.Path, y.Path) })
	if len(f.Held) > 0 && len(f.Read) == 0 || a.RestTaken && (len(f.Bad) == 0 || len(f.Read) == 0) {
		return errors.New("answer: held and rest are of refusals that are read: read names no status, or bad nothing")
	}
	for _, status := range f.Doubt {
		if slices.Contains(f.Halve, status) || slices.Contains(f.Read, status) {
			return fmt.Errorf("answer.doubt: %d stands elsewhere, too: at one place is right", status)
		}
	}
	if len(f.None) > 0 && len(f.Doubt) == 0 || slices.Contains(f.None, "") {
		return errors.New("answer.none: it is of answers in doubt, and no text is empty")
	}
	for _, status := range f.Read {
		if a.RestTaken && slices.Contains(f.Halve, status) {
			return fmt.Errorf("answer.halve: at %d some may have been taken: rest says so", status)
		}
	}
	var err error
	if a.Bad, err = answerPaths("bad", f.Bad); err != nil {
		return err
	}
	a.Held, err = answerPaths("held", f.Held)
	return err
}

// plainPath tells whether a path is one of plain names with dots between them.
func plainPath(path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		if name == "" || strings.ContainsFunc(name, func(c rune) bool {
			return c >= 0x80 || !ascii.IsAlnum(byte(c)) && c != '_' && c != '-'
		}) {
			return false
		}
	}
	return true
}

func answerPaths(key string, paths []string) (all [][]string, err error) {
	for _, path := range paths {
		segments, err := split(path)
		if err != nil {
			return nil, fmt.Errorf("answer.%s: %w", key, err)
		}
		all = append(all, segments)
	}
	return all, nil
}

func mergePaths(key string, paths []string) (all [][]string, err error) {
	for _, path := range paths {
		segments, err := split(path)
		if err != nil || slices.Contains(segments, "[]") || slices.Contains(segments, "*") {
			return nil, fmt.Errorf("%s: %q is no path of a member", key, path)
		}
		all = append(all, segments)
	}
	return all, nil
}

// merges holds what endpoints say of each other: whose events go into whose.
func (v *Vendor) merges() error {
	for i := range v.Endpoints {
		e := &v.Endpoints[i]
		many := e
		if e.Merge != nil && e.Merge.Into != "" {
			at := slices.IndexFunc(v.Endpoints, func(o Endpoint) bool { return o.ID == e.Merge.Into })
			if at < 0 || !v.Endpoints[at].takesFrom(e) {
				return fmt.Errorf("endpoints.%s: merge: into: %q is no endpoint of the same host, with a plain path, "+
					"that takes several", e.ID, e.Merge.Into)
			}
			many = &v.Endpoints[at]
		}
		if err := many.together(e); err != nil {
			return fmt.Errorf("endpoints.%s: merge: %w", e.ID, err)
		}
	}
	return nil
}

// takesFrom tells whether events of another endpoint may be sent to this one.
func (e *Endpoint) takesFrom(other *Endpoint) bool {
	return e.Merge != nil && e.Merge.Into == "" && e.Host == other.Host && e.Path.Literal() && other.Path.Literal()
}

// together tells what is wrong with how events of another endpoint, or its own, stand together at this one.
func (e *Endpoint) together(of *Endpoint) error {
	if of.Merge == nil {
		return nil
	}
	first := e.Merge.From[0].Kind
	if !slices.Contains(e.Methods, "POST") || first != InMember && first != InList && first != InField {
		return fmt.Errorf("%s takes no several: POST, and body.batch, body[] or form.data first under from do", e.ID)
	}
	for _, p := range of.Merge.From {
		texts := p.Kind == AsForm || p.Kind == AsQuery
		if texts && (!e.Merge.Texts || first != InMember) {
			return fmt.Errorf("from: a form or a query is a text in a list: %s has none (texts: true)", e.ID)
		}
		if p.Kind == AsBody && (e.Merge.Texts || first == InField) {
			return fmt.Errorf("from: a body is no text in the list of %s", e.ID)
		}
	}
	if len(of.Merge.Shared) > 0 && first != InMember {
		return fmt.Errorf("shared: nothing stands beside the list of %s", e.ID)
	}
	return nil
}
