package basis

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"maps"
	"slices"
)

// Digest names what an assessment means: SHA-256.
type Digest [sha256.Size]byte

// String writes the digest in hexadecimal, 64 characters.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Surroundings is what an assessment refers to, what rests on it, and what is approved with it.
type Surroundings struct {
	Purposes map[string]PurposeTexts // by purpose id
	Hosts    map[string][]string     // by vendor id: where its data go, "www.google-analytics.com" or "10.0.0.7:8000"

	// What the first form did not cover.
	Flags      map[string]Facts            // by purpose id: what it says beside its texts
	Recipients map[string]Facts            // by vendor id: its catalog entry, and what a vendor file of one's own says
	Activities map[string]map[string]Facts // by assessment and activity: what rests on it

	Controller string // who is responsible, by name; what was signed before it was covered has none
}

// PurposeTexts is what visitors are told of a purpose, by language; "" is the language of a file that names none.
type PurposeTexts struct {
	Title, Description map[string]string
}

// Form is the number of the form that digests have and approvals are written in. The first covered the document, the
// texts of its purposes and the hosts of its recipients; what was signed in it is worth nothing any more ([FormOld]).
const Form = 2

// Digest returns the digest of the meaning of everything in the assessment but its approval, and of what stands around
// it: its purposes, its recipients, the activities that rest on it, and the controller's name. How files
// are laid out, the order of their keys and of what is a set, and the amount of white space in texts for
// people change nothing; anything else does.
func (a *Assessment) Digest(around Surroundings) Digest {
	h := sha256.New()
	a.write(meaning{h}, around)
	return Digest(h.Sum(nil))
}

// write writes what is digested.
func (a *Assessment) write(m meaning, around Surroundings) {
	m.text("tagwarden assessment 2")
	a.document(m)
	m.text(a.Decided.String())
	a.told(m, around)
	for _, id := range sorted(a.Purposes) {
		m.facts(around.Flags[id])
	}
	for _, id := range sorted(a.Recipients) {
		m.facts(around.Recipients[id])
	}
	resting := around.Activities[a.ID]
	m.number(len(resting))
	for _, id := range slices.Sorted(maps.Keys(resting)) {
		m.exact(id)
		m.facts(resting[id])
	}
	facts := a.newer()
	if name := oneLine(around.Controller); name != "" {
		facts["controller"] = []string{name}
	}
	if len(facts) > 0 {
		m.facts(facts)
	}
}

// FirstDigest returns the digest in the first form, by which approvals of that form are known.
func (a *Assessment) FirstDigest(around Surroundings) Digest {
	h := sha256.New()
	m := meaning{h}
	m.text("tagwarden assessment 1")
	a.document(m)
	a.told(m, around)
	if !a.Decided.IsZero() {
		m.text(a.Decided.String())
	}
	if facts := a.newer(); len(facts) > 0 {
		m.facts(facts)
	}
	return Digest(h.Sum(nil))
}

// document writes what the document says, but for the day from which on it holds,
// and for what [Assessment.newer] lists.
func (a *Assessment) document(m meaning) {
	m.text(a.ID)
	m.text(a.Title[""])
	m.number(a.Version)
	m.text(a.Owner)
	m.set(a.Purposes)
	m.set(a.Recipients)
	for _, text := range []string{
		a.Interest.What[""], a.Interest.Benefit[""], a.Interest.IfWeDidNot[""],
		a.Necessity.Why[""], a.Necessity.Alternatives[""], a.Necessity.Minimised[""],
		a.Balancing.Relationship[""], a.Balancing.Expected[""], a.Balancing.Impact,
		a.Balancing.Children, a.Balancing.SpecialCategories, a.Balancing.Transparency[""],
	} {
		m.text(text)
	}
	m.set(a.Safeguards)
	m.texts(a.Data)
	m.text(a.DPIA)
	m.number(a.Retention.Months)
	m.number(a.Retention.Days)
	m.number(int(a.Retention.Clock))
	m.text(a.Objection.How[""])
	m.text(a.Objection.CompellingGrounds[""])
	m.text(a.ReviewBy.String())
}

// told writes what visitors are told of the purposes, and where data go.
func (a *Assessment) told(m meaning, around Surroundings) {
	for _, id := range sorted(a.Purposes) {
		texts, known := around.Purposes[id]
		m.flag(known)
		m.texts(texts.Title)
		m.texts(texts.Description)
	}
	for _, id := range sorted(a.Recipients) {
		hosts, known := around.Hosts[id]
		m.flag(known)
		m.set(hosts)
	}
}

// meaning writes values so that no two lists of values give the same bytes: every text and every list comes behind its
// length. What it writes to does not fail.
type meaning struct{ io.Writer }

func (m meaning) number(n int) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	_, _ = m.Write(b[:])
}

func (m meaning) flag(f bool) {
	if f {
		m.number(1)
	} else {
		m.number(0)
	}
}

// text writes a text for people, in which white space is white space.
func (m meaning) text(s string) { m.exact(oneLine(s)) }

// exact writes a text byte for byte.
func (m meaning) exact(s string) {
	m.number(len(s))
	_, _ = io.WriteString(m, s)
}

// facts writes facts in the order of their keys.
func (m meaning) facts(facts Facts) {
	m.number(len(facts))
	for _, key := range slices.Sorted(maps.Keys(facts)) {
		m.exact(key)
		m.number(len(facts[key]))
		for _, value := range facts[key] {
			m.exact(value)
		}
	}
}

func (m meaning) set(list []string) {
	list = sorted(list)
	m.number(len(list))
	for _, s := range list {
		m.text(s)
	}
}

func (m meaning) texts(by map[string]string) {
	m.number(len(by))
	for _, key := range slices.Sorted(maps.Keys(by)) {
		m.text(key)
		m.text(by[key])
	}
}

func sorted(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
