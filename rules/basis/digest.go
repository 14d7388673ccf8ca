package basis

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strings"
)

// Digest names what an assessment means: SHA-256.
type Digest [sha256.Size]byte

// String writes the digest in hexadecimal, 64 characters.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Surroundings is what an assessment refers to and what is approved with it.
type Surroundings struct {
	Purposes map[string]PurposeTexts // by purpose id
	Hosts    map[string][]string     // by vendor id: where its data go, "www.google-analytics.com" or "10.0.0.7:8000"
}

// PurposeTexts is what visitors are told of a purpose, by language; "" is the language of a file that names none.
type PurposeTexts struct {
	Title, Description map[string]string
}

// Digest returns the digest of the meaning of everything in the assessment but its approval, of the texts of its purposes and of the hosts
// of its recipients. How the file is laid out, the order of its keys and of what is a set (purposes, recipients, safeguards), and the
// amount of white space in its texts change nothing; anything else does.
func (a *Assessment) Digest(around Surroundings) Digest {
	m := meaning{sha256.New()}
	m.text("tagwarden assessment 1")
	m.text(a.ID)
	m.text(a.Title)
	m.number(a.Version)
	m.text(a.Owner)
	m.set(a.Purposes)
	m.set(a.Recipients)
	for _, text := range []string{
		a.Interest.What, a.Interest.Benefit, a.Interest.IfWeDidNot,
		a.Necessity.Why, a.Necessity.Alternatives, a.Necessity.Minimised,
		a.Balancing.Relationship, a.Balancing.Expected, a.Balancing.Impact,
		a.Balancing.Children, a.Balancing.SpecialCategories, a.Balancing.Transparency,
	} {
		m.text(text)
	}
	m.set(a.Safeguards)
	m.texts(a.Data)
	m.text(a.DPIA)
	m.number(a.Retention.Months)
	m.number(a.Retention.Days)
	m.number(int(a.Retention.Clock))
	m.text(a.Objection.How)
	m.text(a.Objection.CompellingGrounds)
	m.text(a.ReviewBy.String())
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
	if !a.Decided.IsZero() {
		m.text(a.Decided.String())
	}
	return Digest(m.Sum(nil))
}

// meaning hashes values so that no two lists of values give the same bytes: every text and every list comes behind its length.
type meaning struct{ hash.Hash }

func (m meaning) number(n int) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	m.Write(b[:])
}

func (m meaning) flag(f bool) {
	if f {
		m.number(1)
	} else {
		m.number(0)
	}
}

func (m meaning) text(s string) {
	s = strings.Join(strings.Fields(s), " ")
	m.number(len(s))
	m.Write([]byte(s))
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
