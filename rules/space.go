package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
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

// space is a namespace of identifiers: the newest form's, and those that they had in the first form.
type space struct {
	name  string
	first []string
}

// The spaces of hashes are the same in every form.
var (
	spaceEmailSHA256 = &space{emailSHA256, []string{emailSHA256}}
	spaceEmailMD5    = &space{emailMD5, []string{emailMD5}}
	spacePhoneSHA256 = &space{phoneSHA256, []string{phoneSHA256}}
)

// spaces are the namespaces of a family's identifiers, by class.
type spaces [hit.NumClasses]space

// newSpaces makes the namespaces of a family. Own are the ids by which entries of it were called in the first form.
func newSpaces(family string, own ...string) *spaces {
	s := new(spaces)
	for class := range hit.NumClasses {
		of := &s[class]
		of.name = Namespace(class, family)
		for _, id := range own {
			if first := Namespace(class, id); !slices.Contains(of.first, first) {
				of.first = append(of.first, first)
			}
		}
	}
	return s
}

// spacesOf are the namespaces of the ids of a catalog entry.
func (c *compiler) spacesOf(file *catalog.File) *spaces { return newSpaces(file.Kin(), file.Kin()) }

// idField is what makes an identifier in a field, or in a cookie, one.
type idField struct {
	spaces *spaces
	hashed string           // the way in which it travels hashed; "" where it does not
	norm   pseudonym.Norm   // of ids that an SDK or the site made
	format pseudonym.Format // of ids that an SDK made
}

// normOf is how an identifier of a class in the field is brought to one form.
func (f *idField) normOf(class hit.Class) pseudonym.Norm {
	switch class {
	case hit.Email:
		return pseudonym.Address
	case hit.Phone:
		return pseudonym.Number
	default:
		return f.norm
	}
}

// kindOf says whom an identifier of a class stands for.
func (f *idField) kindOf(class hit.Class) SubjectKind {
	switch class {
	case hit.UserID, hit.Email, hit.Phone:
		return Person
	default:
		return OtherSubject
	}
}
