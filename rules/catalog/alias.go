package catalog

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// alias reads what a node is called where the catalog leaves names to the site: "email" is an e-mail address wherever
// it stands. What has no name of its own, an element of a list, is called as the list is.
func (r *reading) alias(i int32, f *FieldInfo) {
	h := r.h
	n := &h.Nodes[i]
	if !f.Names && n.Layers&ofSite == 0 || !n.Free || n.Parent == hit.None || r.v.names == nil {
		return
	}
	p := &h.Nodes[n.Parent]
	var name, parent []byte
	switch p.Kind {
	case hit.Object:
		name = h.Bytes(h.KeySpan(i))
		parent = r.container(n.Parent)
	case hit.Item:
		name, parent = h.Bytes(h.KeySpan(i)), anItem
	case hit.Markup:
		name = h.Bytes(h.KeySpan(i))
	case hit.Form:
		name = h.Bytes(h.KeySpan(i))
		if at := bytes.LastIndexAny(name, ".["); at >= 0 {
			parent, name = name[:at], name[at+1:]
		}
	default:
		return
	}
	class, many := r.v.names.Read(parent, name, n.Kind.Holds())
	if p.Kind == hit.Object && isValue(name) {
		if beside, of := r.namedBeside(n.Parent, parent); beside != hit.Unknown {
			class, many = beside, of
		}
	}
	if class != hit.Unknown && (n.Kind != hit.Bool || !spelled(class)) {
		n.Alias, n.Many = class, many
	}
}

// spelled tells whether values of the class are texts or numbers: yes and no are none of them. That "mobile" is true
// says what sort of device it is, and no number.
func spelled(class hit.Class) bool {
	switch class {
	case hit.PersonName, hit.Email, hit.Phone, hit.PostalAddress, hit.BirthDate, hit.UserID, hit.ClientID, hit.DeviceID,
		hit.ExternalID, hit.AdvertisingID, hit.SessionID, hit.Credential, hit.IP, hit.PreciseGeo, hit.CoarseGeo:
		return true
	default:
		return false
	}
}

// namedBeside is what the value in an object is by the name that is written beside it: {"name": "first_name", "value":
// "Jane"}. Names stand in front: few members are looked at.
func (r *reading) namedBeside(object int32, parent []byte) (class hit.Class, many bool) {
	h := r.h
	for c, left := h.Nodes[object].First, 8; c != hit.None && left > 0; c, left = h.Nodes[c].Next, left-1 {
		if h.Nodes[c].Kind != hit.String || h.Nodes[c].Val.Len() > longestName || !isName(h.Bytes(h.KeySpan(c))) {
			continue
		}
		if class, many = r.v.names.Read(parent, h.Text(c), false); class != hit.Unknown {
			return class, many
		}
	}
	return hit.Unknown, false
}

// longestName is how long a name beside a value is at most, in bytes.
const longestName = 128

// isValue tells whether a member is called as what goes by the name beside it.
func isValue(name []byte) bool {
	switch string(name) {
	case "value", "values", "val", "v", "answer":
		return true
	default:
		return false
	}
}

// isName tells whether a member is called as what names the value beside it.
func isName(name []byte) bool {
	switch string(name) {
	case "name", "key", "k", "id", "field", "fieldName", "field_name", "label", "type", "property", "attribute",
		"question":
		return true
	default:
		return false
	}
}

// anItem is what an item of an order is called.
var anItem = []byte("item")

// container is what an object or list is called: its own name, or that of the list or text around it; by its schema,
// where one is named beside it.
func (r *reading) container(i int32) []byte {
	h := r.h
	if schema := r.schemaBeside(i); schema != nil {
		return schema
	}
	for ; i != hit.None; i = h.Nodes[i].Parent {
		n := &h.Nodes[i]
		if n.Key.Len() > 0 {
			return h.Bytes(h.KeySpan(i))
		}
		if n.Parent == hit.None || h.Nodes[n.Parent].Kind != hit.Array && !h.Nodes[n.Parent].Opened {
			return nil
		}
	}
	return nil
}
