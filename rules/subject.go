package rules

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Namespace is what an identifier of a class is hashed with. What a site knows a person by is one namespace for all vendors and sites;
// an id that a vendor's SDK made (client, device, advertising ids) is the vendor's own, by its catalog id.
func Namespace(class hit.Class, catalog string) string {
	switch class {
	case hit.UserID, hit.Email, hit.Phone, hit.ExternalID:
		return class.String()
	default:
		return class.String() + ":" + catalog
	}
}

// maxShared is how many identifiers the events of a hit may have in common. Each is looked up, and recorded, with every event: more would
// make a small hit a large one.
const maxShared = 64

// subjects hashes every identifier of the hit, each as often as there are namespaces it may be known in.
func (j *Judgement) subjects(in *Inputs) Reason {
	h := &j.Hit
	if len(h.IDs) == 0 {
		return Unjudged
	}
	if in.Keys == nil {
		return Failed
	}
	r := j.Route.Recipient
	shared := 0
	for i := range h.IDs {
		id := &h.IDs[i]
		if id.Event == hit.Shared {
			if shared++; shared > maxShared {
				return OverLimit
			}
		}
		space, form := r.spaces[id.Class], minimise.NormOf(id.Class)
		if f := j.field(&h.Nodes[id.Node]); f != nil && f.Hashed != "" {
			space, form = hashed(r, id.Class, f.Hashed), pseudonym.Trimmed
		}
		if id.Class == hit.Email && form == pseudonym.Mailbox && bytes.IndexByte(h.Text(id.Node), '@') < 0 {
			continue // an id that may be an e-mail address, and is none
		}
		j.normal = pseudonym.AppendNormal(j.normal[:0], form, h.Text(id.Node))
		if len(j.normal) == 0 {
			continue
		}
		j.Subjects = append(j.Subjects, Subject{
			Event: id.Event, Class: id.Class,
			Hash:   pseudonym.SubjectHash(&in.Keys.subject, space, j.normal),
			Ledger: pseudonym.SubjectHash(&in.Keys.ledger, space, j.normal),
		})
	}
	return Unjudged
}

// hashed is the namespace of identifiers that travel hashed: a hash is never taken for what it was made of.
func hashed(r *Recipient, class hit.Class, how string) string {
	switch {
	case class == hit.Email && how == "sha256":
		return "email_sha256"
	case class == hit.Email && how == "md5":
		return "email_md5"
	case class == hit.Phone && how == "sha256":
		return "phone_sha256"
	default:
		return r.spaces[class]
	}
}
