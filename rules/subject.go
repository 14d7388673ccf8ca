package rules

import (
	"bytes"
	"crypto/md5" //nolint:gosec // other systems know addresses by it; it protects nothing here
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Namespace is what an identifier of a class is hashed with. What a site knows a person by is one namespace for all
// vendors and sites; an id that a vendor's SDK made (client, device, advertising ids) is that of its family (see
// [catalog.File.Kin]): of the vendor alone, or of those that speak the same language and take over each other's ids.
func Namespace(class hit.Class, family string) string {
	if general(class) {
		return class.String()
	}
	return class.String() + ":" + family
}

// general tells whether a class is one namespace for all vendors and sites.
func general(class hit.Class) bool {
	return class == hit.UserID || class == hit.Email || class == hit.Phone || class == hit.ExternalID
}

// Namespaces of identifiers that are known as a hash, in hexadecimal: a hash is never taken for what it was made of.
const (
	emailSHA256 = "email_sha256"
	emailMD5    = "email_md5"
	phoneSHA256 = "phone_sha256"
)

// maxShared is how many identifiers the events of a hit may have in common. Each is looked up, and recorded, with every event: more would
// make a small hit a large one.
const maxShared = 64

// subjects hashes every identifier of the hit, in every form that it may be known in, and every identifier in a cookie that a vendor of the
// catalog keeps one in: whose hit it is does not matter for who the visitor is.
func (r *readState) subjects(in *Inputs) Reason {
	h := &r.Hit
	r.variants.own, r.variants.events = &r.Route.Recipient.spaces, len(h.Events)
	for i := range h.IDs {
		id, how := &h.IDs[i], ""
		switch f := r.field(&h.Nodes[id.Node]); {
		case id.Class == hit.Unknown:
			if !r.whole(i) {
				continue
			}
		case f != nil:
			how = f.Hashed
			fallthrough
		default:
			r.variants.add(id.Event, id.Class, how, h.Text(id.Node))
		}
		if r.budget.Spend(r.variants.steps()); r.budget.spent() {
			return OverLimit
		}
		if !r.fits(r.variants.grown()) {
			return OutOfMemory
		}
	}
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
	return r.hashVariants(in.Keys)
}

// whole adds what is, as a whole, an e-mail address or the number of a telephone, whatever it is called: where it is
// called one, or holds an id of the site's own, that was looked at before. It tells whether it added any.
func (r *readState) whole(i int) bool {
	h, f := &r.Hit, &r.variants
	id := &h.IDs[i]
	n := &h.Nodes[id.Node]
	text := h.Text(id.Node)
	if raw := h.Bytes(n.Val); n.Kind == hit.Text && raw[0] == '+' && ascii.IsDigit(raw[1]) { // a space, where "+" was meant
		f.room = append(append(f.room[:0], '+'), text[1:]...)
		text = f.room
	}
	norm, ok := pseudonym.Whole(text)
	if !ok {
		return false
	}
	class := hit.Email
	if norm == pseudonym.Dialled {
		class = hit.Phone
	}
	if field := r.field(n); field == nil || field.Hashed == "" {
		for before := i - 1; before >= 0 && h.IDs[before].Node == id.Node; before-- {
			if of := h.IDs[before].Class; of == class || class == hit.Email && general(of) {
				return false
			}
		}
	}
	f.given(id.Event, class, f.own[class], text)
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

// hashVariants hashes every form. What one event after another holds, as those of one visitor do, is hashed once.
func (r *readState) hashVariants(k *Keys) Reason {
	f := &r.variants
	for i := range r.hashed {
		r.hashed[i] = hit.None
	}
	for i := range f.all {
		of := &f.all[i]
		s := Subject{Event: of.event, Class: of.class}
		recent := &r.hashed[of.sum%uint64(len(r.hashed))]
		if *recent != hit.None && f.same(&f.all[*recent], of) {
			s.Hash, s.Ledger = r.Subjects[*recent].Hash, r.Subjects[*recent].Ledger
		} else {
			if r.budget.Spend(costID); r.budget.spent() {
				return OverLimit
			}
			text := f.text[of.from:of.to]
			s.Hash, s.Ledger = pseudonym.SubjectHash(&k.subject, of.space, text), pseudonym.SubjectHash(&k.ledger, of.space, text)
		}
		*recent = int32(i)
		r.Subjects = append(r.Subjects, s)
	}
	return Unjudged
}

// add adds an identifier; how says in which way it travels hashed, "" where it does not.
func (f *idVariants) add(event int32, class hit.Class, how string, text []byte) {
	switch {
	case how == catalog.UserData:
		f.userData(event, text)
	case class == hit.Email && (how == "sha256" || how == "" && hexadecimal(text, sha256.Size)):
		f.hash(event, class, emailSHA256, text)
	case class == hit.Email && (how == "md5" || how == "" && hexadecimal(text, md5.Size)):
		f.hash(event, class, emailMD5, text)
	case class == hit.Phone && (how == "sha256" || how == "" && hexadecimal(text, sha256.Size)):
		f.hash(event, class, phoneSHA256, text)
	case how != "":
		f.plain(event, class, f.own[class], pseudonym.Trimmed, text)
	default:
		f.given(event, class, f.own[class], text)
	}
}

// given adds an identifier that is there in plain, in every form that others may know it in. An e-mail address and a phone number are always
// among them as hashes: those alone are looked up and kept, for whoever has the plain one has its hashes too.
func (f *idVariants) given(event int32, class hit.Class, space string, text []byte) {
	at := bytes.IndexByte(text, '@') >= 0
	switch {
	case class == hit.Phone:
		if one, ok := f.normal(pseudonym.Dialled, text); ok {
			f.digest(event, class, phoneSHA256, one, nil)         // its digits, as Meta hashes them
			f.digest(event, class, phoneSHA256, one, []byte{'+'}) // E.164, as Google does
		}
	case class != hit.Email:
		f.plain(event, class, space, minimise.NormOf(class), text)
	case !at:
		return // an id that may be an e-mail address, and is none
	}
	if at && general(class) && class != hit.Phone { // a site's own id is often an e-mail address
		if one, ok := f.normal(pseudonym.Mailbox, text); ok {
			f.digest(event, hit.Email, emailSHA256, one, nil)
			f.digest(event, hit.Email, emailMD5, one, nil)
		}
	}
}

// normal writes a text in its normal form. Ok is false where nothing is in it.
func (f *idVariants) normal(norm pseudonym.Norm, text []byte) (of idVariant, ok bool) {
	of.from = len(f.text)
	f.text = pseudonym.AppendNormal(f.text, norm, text)
	of.to = len(f.text)
	return of, of.from != of.to
}

// plain adds a text in its normal form, where anything is in it.
func (f *idVariants) plain(event int32, class hit.Class, space string, norm pseudonym.Norm, text []byte) {
	if of, ok := f.normal(norm, text); ok {
		of.event, of.class, of.space = event, class, space
		f.keep(of)
	}
}

// hash adds a hash as it was given: in lower case.
func (f *idVariants) hash(event int32, class hit.Class, space string, text []byte) {
	f.plain(event, class, space, pseudonym.Mailbox, text)
}

// digest adds the hash of an identifier, with a prefix in front of it.
func (f *idVariants) digest(event int32, class hit.Class, space string, of idVariant, prefix []byte) {
	f.digests++
	from := len(f.text)
	f.text = append(append(f.text, prefix...), f.text[of.from:of.to]...)
	plain := f.text[from:]
	if space == emailMD5 {
		sum := md5.Sum(plain) //nolint:gosec // see above
		f.text = hex.AppendEncode(f.text[:from], sum[:])
	} else {
		sum := sha256.Sum256(plain)
		f.text = hex.AppendEncode(f.text[:from], sum[:])
	}
	hit.Forget(f.text, len(plain))
	f.keep(idVariant{event: event, class: class, space: space, from: from, to: len(f.text)})
}

// userData adds the hashes in a list as Google's tags write it: "tv.1~em.HASH~pn.HASH", SHA-256 in base64url.
func (f *idVariants) userData(event int32, text []byte) {
	for len(text) > 0 {
		var item []byte
		item, text, _ = bytes.Cut(text, []byte{'~'})
		name, encoded, _ := bytes.Cut(item, []byte{'.'})
		var sum [sha256.Size + 2]byte
		encoded = bytes.TrimRight(encoded, "=")
		if base64.RawURLEncoding.DecodedLen(len(encoded)) != sha256.Size {
			continue
		}
		if _, err := base64.RawURLEncoding.Decode(sum[:], encoded); err != nil {
			continue
		}
		of := idVariant{event: event, class: hit.Email, space: emailSHA256, from: len(f.text)}
		switch string(name) {
		case "em":
		case "pn":
			of.class, of.space = hit.Phone, phoneSHA256
		default:
			continue
		}
		f.text = hex.AppendEncode(f.text, sum[:sha256.Size])
		of.to = len(f.text)
		f.keep(of)
	}
}

func hexadecimal(text []byte, size int) bool {
	return len(text) == 2*size && ascii.HexDigits(text)
}

// idCookie is a cookie that a vendor keeps an identifier in.
type idCookie struct {
	catalog.CookieInfo
	family string
	space  string
}

// idCookies are the identifier cookies of the catalog, by the first byte of their names.
type idCookies [256][]idCookie

// cookies lists the identifier cookies: those of the built-in vendors, and of the policy's own.
func (c *compiler) cookies() error {
	add := func(family string, info catalog.CookieInfo) {
		of := &c.policy.cookies[info.Name[0]]
		one := idCookie{info, family, Namespace(info.Class, family)}
		if info.Class.Identifies() && !slices.Contains(*of, one) {
			*of = append(*of, one)
		}
	}
	for _, cookie := range catalog.BuiltinCookies() {
		add(cookie.Family, cookie.CookieInfo)
	}
	for _, r := range c.policy.recipients {
		for _, info := range r.Catalog.Cookies {
			add(r.Catalog.File.Kin(), info)
		}
	}
	return nil
}

// cookie adds the identifiers that a visitor's cookie holds, and tells whether it is one of identifiers. They belong to every event.
func (f *idVariants) cookie(p *Policy, name, value []byte) (named bool) {
	if len(name) == 0 {
		return false
	}
	of := p.cookies[name[0]]
	for i := range of {
		if !of[i].Named(name) {
			continue
		}
		f.room = of[i].AppendID(f.room[:0], value)
		f.given(hit.Shared, of[i].Class, of[i].space, f.room)
		named = true
	}
	return named
}
