// Package catalog knows vendors as data: one YAML file each, which a privacy lead can read, and the code that takes
// hits apart by it. It promises that a field which a file does not name has no class, and so is never forwarded.
package catalog

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/codec"
)

// File is a vendor as its YAML file describes it: vendors/<id>.yaml here, or a file in the folder policy/vendors. It is
// data; [Compile] turns it into a [Vendor].
type File struct {
	ID   string `yaml:"id"`   // lower case, digits, underscores; the file's name
	Name string `yaml:"name"` // as the vendor calls the product
	IAB  int    `yaml:"iab"`  // id in the IAB Global Vendor List; 0 where it has none
	TCF  *TCF   `yaml:"tcf"`  // how it declares the TCF's purposes there
	// id among Google's ad technology providers (additional consent); 0 where it has none
	ATP       int    `yaml:"atp"`
	Country   string `yaml:"country"`   // ISO 3166-1 code of the recipient; "" where the site hosts it itself
	Processor bool   `yaml:"processor"` // role: processor, as it was written before
	// role (api, settings, assets) to default address, "https://..."; api is obligatory, "" where only the site knows it
	Hosts   map[string]string `yaml:"hosts"`
	Sources []string          `yaml:"sources"` // where the facts come from
	Cookies []CookieFile      `yaml:"cookies"` // browser cookies that hold identifiers
	Fields  map[string]Field  `yaml:"fields"`  // what an event holds, by path (see Field)
	// what a hit holds outside its events: "?name" in the query, "name" or "a.b" in the body
	Request map[string]Field `yaml:"request"`
	// headers the vendor is sent: name to field; the value is the visitor's header of that name, minimised, or Field.Value
	Headers map[string]Field `yaml:"headers"`
	// how a value known from the connection of a browser may be handed on, by class (ip)
	Carry     map[string]Carry `yaml:"carry"`
	Event     []NameRule       `yaml:"event"`     // how an event's name is found: the first rule that finds one
	Endpoints []EndpointFile   `yaml:"endpoints"` // tried in order
	Snippets  []Snippet        `yaml:"snippets"`  // set-up lines for its SDKs
	Merge     bool             `yaml:"merge"`     // as it was written before, and says nothing: an endpoint's own does

	// id of the entry whose SDKs' ids it takes over, so that an objection by one of them holds for both; "": its own
	Family string `yaml:"family"`
	// number of the form of ids since which it is of that family, where it was its own before: 2
	Joined int `yaml:"joined"`
	// by name (eu, us) and role, the addresses that are others there than those of Hosts
	Regions map[string]map[string]string `yaml:"regions"`
	// what may stand in a path for a name in braces: each name that a path has is here
	Variables map[string]VariableFile `yaml:"variables"`
	// what banners call its service, beside id and name: "google_analytics"
	Services []string `yaml:"services"`
	// what it is told of the visitor's choices, by what an event travels on
	State []StateFile `yaml:"state"`
	// the legal person who receives, with seat and country: "Example GmbH, Berlin, DE"
	Entity    Regional `yaml:"entity"`
	PolicyURL string   `yaml:"policy_url"` // where its privacy policy is
	// processor (for the controller alone, by its own terms, GDPR Art. 28, and for no purpose of its own), joint or
	// controller; "" where that depends on the account's settings
	Role string `yaml:"role"`
	// of a joint controller: where the essence of the arrangement stands (Art. 26(2))
	Arrangement string `yaml:"arrangement"`

	// what its SDK keeps in a browser, or reads there, as it comes; [] is nothing, and without the key nobody knows
	Stores []StoreFile `yaml:"stores"`
	// how it knows an event that comes again: it counts once; nil: it may count twice
	Idempotency *IdempotencyFile `yaml:"idempotency"`
	// what it makes of one person's events depends on the order in which they arrive
	Ordered bool `yaml:"ordered"`

	// what is the vendor's beside its endpoints, where it has no prefix: "/static/" and below; an unknown
	// path there is answered, and goes nowhere
	Areas []string `yaml:"areas"`
}

// Kin is the catalog id that the namespace of the ids which this vendor's SDKs make
// is called by: the family's, or its own.
func (f *File) Kin() string {
	if f.Family != "" {
		return f.Family
	}
	return f.ID
}

// FirstKin is Kin as it was in the first form of ids.
func (f *File) FirstKin() string {
	if f.Joined > 1 {
		return f.ID
	}
	return f.Kin()
}

// Has tells whether a field of the file is of a class, of another family than the file's; "": of whichever.
func (f *File) Has(class, family string) bool {
	is := func(of map[string]Field) bool { return anyField(of, class, family) }
	return is(f.Fields) || is(f.Request) || slices.ContainsFunc(f.Endpoints, func(e EndpointFile) bool {
		return is(e.Fields) || is(e.Request)
	})
}

func anyField(fields map[string]Field, class, family string) bool {
	for _, f := range fields {
		if f.Class == class && (family == "" || f.Family == family) || anyField(f.Fields, class, family) {
			return true
		}
		for _, inside := range f.Schemas {
			if anyField(inside, class, family) {
				return true
			}
		}
	}
	return false
}

// At is the file with one more path each for some endpoints, by their ids.
func (f *File) At(paths map[string]string) *File {
	if len(paths) == 0 {
		return f
	}
	other := *f
	other.Endpoints = slices.Clone(f.Endpoints)
	for i := range other.Endpoints {
		e := &other.Endpoints[i]
		if path, ok := paths[e.ID]; ok {
			e.Paths = append(slices.Clone(e.Paths), path)
		}
	}
	return &other
}

// VariableFile is what may stand in a path for a name in braces.
type VariableFile struct {
	Pattern string `yaml:"pattern"` // a regular expression (RE2) for the whole text
	Most    int    `yaml:"most"`    // length in bytes, at most 256
	About   string `yaml:"about"`
}

// Field says what one field is.
//
// The name it stands under is a path inside the event (or the request): members are separated by dots, "[]" is every
// element of an array, a last segment "*" is any member not named otherwise and everything below it. In a form (query,
// lines) the whole key is the name, and one "*" (any text) or "{n}" (digits) may stand in it; a last segment may have
// one "*" for any text, too ("data-*").
type Field struct {
	Class string `yaml:"class"`
	// the vendor refuses an event without it, at every endpoint that knows the field
	Required bool `yaml:"required"`
	// the value holds more fields: codecs tried in order, each a stack such as "base64+json"
	Open   []string         `yaml:"open"`
	Fields map[string]Field `yaml:"fields"` // what is inside, where Open or Pairs is given
	// form of an identifier, so that a pseudonym looks like it, and every spelling is read as one id: ga_cid, hex16,
	// hex32, uuid, fbp, digits, mixpanel_device, amplitude_device, text, ga_cookie; "exact hex16": the vendor refuses an
	// id of another form, which is not sent then; "open hex16", or without a word before it: it takes others as well
	Format string `yaml:"format"`
	// whose SDKs' id it is, where it is another's: the id of that catalog entry, or "device" of what an operating
	// system names a device by to all of them
	Family string `yaml:"family"`
	// further classes under which the value may be known to objections; what may be a user_id, and what no objection is
	// looked up by (one such class at most), is also treated as one
	Also []string `yaml:"also"`
	// where the value travels hashed: sha256, md5, or user_data for a list of hashes (tv.1~em.HASH~pn.HASH)
	Hashed string `yaml:"hashed"`
	Signal string `yaml:"signal"` // gcs, gcd, npa ...: a consent signal that is read
	Value  string `yaml:"value"`  // headers only: a constant
	// headers only: sent where it is Basic with an empty password, a public key, and nothing else
	KeyOnly bool `yaml:"key_only"`
	// a checksum, signature or length over other fields: a hit of which anything is changed does not travel with it
	Seals bool `yaml:"seals"`
	// false: the names that a site gives to members here (below a "*", or below this field) say nothing (package names);
	// without it they do, where that is stricter. About says why not
	Names *bool  `yaml:"names"`
	About string `yaml:"about"` // one line for people
	// each element of the list is a pair, {"key": "url.full", "value": ...}: the member that names it, or "[]" where the
	// pairs are lists, ["colour", "red"]; Fields are then by these names, and hold for all else in the pair
	Pairs  string           `yaml:"pairs"`
	Beside map[string]Field `yaml:"beside"` // Pairs: what other members of a pair are, whichever it is
	// what it says of its event beside its class: time (when it was, by the visitor's clock: Unix seconds to
	// nanoseconds, or ISO 8601), sent (when it was sent, by the same clock), ms_ago or s_ago (how long before that
	// it was), id (one for one event, though it comes again: what class event_id says by itself), none (not even
	// that: it is the id of something else)
	Stamp string `yaml:"stamp"`
	// of an event's id: the catalog entry whose events have the same one, so that what
	// browser and server both send counts once
	Twin string `yaml:"twin"`
	// headers only: sent where the whole value fits this regular expression (RE2), and nothing else
	Pattern string `yaml:"pattern"`

	// the member beside it that names the schema of what is in it, as Iglu does
	// ("iglu:vendor/name/jsonschema/1-0-0"), the version aside
	Schema string `yaml:"schema"`
	// what is in it, by vendor/name of the schema; where none is listed, and of members that none names,
	// it is as elsewhere said of the place
	Schemas map[string]map[string]Field `yaml:"schemas"`
}

// UserData is how Google's tags write hashes of what a site knows of a person.
const UserData = "user_data"

// CookieFile is a browser cookie that holds an identifier. Pattern shows where: "GA1.*.{id}", "{id}.*"; "*" is any
// text, as short as can be, also none; so is {id}, but never empty, and it is percent-decoded; "" is the whole
// value. A name may be listed more than once.
type CookieFile struct {
	Name    string `yaml:"name"` // a trailing "*" stands for any suffix
	Class   string `yaml:"class"`
	Pattern string `yaml:"pattern"`
	// a wrapper taken off before Pattern is looked for: base64, or openssl (base64 of
	// AES-256-CBC, salted, as OpenSSL writes it)
	Open string `yaml:"open"`

	// form of the identifier, as in Field: an id of another form is as likely the name of a person
	Format string `yaml:"format"`
	Family string `yaml:"family"` // as in Field

	After string `yaml:"after"` // what stands in front of what is opened: a value that does not begin so is none of this
	Key   string `yaml:"key"`   // openssl: the passphrase, which the SDK itself publishes
	Inner string `yaml:"inner"` // a wrapper taken off what Pattern finds: base64
}

// Carry says where a value goes that the hit did not carry itself. Exactly one is set.
type Carry struct {
	Query  string `yaml:"query"`  // a parameter of the query
	Header string `yaml:"header"` // a header
	Field  string `yaml:"field"`  // a member of each event
}

// NameRule finds an event's name: the value of a field where it is present, put through Map; or Is, where Field is
// present or not given. A path may lead into a field that is opened ("ue_px.data.schema"). A field that is null or
// empty is not present.
type NameRule struct {
	Field   string            `yaml:"field"`
	Is      string            `yaml:"is"`
	Map     map[string]string `yaml:"map"`     // a value not in it stays as it is
	Pattern string            `yaml:"pattern"` // where in the value the name stands, as in CookieFile: "iglu:*/{id}/*"
}

// EndpointFile is one address of the vendor.
type EndpointFile struct {
	ID      string   `yaml:"id"`
	Methods []string `yaml:"methods"`
	// "/v1/track"; "{name}" is one segment, "{name...}" the rest; a slash at the end of a hit's path may be missing, or
	// too many: the vendor is sent this one
	Path string `yaml:"path"`
	// further addresses of the same ("/capture/" beside "/e/"); the vendor is sent the one that the hit used
	Paths []string `yaml:"paths"`
	Host  string   `yaml:"host"` // a role of Hosts; "" is api
	// events (""), answer (asked for an answer), opaque (allowed or refused whole)
	Kind string `yaml:"kind"`
	// "event": the query's names are those of Fields and are shared by all events; "": those of Request
	Query string `yaml:"query"`
	// codecs tried in order, each a stack: "lines", "json", "gzip+json", "form", "ndjson"; none: a body is refused
	Body []string `yaml:"body"`
	// where the events are, the first that is there: "body", "query", "body.batch"; an array's
	// elements are events, anything else is one
	Events []string `yaml:"events"`
	// content types of the body; the first is used where the hit's own is not among them
	Types   []string         `yaml:"types"`
	Event   []NameRule       `yaml:"event"`   // instead of the vendor's
	Fields  map[string]Field `yaml:"fields"`  // added to the vendor's, or in place of them
	Request map[string]Field `yaml:"request"` // likewise
	Carry   map[string]Carry `yaml:"carry"`   // likewise
	Answer  AnswerFile       `yaml:"answer"`  // what the SDK needs when all is well
	Denied  *AnswerFile      `yaml:"denied"`  // what it gets when nothing was forwarded; like Answer where not given
	// in place of Answer and Denied where the hit's query says so; the first that fits
	Instead []InsteadFile `yaml:"instead"`
	// statuses, 400 to 599, at which the SDK acts on the vendor's body: it is handed on, where it is JSON
	Relay []int `yaml:"relay"`
	// where a relayed body counts events of the batch that the vendor was sent ("failed_records[].index", "bad.*[]")
	Indices []string `yaml:"indices"`
	// where the vendor's answer says how many events it took ("tracked"): a status alone does not tell
	Taken string `yaml:"taken"`
	// what a hit may hold, in place of the general limits: the vendor's own documented ones
	Limits Limits `yaml:"limits"`
	About  string `yaml:"about"`

	// how events of several hits travel in one request; without it each does alone
	Merge   *MergeFile       `yaml:"merge"`
	Headers map[string]Field `yaml:"headers"` // added to the vendor's, or in place of them
	// fields, by path, without which the vendor refuses an event here, beside those that it requires everywhere
	Required []string `yaml:"required"`
}

// Limits are what a hit may hold: sizes ("20MiB"), and counts. 0 is one that is not given.
type Limits struct {
	Body         Size `yaml:"body"`         // of a body as received
	Decompressed Size `yaml:"decompressed"` // of everything that is opened
	Events       int  `yaml:"events"`       // events in one hit
	Fields       int  `yaml:"fields"`       // fields of one event
	Nodes        int  `yaml:"nodes"`        // fields of one hit
}

// AnswerFile is an HTTP answer. Body "gif" is a transparent image of one pixel.
type AnswerFile struct {
	Status int    `yaml:"status"`
	Type   string `yaml:"type"`
	Body   string `yaml:"body"`
}

// InsteadFile is an answer for hits whose query holds a parameter as it stands here, "beacon=1".
type InsteadFile struct {
	Query  string `yaml:"query"`
	Status int    `yaml:"status"`
	Type   string `yaml:"type"`
	Body   string `yaml:"body"`
}

// Bytes is the body as it is sent.
func (a *AnswerFile) Bytes() []byte {
	if a.Body == "gif" {
		return pixel
	}
	return []byte(a.Body)
}

// pixel is a transparent image of one pixel: GIF89a, 1 by 1, one frame whose only colour is the transparent one.
var pixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;")

// Snippet is how a site points an SDK here. In Code, ${origin} is the site's origin, ${host} the same without its
// scheme, ${base} the base path, ${prefix} the vendor's.
type Snippet struct {
	SDK  string `yaml:"sdk"`
	Code string `yaml:"code"`
	Note string `yaml:"note"` // credentials, storage: what to set when the origin differs
}

// Flat tells whether all that the entry takes are forms: the values in them are texts, and nothing is in one that is
// not opened.
func (f *File) Flat() bool {
	for i := range f.Endpoints {
		stacks, err := parseStacks(f.Endpoints[i].Body)
		if err != nil || slices.ContainsFunc(stacks, func(s codec.Stack) bool {
			return s.Format != codec.Form && s.Format != codec.Lines
		}) {
			return false
		}
	}
	return true
}
