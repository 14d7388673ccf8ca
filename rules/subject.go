package rules

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/contact"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// maxShared is how many identifiers the events of a hit may have in common. Each is looked up, and recorded, with every
// event: more would make a small hit a large one.
const maxShared = 64

// subjects hashes every identifier of the hit, in every form that it may be known in, and every identifier in a
// cookie that a vendor of the catalog keeps one in: whose hit it is does not matter for who the visitor is. A
// placeholder is of nobody, and left out.
func (r *readState) subjects(in *Inputs) Reason {
	h := &r.Hit
	r.variants.events, r.variants.older = len(h.Events), !in.NewestForm
	r.variants.country = r.Site.country
	for i := range h.IDs {
		id := &h.IDs[i]
		r.variants.word = id.Word
		at := r.Route.Recipient.idField(h.Nodes[id.Node].Field)
		switch text := h.Text(id.Node); {
		case placeholder(text):
			continue
		case id.Class != hit.Unknown:
			r.variants.add(id.Event, id.Class, at, text)
		case !r.whole(i, at):
			continue
		}
		if r.budget.Spend(r.variants.steps()); r.budget.spent() {
			return OverLimit
		}
		if !r.fits(r.variants.grown()) {
			return OutOfMemory
		}
	}
	r.variants.word = hit.OfVendor
	for name, value := range r.ask.Cookies {
		if r.variants.cookie(r.Policy, name, value) {
			r.budget.Spend(r.variants.steps())
		}
	}
	if r.budget.Spend(costShared * r.variants.shared * len(h.Events)); r.variants.shared > maxShared || r.budget.spent() {
		return OverLimit
	}
	if len(r.variants.all) == 0 {
		return Unjudged
	}
	if in.Keys == nil {
		return Failed
	}
	r.variants.settle()
	return r.hashVariants(in.Keys)
}

// whole adds what is, as a whole, an e-mail address or the number of a telephone, whatever it is called: where it is
// called one, or holds an id of the site's own, that was looked at before. It tells whether it added any.
func (r *readState) whole(i int, in *idField) bool {
	h, f := &r.Hit, &r.variants
	id := &h.IDs[i]
	n := &h.Nodes[id.Node]
	text := h.Text(id.Node)
	if raw := h.Bytes(n.Val); n.Kind == hit.Text && raw[0] == '+' && ascii.IsDigit(raw[1]) {
		// a space, where "+" was meant
		f.room = append(append(f.room[:0], '+'), text[1:]...)
		text = f.room
	}
	class := hit.Email
	switch contact.Whole(text) {
	case contact.Address:
	case contact.Number:
		class = hit.Phone
	default:
		return false
	}
	for before := i - 1; before >= 0 && h.IDs[before].Node == id.Node; before-- {
		if of := h.IDs[before].Class; of == class || class == hit.Email && general(of) {
			return false
		}
	}
	from := len(f.all)
	f.given(id.Event, class, in, text)
	for i := from; i < len(f.all); i++ {
		f.all[i].kind = Mentioned
	}
	return true
}

// namesNobody reports whether the hit has no identifier of the visitor but the address that it came from.
func (r *readState) namesNobody() bool {
	for i := range r.Subjects {
		if r.Subjects[i].Class != hit.IP {
			return false
		}
	}
	return true
}

// identified counts the identifiers of the hit, as they are recorded: in their newest form.
func (r *readState) identified() (n int) {
	for i := range r.Subjects {
		if r.Subjects[i].Form == pseudonym.NewestForm {
			n++
		}
	}
	return n
}

// hashVariants hashes every form. What one event after another holds, as those of one visitor do, is hashed once.
func (r *readState) hashVariants(k *Keys) Reason {
	f := &r.variants
	for i := range r.hashed {
		r.hashed[i] = hit.None
	}
	for i := range f.all {
		of := &f.all[i]
		s := Subject{Event: of.event, Class: of.class, Form: of.form, Kind: of.kind}
		recent := &r.hashed[(of.sum+uint64(of.class))%uint64(len(r.hashed))]
		recorded := of.form == pseudonym.NewestForm
		if *recent != hit.None && f.same(&f.all[*recent], of) && (r.Subjects[*recent].Form == of.form || !recorded) {
			s.Hash, s.Ledger = r.Subjects[*recent].Hash, r.Subjects[*recent].Ledger
		} else {
			text := f.text[of.from:of.to]
			s.Hash = pseudonym.SubjectHash(k.subject, of.space, text)
			if r.budget.Spend(costHash); recorded {
				s.Ledger = pseudonym.SubjectHash(k.ledger, of.space, text)
				r.budget.Spend(costHash)
			}
			if r.budget.spent() {
				return OverLimit
			}
		}
		*recent = int32(i)
		r.Subjects = append(r.Subjects, s)
	}
	return Unjudged
}

// add adds an identifier in a field.
func (f *idVariants) add(event int32, class hit.Class, in *idField, text []byte) {
	if class == hit.Email || class == hit.Phone {
		f.contacts(event, class, in, text)
		return
	}
	f.seen(event, class, in, text)
	if class == hit.UserID && contact.Look(text) == contact.None {
		f.knownByHash(event, text)
	}
}

// seen adds an identifier that an event or a cookie holds in plain. An id of a browser or device that has not the
// random form of its SDK is as likely the name that the site knows a person by: it is looked up as one, too. One
// that has may still be: sites give their users UUIDs, and hexadecimal ids. Nobody gives them what Google and Meta
// make, numbers with dots between them.
func (f *idVariants) seen(event int32, class hit.Class, in *idField, text []byte) {
	f.random = false
	f.given(event, class, in, text)
	switch {
	case !made(class):
	case !f.random:
		f.given(event, hit.UserID, in, text)
	case class != hit.AdvertisingID && bytes.IndexByte(text, '.') < 0:
		of, _ := f.normal(in.norm(hit.UserID), lookedUp, text)
		of.event, of.class, of.space, of.kind = event, hit.UserID, in.spaces[hit.UserID].name, Mentioned
		f.keep(of)
	}
}

// lookedUp is the form of what is there to be looked up alone, and never kept: the form is that of another identifier,
// which it may be as well.
const lookedUp = 0

// given adds an identifier in every form that others may know it in. A site's own id is often an e-mail address, or a
// phone number, or a hash.
func (f *idVariants) given(event int32, class hit.Class, in *idField, text []byte) {
	if class == hit.Email || class == hit.Phone {
		f.contacts(event, class, in, text)
		return
	}
	f.plain(event, class, in, in.norm(class), text)
	if !general(class) {
		return
	}
	word := f.word
	if class == hit.ExternalID { // an address that a group goes by may be an office's
		f.word = hit.OfNobody
	}
	switch contact.Look(text) {
	case contact.Address:
		f.addresses(event, text)
	case contact.Number:
		f.numbers(event, text)
	case contact.Hash:
		f.hashedID(event, class, text)
	default:
	}
	f.word = word
}

// normal writes a text in its normal form. Ok is false where nothing is in it.
func (f *idVariants) normal(norm pseudonym.Norm, form uint8, text []byte) (of idVariant, ok bool) {
	of.from, of.form = len(f.text), form
	f.text = pseudonym.AppendNormal(f.text, norm, text)
	of.to = len(f.text)
	return of, of.from != of.to
}

// plain adds a text in its normal form, where anything is in it; while older forms are looked up, in its first one as
// well, in every namespace that it had then. What is the same in both is kept once.
func (f *idVariants) plain(event int32, class hit.Class, in *idField, norm pseudonym.Norm, text []byte) {
	space := &in.spaces[class]
	of, ok := f.normal(norm, pseudonym.NewestForm, text)
	if ok {
		of.event, of.class, of.space, of.kind = event, class, space.name, in.kind(class, f.text[of.from:of.to])
		f.random = of.kind == Browser
		f.keep(of)
	}
	if !f.older {
		return
	}
	if norm.First() != norm {
		was, there := f.normal(norm.First(), pseudonym.FirstForm, text)
		was.kind = of.kind
		f.first(was, there, event, class, space)
	}
	f.first(of, ok, event, class, space) // by another spelling it was known in that
}

// first adds a text in the first form in every namespace that it had then.
func (f *idVariants) first(of idVariant, ok bool, event int32, class hit.Class, space *space) {
	if !ok {
		return
	}
	of.form = pseudonym.FirstForm
	for _, name := range space.first {
		of.event, of.class, of.space = event, class, name
		f.keep(of)
	}
}

// cookie adds the identifiers that a visitor's cookie holds, and tells whether it is one of
// identifiers. They belong to every event.
func (f *idVariants) cookie(p *Policy, name, value []byte) (named bool) {
	if len(name) == 0 {
		return false
	}
	of := p.cookies[name[0]]
	for i := range of {
		if !of[i].Named(name) {
			continue
		}
		named = true
		if f.room = of[i].AppendID(f.room[:0], value); placeholder(f.room) {
			continue
		}
		f.seen(hit.Shared, of[i].Class, of[i].in, f.room)
	}
	return named
}
