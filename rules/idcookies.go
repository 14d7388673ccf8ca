package rules

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// idCookie is a cookie that a vendor keeps an identifier in.
type idCookie struct {
	catalog.CookieInfo
	file   *catalog.File
	family string
	in     *idField
}

// idCookies are the identifier cookies of the catalog, by the first byte of their names.
type idCookies [256][]idCookie

// cookies lists the identifier cookies: those of the built-in vendors, and of the policy's own.
func (c *compiler) cookies() error {
	for _, cookie := range catalog.BuiltinCookies() {
		if err := c.cookie(cookie.File, cookie.CookieInfo); err != nil {
			return err
		}
	}
	for _, r := range c.policy.recipients {
		for _, info := range r.Catalog.Cookies {
			if err := c.cookie(r.Catalog.File, info); err != nil {
				return wrong("vendors."+r.ID, "%v", err)
			}
		}
	}
	return nil
}

func (c *compiler) cookie(file *catalog.File, info catalog.CookieInfo) error {
	family := cmp.Or(info.Family, file.Kin())
	all := &c.policy.cookies[info.Name[0]]
	same := func(other idCookie) bool { return other.CookieInfo == info && other.family == family }
	if !info.Class.Identifies() || slices.ContainsFunc(*all, same) {
		return nil
	}
	in, ok := c.newIDField(file, info.Family, info.Format, info.Exact)
	if !ok {
		return wrong("cookies."+info.Name, "%q is no format of an identifier", info.Format)
	}
	*all = append(*all, idCookie{info, file, family, &in})
	return nil
}

// origin is where an identifier of a class may come from: a field, or a cookie.
type origin struct {
	class hit.Class
	names [3]string // of catalog entries by which it is meant: the entry's, its family's, and that of the id's own
	in    *idField
}

// is tells whether an identifier of a class, of a vendor where one is named, may come from there.
func (o *origin) is(class hit.Class, vendor string, named bool) bool {
	return o.class == class && (!named || vendor != "" && slices.Contains(o.names[:], vendor))
}

// origins lists where identifiers that SDKs and devices make may come from, in the vendors of the policy and in the
// cookies of every vendor of the catalog.
func (c *compiler) origins() error {
	c.policy.anywhere = &idField{spaces: c.spacesOf(new(catalog.File), "")}
	add := func(class hit.Class, file *catalog.File, family string, in *idField) {
		of := origin{class, [3]string{file.ID, file.Kin(), cmp.Or(family, file.Kin())}, in}
		if family != "" && c.isEntry(family) { // another's id is not meant by the name of where it stands
			of.names = [3]string{family}
		}
		same := func(other origin) bool {
			return other.class == class && other.names == of.names && *other.in == *in
		}
		if made(class) && !slices.ContainsFunc(c.policy.origins, same) {
			c.policy.origins = append(c.policy.origins, of)
		}
	}
	for _, r := range c.policy.recipients {
		known := map[hit.Class]bool{}
		for i := range r.Catalog.Fields {
			f := &r.Catalog.Fields[i]
			for _, class := range append(slices.Clip(f.Also), f.Class) {
				add(class, r.Catalog.File, f.Family, &r.ids[i])
				known[class] = known[class] || f.Family == ""
			}
		}
		for class := range hit.NumClasses {
			if !known[class] { // a site may call a field of its own so
				add(class, r.Catalog.File, "", &r.unknown)
			}
		}
	}
	for _, all := range c.policy.cookies {
		for i := range all {
			add(all[i].Class, all[i].file, all[i].Family, all[i].in)
		}
	}
	return nil
}

// CookieIdentity is an identifier that a browser keeps in a cookie: its name as Identities reads it, and its value.
type CookieIdentity struct {
	Name  string
	Value string
}

// CookieIdentities lists the identifiers in a browser's cookies that an SDK made at random. What a site knows people by (user ids, e-mail
// addresses) is not among them, nor what has not the form in which the SDK makes them, for a site may have put such an id there: who can
// guess it could speak for somebody else.
func (p *Policy) CookieIdentities(jar signal.Jar) []CookieIdentity {
	var all []CookieIdentity
	jar.Cookies(func(name, value []byte) bool {
		if len(name) == 0 {
			return true
		}
		for _, c := range p.cookies[name[0]] {
			if !c.Named(name) {
				continue
			}
			id := bytes.TrimSpace(c.AppendID(nil, value))
			one := CookieIdentity{c.in.spaces[c.Class].name, string(id)}
			if c.in.kind(c.Class, id) == Browser && !Placeholder(id) && !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
		return true
	})
	return all
}

// AccountCookies tells whether a cookie in which an SDK keeps a browser's id holds one that is not in the SDK's form: a
// site may have put the name of an account there.
func (p *Policy) AccountCookies(jar signal.Jar) bool {
	found := false
	jar.Cookies(func(name, value []byte) bool {
		if len(name) == 0 {
			return true
		}
		for _, c := range p.cookies[name[0]] {
			if general(c.Class) || !c.Named(name) {
				continue
			}
			id := bytes.TrimSpace(c.AppendID(nil, value))
			found = found || len(id) > 0 && c.in.kind(c.Class, id) != Browser
		}
		return !found
	})
	return found
}

// BrowserID tells whether an identifier, named as [Policy.Identities] reads it, is one that an SDK made at random for a
// browser or device: knowing it is then enough to object for it.
func (p *Policy) BrowserID(name string, id []byte) bool {
	class, vendor, named := strings.Cut(name, ":")
	c, ok := hit.ParseClass(class)
	for i := range p.origins {
		if of := &p.origins[i]; ok && of.is(c, vendor, named) && of.in.kind(c, id) == Browser {
			return true
		}
	}
	return false
}
