package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Namespace is what an identifier of a class is hashed with. What a site knows a person by, and what a device is
// known by to every app on it, is one namespace for all vendors and sites; an id that a vendor's SDK made (client,
// device ids) is that of its family (see [catalog.File.Kin]): of the vendor alone, or of those that take over each
// other's ids.
func Namespace(class hit.Class, family string) string {
	if class == hit.AdvertisingID {
		return class.String()
	}
	return firstNamespace(class, family)
}

// firstNamespace is Namespace as it was in the first form.
func firstNamespace(class hit.Class, family string) string {
	if general(class) {
		return class.String()
	}
	return class.String() + ":" + family
}

// general tells whether a site itself knows a person, or a group of them, by ids of a class.
func general(class hit.Class) bool {
	return class == hit.UserID || class == hit.Email || class == hit.Phone || class == hit.ExternalID
}

// made tells whether SDKs and devices make ids of a class.
func made(class hit.Class) bool {
	return class == hit.ClientID || class == hit.DeviceID || class == hit.AdvertisingID
}

// Namespaces of identifiers that are known as a hash, in hexadecimal: a hash is never taken for what it was made of.
const (
	emailSHA256  = "email_sha256"
	emailMD5     = "email_md5"
	phoneSHA256  = "phone_sha256"
	userIDSHA256 = "user_id_sha256" // of an id that a site knows people by
)

// space is a namespace of identifiers: the newest form's, and those that they had in the first form.
type space struct {
	name  string
	first []string
}

// The spaces of hashes are the same in every form.
var (
	spaceEmailSHA256  = &space{emailSHA256, []string{emailSHA256}}
	spaceEmailMD5     = &space{emailMD5, []string{emailMD5}}
	spacePhoneSHA256  = &space{phoneSHA256, []string{phoneSHA256}}
	spaceUserIDSHA256 = &space{userIDSHA256, nil} // the first form had none
)

// spaces are the namespaces of a family's identifiers, by class.
type spaces [hit.NumClasses]space

// spacesOf are the namespaces of ids in the fields of a catalog entry; family is whose they are where that is
// another's. In the first form each entry that joined a family later had its own.
func (c *compiler) spacesOf(file *catalog.File, family string) *spaces {
	key := spacesKey{file, family}
	if s, ok := c.spaces[key]; ok {
		return s
	}
	kin, files := cmp.Or(family, file.Kin()), c.files()
	entry := c.isEntry(kin)
	s := new(spaces)
	for class := range hit.NumClasses {
		of := &s[class]
		of.name = Namespace(class, kin)
		add := func(f *catalog.File) {
			if first := firstNamespace(class, f.FirstKin()); !slices.Contains(of.first, first) {
				of.first = append(of.first, first)
			}
		}
		add(file)
		for _, f := range files {
			switch {
			case class == hit.AdvertisingID && c.has(f, class, ""), entry && f.Kin() == kin:
				add(f)
			case !entry && made(class) && c.has(f, class, kin): // an id of the device: no entry's own
				add(f)
			}
		}
	}
	c.spaces[key] = s
	return s
}

// files are those of all entries that the policy knows of.
func (c *compiler) files() []*catalog.File {
	files := slices.Clip(catalog.Builtins())
	for i := range c.draft.Vendors {
		files = append(files, c.draft.Vendors[i].Catalog)
	}
	return files
}

// isEntry tells whether a family is called as an entry is, the one whose SDKs make its ids.
func (c *compiler) isEntry(family string) bool {
	return slices.ContainsFunc(c.files(), func(f *catalog.File) bool { return f.ID == family && f.Kin() == family })
}

// has is [catalog.File.Has], which looks at every field of a file and is asked the same for each vendor.
func (c *compiler) has(f *catalog.File, class hit.Class, family string) bool {
	key := hasKey{f, class, family}
	has, known := c.having[key]
	if !known {
		has = f.Has(class.String(), family)
		c.having[key] = has
	}
	return has
}

type hasKey struct {
	file   *catalog.File
	class  hit.Class
	family string
}

type spacesKey struct {
	file   *catalog.File
	family string
}

// idField is what makes an identifier in a field, or in a cookie, one.
type idField struct {
	spaces *spaces
	hashed string           // the way in which it travels hashed; "" where it does not
	format pseudonym.Format // of ids that SDKs and devices make
	exact  bool             // the vendor refuses ids of another format
}

// newIDField makes ready what the catalog says of a field of a file, or of a
// cookie. The error says what is wrong there.
func (c *compiler) newIDField(file *catalog.File, family, format string, exact bool) (f idField, err error) {
	if family != "" && family != theDevice && !c.isEntry(family) {
		return f, fmt.Errorf("family: %q is no catalog entry that is of its own family, nor %q", family, theDevice)
	}
	if f.format, err = parseFormat(format, exact); err != nil {
		return f, err
	}
	f.spaces, f.exact = c.spacesOf(file, family), exact
	return f, nil
}

// CheckFormat says what is wrong with the format of an identifier as a vendor file gives it.
func CheckFormat(text string) error {
	name, exact := catalog.Format(text)
	_, err := parseFormat(name, exact)
	return err
}

func parseFormat(name string, exact bool) (pseudonym.Format, error) {
	f, known := pseudonym.ParseFormat(name)
	switch {
	case !known && exact:
		name = "exact " + name
	case known && exact && !f.OneForm():
		return f, fmt.Errorf("\"exact %s\" is no format of an identifier: of this form is any text, so that nothing can be "+
			"refused", name)
	case known:
		return f, nil
	}
	return f, fmt.Errorf("%q is no format of an identifier", name)
}

// theDevice is the family of what an operating system calls a device, to every app on it.
const theDevice = "device"

// appendRead appends an id of an exact format as the vendor reads it; nothing where the vendor refuses it, for it is
// of another form: it is not sent then, since nobody knows what it is.
func (f *idField) appendRead(dst, id []byte) []byte {
	if !f.format.Fits(id) {
		return dst
	}
	return pseudonym.AppendNormal(dst, f.format.Norm(true), id)
}

// norm is how an identifier of a class in the field is brought to one form. What is known beyond the vendor has one
// for all of them.
func (f *idField) norm(class hit.Class) pseudonym.Norm {
	switch class {
	case hit.Email:
		return pseudonym.Address
	case hit.Phone:
		return pseudonym.Number
	case hit.ClientID, hit.DeviceID:
		return f.format.Norm(f.exact)
	default:
		return pseudonym.Text.Norm(false)
	}
}

// kind says whom an identifier of a class in the field stands for. An id of a browser or device that has not the
// random form of its SDK is as likely a name that the site gave it.
func (f *idField) kind(class hit.Class, id []byte) SubjectKind {
	switch {
	case class == hit.UserID, class == hit.Email, class == hit.Phone:
		return Person
	case made(class) && f.format.Random(id):
		return Browser
	default:
		return OtherSubject
	}
}
