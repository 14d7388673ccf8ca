// Package hit holds a tracking hit as labelled spans over the bytes received, and what becomes of each.
//
// A [Hit] is a tree of nodes in one slice: a parent always stands before its children. A node points into one of the
// hit's buffers and never owns bytes. It promises that a node nobody decided on is dropped: the zero [Fate] is [Drop].
package hit

import (
	"net/netip"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Buffer names one of a hit's byte buffers.
type Buffer uint8

// The buffers. Arena holds what was decoded or rewritten; it grows while a hit is
// worked on, so spans, not slices, are kept.
const (
	Query Buffer = iota
	Body
	Arena

	numBuffers
)

// Span is a piece of a buffer: bytes Start up to End.
type Span struct {
	Buf        Buffer
	Start, End uint32
}

// Len is the span's length in bytes.
func (s Span) Len() int { return int(s.End - s.Start) }

// Kind says what a node is on the wire.
type Kind uint8

// The kinds. Text is the value of a pair in a form, percent-encoded; [String] to [Array] are JSON's; [Form], [Lines]
// and [Records] are lists of pairs, forms and JSON values; [Item] is a list of [Glued] values, each behind its name;
// [Chain] is a list of elements of a page, [Markup], whose attributes are [Quoted]; [Raw] is a body as it came.
const (
	Absent Kind = iota
	Text
	String
	Number
	Bool
	Null
	Object
	Array
	Form
	Lines
	Records
	Item
	Chain
	Markup
	Raw
	Glued
	Quoted
)

// Holds tells whether nodes of the kind have children of their own (an opened [Text], [String] or [Raw] has one as
// well).
func (k Kind) Holds() bool { return k >= Object && k <= Markup }

// Fate is what becomes of a node. Its zero value drops it.
type Fate uint8

// The fates.
const (
	Drop Fate = iota
	Keep
	Rewrite
)

// None stands for no node, no field, no event.
const None = -1

// Shared is the event number of nodes that belong to the whole hit.
const Shared = -1

// Node is one field, container or list of a hit.
//
// Ownership by stage: decode writes all but Fate, Edit, Dirty and Downgraded; minimise writes these and Downgraded;
// encode only reads.
type Node struct {
	Kind  Kind
	Class Class // what the catalog says it is
	Alias Class // a stricter reading of the same field, by its well-known name; Unknown where there is none
	Fate  Fate
	Wrap  Wrap // what lies between the value and its child, where the value was opened

	Dirty  bool  // something below, or the node itself, is not as it came
	Opened bool  // the value holds a root of its own (First) in another buffer or format
	Made   bool  // the node was not in the hit: it is written from Edit or its children
	Free   bool  // its name is the site's own: the catalog has only a wildcard for it
	Label  bool  // it says what its parent is: without anything beside it it says nothing
	Layers uint8 // how many values were opened to come to it

	Anew       bool // what the value is wrapped in says more than its inside: it is wrapped anew
	Downgraded bool // the value states a consent that the event does not travel on: Edit states less

	Key Span // as on the wire, in a JSON object without its quotes; empty in lists
	Val Span // as on the wire, a JSON string with its quotes
	Txt Span // decoded text of a leaf, once asked for
	has bool // Txt is set

	Atless bool // known of a value on the wire: no "@" is in it, however it is written

	Many bool // what its name calls an id is one that many share: of an account, a company, a group

	name  Span // decoded Key, once asked for
	named bool // name is set

	Edit Span // decoded text that takes the value's place

	Parent, First, Last, Next int32
	Peer                      int32 // the next node of the same event (see Hit.Chain)
	Event                     int32 // Shared, or the event's number
	Field                     int32 // the vendor's field, or None
	State                     int32 // where the catalog's matcher stands below this node
}

// Wrap is what was taken off a value before its inside could be read, outermost first.
type Wrap struct {
	Steps [3]Step
	N     uint8
}

// Step is one layer of a [Wrap], with what is needed to put it back as it was. Which there are package codec says.
type Step uint8

// NoStep is no layer.
const NoStep Step = 0

// Event is one judged unit.
type Event struct {
	Root      int32  // node
	Priority  int16  // which of the endpoint's event locations it stands at
	NameRule  int16  // the best rule that found a name so far, None at first
	NameNode  int32  // the node that holds the name, or None
	Name      Span   // the name, in that node's text
	NameIs    string // the name, where the catalog gives it
	Malformed bool   // two fields that decide disagree, or the event cannot be read
	Known     bool   // the catalog knows something in it
	Nodes     int32  // how many it has
	TooLarge  bool   // these are more than one event may have

	renumbered  int32
	first, last int32 // its nodes
	claim       int32 // its first claim
	stamp       int32 // its first stamp
}

// ID is an identifier found in a hit.
type ID struct {
	Node  int32
	Event int32
	// the namespace it is looked up in; Unknown: that of an e-mail address or a phone number, if it is one as a whole
	Class Class
	Word  Word
}

// Word is on whose word an identifier is taken for the visitor's.
type Word uint8

// The words. The zero Word is the vendor's own.
const (
	OfVendor Word = iota // it stands where the catalog says
	OfSite               // the catalog leaves names to the site, and it is called so
	OfNobody             // it may be of many, or of something else
)

// Claim is a field that states a consent signal.
type Claim struct {
	Node   int32
	Event  int32
	Signal string // as the catalog calls it: gcs, gcd, npa
	Peer   int32  // the next claim of the same event (see Hit.Chain)
}

// Header is a header of the visitor's request.
type Header struct{ Name, Value []byte }

// Request is a hit as it was received. The bytes belong to the caller and must outlive the [Hit]'s use of them; the
// list of headers is the Hit's, which overwrites it when it is reset.
type Request struct {
	Method  []byte
	Host    []byte // lower case, without port
	Path    []byte // as on the wire, not decoded
	Query   []byte // without "?"
	Body    []byte // as received, or with its content coding taken off (see Coded)
	Headers []Header
	Address netip.Addr // the visitor's, after trusted proxies; the zero Addr is unknown
	Trusted bool       // what sent it is a trusted proxy: what its headers say of the visitor's region is believed
	Vouched bool       // who asks says that a server which may send sent it; of hits that are explained and tested
	Coded   Step       // the content coding that was taken off the body
}

// Header returns the values of the header of that name (any case) through yield, in order.
func (r *Request) Header(name string) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for i := range r.Headers {
			if ascii.EqualFold(r.Headers[i].Name, name) && !yield(r.Headers[i].Value) {
				return
			}
		}
	}
}

// One returns the value of a header that may stand once. It is nil where the header is
// absent; many is true where it stands twice.
func (r *Request) One(name string) (value []byte, many bool) {
	for i := range r.Headers {
		if !ascii.EqualFold(r.Headers[i].Name, name) {
			continue
		}
		if value != nil {
			return value, true
		}
		value = r.Headers[i].Value
		if value == nil {
			value = []byte{}
		}
	}
	return value, false
}

// Hit is a request taken apart. It is meant to be pooled: Reset makes it ready for
// another request and keeps its memory.
type Hit struct {
	Request Request // written by receive

	bufs [numBuffers][]byte

	// written by decode
	Nodes     []Node
	QueryRoot int32
	BodyRoot  int32
	Events    []Event
	Seen      int   // events that were seen, also beyond a limit that ended the reading
	shared    Event // the nodes that belong to the whole hit
	IDs       []ID
	Claims    []Claim
	Stamps    []Stamp
}

// Reset forgets the last request.
func (h *Hit) Reset() {
	h.Request = Request{Headers: Emptied(h.Request.Headers)}
	h.bufs[Query], h.bufs[Body] = nil, nil
	h.bufs[Arena] = Recycled(h.bufs[Arena])
	h.Events, h.IDs, h.Claims = Recycled(h.Events), Recycled(h.IDs), Recycled(h.Claims)
	h.Stamps = Recycled(h.Stamps)
	h.Nodes = Reused(h.Nodes)
	h.QueryRoot, h.BodyRoot, h.Seen, h.shared = None, None, 0, Event{}
}

// Begin takes the request's query and body as buffers.
func (h *Hit) Begin() {
	h.bufs[Query], h.bufs[Body] = h.Request.Query, h.Request.Body
	h.QueryRoot, h.BodyRoot = None, None
}

// Bytes returns the bytes of a span. They are valid until the arena next grows.
func (h *Hit) Bytes(s Span) []byte { return h.bufs[s.Buf][s.Start:s.End:s.End] }

// Whole is the span of a whole buffer.
func (h *Hit) Whole(b Buffer) Span { return Span{Buf: b, End: uint32(len(h.bufs[b]))} }

// Grow hands out the arena to append to; Grown takes it back.
func (h *Hit) Grow() []byte { return h.bufs[Arena] }

// Grown takes the arena back after appending and returns the span of what was appended since the arena had length from.
func (h *Hit) Grown(arena []byte, from int) Span {
	h.bufs[Arena] = arena
	return Span{Buf: Arena, Start: uint32(from), End: uint32(len(arena))}
}

// Retain keeps only the first arena bytes up to mark: what a failed attempt to open a value left behind is forgotten,
// and overwritten.
func (h *Hit) Retain(mark int) {
	clear(h.bufs[Arena][mark:])
	h.bufs[Arena] = h.bufs[Arena][:mark]
}

// Append adds a node below parent ([None] for a root) and returns its number.
func (h *Hit) Append(parent int32, n Node) int32 {
	h.Nodes = append(h.Nodes, n)
	return hang(h, parent)
}

// Add is [Hit.Append] for what is no more than a kind, a key and a value.
func Add(h *Hit, parent int32, kind Kind, key, val Span) int32 {
	h.Nodes = append(h.Nodes, Node{}) // and written where it stands: a node is large
	n := &h.Nodes[len(h.Nodes)-1]
	n.Kind, n.Key, n.Val = kind, key, val
	return hang(h, parent)
}

// hang puts the node that was added last below its parent.
func hang(h *Hit, parent int32) int32 {
	i := int32(len(h.Nodes)) - 1
	n := &h.Nodes[i]
	n.Parent, n.First, n.Last, n.Next = parent, None, None, None
	n.Event, n.Field, n.State, n.Peer = Shared, None, 0, None
	if parent == None {
		return i
	}
	p := &h.Nodes[parent]
	if p.First == None {
		p.First = i
	} else {
		h.Nodes[p.Last].Next = i
	}
	p.Last = i
	return i
}

// Truncate removes the nodes from number n on, which must be what was last appended below parent.
func (h *Hit) Truncate(n int, parent int32) {
	h.Nodes = h.Nodes[:n]
	if parent == None {
		return
	}
	p := &h.Nodes[parent]
	if int(p.First) >= n {
		p.First, p.Last = None, None
	}
}

// Text returns the decoded text of a leaf: percent-decoded, or unescaped, or a JSON literal as it stands.
// It is valid until the arena next grows.
func (h *Hit) Text(i int32) []byte { return h.Bytes(h.TextSpan(i)) }

// TextSpan is Text as a span, which stays valid.
func (h *Hit) TextSpan(i int32) Span {
	if n := &h.Nodes[i]; n.has {
		return n.Txt
	}
	return decodeText(h, i)
}

func decodeText(h *Hit, i int32) Span {
	n := &h.Nodes[i]
	n.Txt, n.has = h.decode(n.Kind, n.Val), true
	return n.Txt
}

// KeySpan returns the decoded key of a node, which may lie in the arena. It is decoded
// once: who asks often makes no arena grow.
func (h *Hit) KeySpan(i int32) Span {
	if n := &h.Nodes[i]; n.named {
		return n.name
	}
	return decodeKey(h, i)
}

func decodeKey(h *Hit, i int32) Span {
	n := &h.Nodes[i]
	name := n.Key
	if n.Parent != None && h.Nodes[n.Parent].Kind == Form {
		name = h.decode(Text, name)
	} else {
		name = h.unescape(name)
	}
	n.name, n.named = name, true
	return name
}

// KeyIs says of a node that is new what its key is once it is decoded, where that is known already: most stand on the
// wire as they are meant.
func (n *Node) KeyIs(s Span) { n.name, n.named = s, true }

// TextIs is KeyIs for the value of a leaf.
func (n *Node) TextIs(s Span) { n.Txt, n.has = s, true }

// Name gives node i a name that is another than its key on the wire.
func (h *Hit) Name(i int32, name Span) { h.Nodes[i].name, h.Nodes[i].named = name, true }

func (h *Hit) decode(k Kind, s Span) Span {
	switch k {
	case Text:
		return h.unpercent(s)
	case Glued:
		return Unglue(h, s)
	case Quoted:
		return unquote(h, s)
	case String:
		return h.unescape(Span{s.Buf, s.Start + 1, s.End - 1})
	default:
		return s
	}
}
