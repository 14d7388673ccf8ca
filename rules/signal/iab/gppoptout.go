package iab

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// USOptOuts is what US sections say together, see [GPPString.OptOuts]. Each is an objection; that one is missing is no
// consent.
type USOptOuts struct {
	Sale, Sharing, Targeted bool // opted out of
	GPC                     bool // the browser sent Global Privacy Control when the string was made
	Present                 bool // a US section that is in force can be read
	// a US section that is in force is not in the string, or one that is in it of a kind that is not known
	Unclear bool
}

// OptOuts puts together the opt-outs of the sections in force, which gpp_sid names. Where it is missing, inForce is nil
// and every section of the string counts; -1 and 0 mean that none is in force.
func (g *GPPString) OptOuts(inForce []int) USOptOuts {
	var o USOptOuts
	for i := range g.sections {
		s := &g.sections[i]
		if inForce != nil && !slices.Contains(inForce, int(s.id)) {
			continue
		}
		switch {
		case s.us.layout != nil:
			o.Present = true
			o.Sale = o.Sale || s.us.value(s.us.layout.sale) == optedOut
			o.Sharing = o.Sharing || s.us.value(s.us.layout.sharing) == optedOut
			o.Targeted = o.Targeted || s.us.value(s.us.layout.targeted) == optedOut
			o.GPC = o.GPC || s.us.gpc
		case s.id == sectionUSP:
			o.Present = true
			o.Sale = o.Sale || g.usp.OptedOut()
		case s.id > sectionUSP:
			o.Unclear = true
		}
	}
	for _, id := range inForce {
		o.Unclear = o.Unclear || id >= sectionUSP && !g.has(id)
	}
	return o
}

func (g *GPPString) has(id int) bool {
	for i := range g.sections {
		if int(g.sections[i].id) == id {
			return true
		}
	}
	return false
}

// maxSID bounds the text of gpp_sid; it names two sections at most.
const maxSID = 64

// ParseSID reads gpp_sid: section ids joined by commas ("2,6") or, as on mobile systems, underscores ("2_3"),
// or "-1" or "0" for none in force. Ok is false for anything else, as a macro that nobody replaced: then
// every section of the string is to count.
func ParseSID(text []byte) (ids []int, ok bool) {
	if string(text) == "-1" {
		return []int{-1}, true
	}
	if len(text) == 0 || len(text) > maxSID {
		return nil, false
	}
	id, digits := 0, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && ascii.IsDigit(text[i]) && digits < 2:
			id = id*10 + int(text[i]-'0')
			digits++
		case i < len(text) && text[i] != ',' && text[i] != '_', digits == 0, id > maxSection:
			return nil, false
		default:
			ids = append(ids, id)
			id, digits = 0, 0
		}
	}
	if len(ids) > 1 && slices.Contains(ids, 0) {
		return nil, false
	}
	return ids, true
}
