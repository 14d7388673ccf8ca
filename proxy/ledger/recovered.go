package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Recovered is what a start knows from the records of the servers before it: what became of assessments, where the log
// of objections stood, how the key state was, and which numbers hits had.
type Recovered struct {
	Facts   basis.Past
	Signers map[string]string // by assessment: the key that signed the version of Facts.Seen
	// by assessment: the form that the version of Facts.Seen was approved in; 1 where none was said
	Forms    map[string]int
	Reminded map[Review]int // the last mark at which people were told of a review
	Head     Head           // where the log of objections stood; of size 0: nothing was objected to
	Keys     RecoveredKeys
	Hits     uint64           // the highest number of a hit
	Aside    map[string]bool  // what was set aside and recorded, by the digests of the files that say so, in hex
	Erasing  map[uint64]bool  // by number of its first record: a segment of which lines are to go, and have not gone
	Periods  Periods          // for how long records are kept
	Tokens   map[string]Token // by name: those of the API that are in force
	Cluster  string           // the one whose log the node has shared last; "": none

	// What was decided of events, as records of late say it, from the decision to the rungs: it is said again and again.
	// The assessment stands among it, and nowhere behind.
	alike  [4][]byte
	oldest int
}

// Review is a review of an assessment that is to come.
type Review struct{ Assessment, By string }

// nothing is what a ledger without records remembers.
func nothing() *Recovered {
	return &Recovered{
		Facts:    basis.Past{Revoked: map[string]int{}, Seen: map[string]int{}, Keys: map[string]bool{}},
		Signers:  map[string]string{},
		Forms:    map[string]int{},
		Reminded: map[Review]int{},
		Aside:    map[string]bool{},
		Erasing:  map[uint64]bool{},
		Tokens:   map[string]Token{},
	}
}

// kindOf is the kind of a record; it stands behind the time.
func kindOf(record []byte) []byte {
	const before = `"kind":"`
	head := record[:min(len(record), 96)]
	at := behindTime(head, before)
	if at < 0 {
		at = bytes.Index(head, []byte(before))
	}
	if at < 0 {
		return nil
	}
	head = head[at+len(before):]
	return head[:max(bytes.IndexByte(head, '"'), 0)]
}

// behindTime is where text stands, where that is right behind the time that a record begins with; -1: it is not.
func behindTime(record []byte, text string) int {
	const before = `{"time":"`
	if !hasPrefix(record, before) {
		return -1
	}
	at := bytes.IndexByte(record[len(before):], '"') + len(before)
	if at < len(before) || !hasPrefix(record[at:], `",`) || !hasPrefix(record[at+2:], text) {
		return -1
	}
	return at + 2
}

func hasPrefix(b []byte, text string) bool {
	return len(b) >= len(text) && string(b[:len(text)]) == text
}

// observe remembers what a record says.
func (r *Recovered) observe(record []byte) error {
	switch string(kindOf(record)) {
	case KindEvent:
		r.observeEvent(record)
	case KindOutcome, KindShape, KindRefused:
	case KindHead:
		return r.observeHead(record)
	case KindSetAside:
		r.Aside[gjson.GetBytes(record, "digest").Str] = true
	case KindErasure:
		r.Erasing[gjson.GetBytes(record, "segment").Uint()] = true
	case KindErased:
		delete(r.Erasing, gjson.GetBytes(record, "segment").Uint())
	case KindPeriods:
		r.Periods.observe(record)
	case KindCluster:
		r.observeCluster(record)
	case KindToken:
		r.observeToken(record)
	case KindPromises:
		r.observePromised(record)
	case KindKey:
		r.Keys.observe(record)
	case KindApproval:
		id, version := assessedIn(record)
		form := int(gjson.GetBytes(record, "approval_form").Int())
		r.Approve(id, version, form, gjson.GetBytes(record, "key").String())
	case KindRevocation:
		id, version := assessedIn(record)
		r.Facts.Revoked[id] = max(r.Facts.Revoked[id], version)
	case KindDue:
		id, _ := assessedIn(record)
		r.Reminded[Review{id, gjson.GetBytes(record, "review_by").String()}] = int(gjson.GetBytes(record, "days").Int())
	}
	r.Keys.Known = true
	return nil
}

// observeEvent remembers the number of an event's hit, and the assessment that it travelled on.
func (r *Recovered) observeEvent(record []byte) {
	r.Hits = max(r.Hits, hitOf(record))
	decided := bytes.Index(record, []byte(`,"decision":"`))
	if decided >= 0 && slices.ContainsFunc(r.alike[:], func(said []byte) bool {
		return len(said) > 0 && bytes.HasPrefix(record[decided:], said)
	}) {
		return
	}
	r.observeAssessment(record)
	if decided < 0 {
		return
	}
	if said, _, ok := bytes.Cut(record[decided:], []byte(`,"rungs":"`)); ok && len(said) <= longestFront {
		r.alike[r.oldest] = append(append(r.alike[r.oldest][:0], said...), `,"rungs":"`...)
		r.oldest = (r.oldest + 1) % len(r.alike)
	}
}

// hitOf is the number of an event's hit; 0: it does not say one.
func hitOf(record []byte) (n uint64) {
	const before, first = `"hit":`, `"kind":"event","hit":`
	at := behindTime(record, first)
	if at >= 0 {
		at += len(first) - len(before)
	} else if at = bytes.Index(record[:min(len(record), 128)], []byte(before)); at < 0 {
		return 0
	}
	for _, c := range record[at+len(before):] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// observeAssessment remembers the assessment that an event travelled on.
func (r *Recovered) observeAssessment(record []byte) {
	if !bytes.Contains(record, []byte(`"assessment":"`)) ||
		gjson.GetBytes(record, "decision").Str != rules.Permit.String() {
		return
	}
	id, version := assessedIn(record)
	r.Facts.Seen[id] = max(r.Facts.Seen[id], version)
}

// assessedIn is the assessment that a record is about, and its version.
func assessedIn(record []byte) (id string, version int) {
	return gjson.GetBytes(record, "assessment").String(), int(gjson.GetBytes(record, "assessment_version").Int())
}

// observeHead remembers where the log of objections stood.
func (r *Recovered) observeHead(record []byte) error {
	root, err := hex.DecodeString(gjson.GetBytes(record, "root").Str)
	if err != nil || len(root) != len(r.Head.Root) {
		return errors.New("a record says where the log of objections stood, and cannot be read")
	}
	r.Head = Head{Size: gjson.GetBytes(record, "size").Uint(), Root: [32]byte(root)}
	return nil
}

// Approve remembers that a version came into force, in which form it was approved, and who signed it.
func (r *Recovered) Approve(id string, version, form int, key string) {
	if version > r.Facts.Seen[id] {
		r.Forms[id] = 0
	}
	if version >= r.Facts.Seen[id] {
		r.Forms[id] = max(r.Forms[id], form, 1)
	}
	r.Facts.Seen[id] = max(r.Facts.Seen[id], version)
	if key != "" {
		r.Facts.Keys[key] = true
		r.Signers[id] = key
	}
}

// remembered is how a summary holds it.
type remembered struct {
	Revoked  map[string]int    `json:"revoked,omitempty"`
	Seen     map[string]int    `json:"seen,omitempty"`
	Forms    map[string]int    `json:"forms,omitempty"`
	Signers  map[string]string `json:"signers,omitempty"`
	Keys     []string          `json:"approver_keys,omitempty"`
	Reminded []reminded        `json:"reminded,omitempty"`
	Size     uint64            `json:"objections,omitempty"`
	Root     string            `json:"objections_root,omitempty"`
	Known    bool              `json:"keys_known,omitempty"`
	Identity string            `json:"keys_identity,omitempty"`
	Shredded bool              `json:"keys_shredded,omitempty"`
	Hits     uint64            `json:"hits,omitempty"`
	Aside    []string          `json:"set_aside,omitempty"`
	Erasing  []uint64          `json:"erasing,omitempty"`
	Periods  *Periods          `json:"periods,omitempty"`
	Tokens   []rememberedToken `json:"tokens,omitempty"`
	Cluster  string            `json:"cluster,omitempty"`

	Promises *Promised `json:"promises,omitempty"`
}

type reminded struct {
	Assessment string `json:"assessment"`
	By         string `json:"review_by"`
	Days       int    `json:"days"`
}

// MarshalJSON writes it as a summary holds it: what says the same is written in the same bytes.
func (r Recovered) MarshalJSON() ([]byte, error) {
	m := remembered{
		Revoked: r.Facts.Revoked, Seen: r.Facts.Seen, Forms: r.Forms, Signers: r.Signers,
		Keys: slices.Sorted(maps.Keys(r.Facts.Keys)), Size: r.Head.Size, Known: r.Keys.Known, Identity: r.Keys.Identity,
		Shredded: r.Keys.Shredded, Hits: r.Hits, Aside: slices.Sorted(maps.Keys(r.Aside)),
		Erasing: slices.Sorted(maps.Keys(r.Erasing)), Tokens: r.tokensRemembered(), Promises: r.promisesRemembered(),
		Cluster: r.Cluster,
	}
	if r.Periods != (Periods{}) {
		m.Periods = &r.Periods
	}
	if r.Head.Size > 0 {
		m.Root = hex.EncodeToString(r.Head.Root[:])
	}
	for review, days := range r.Reminded {
		m.Reminded = append(m.Reminded, reminded{review.Assessment, review.By, days})
	}
	slices.SortFunc(m.Reminded, func(a, b reminded) int {
		return bytes.Compare([]byte(a.Assessment+"\x00"+a.By), []byte(b.Assessment+"\x00"+b.By))
	})
	return json.Marshal(m)
}

// UnmarshalJSON reads what [Recovered.MarshalJSON] gives.
func (r *Recovered) UnmarshalJSON(text []byte) error {
	var m remembered
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	*r = *nothing()
	maps.Copy(r.Facts.Revoked, m.Revoked)
	maps.Copy(r.Facts.Seen, m.Seen)
	maps.Copy(r.Forms, m.Forms)
	maps.Copy(r.Signers, m.Signers)
	for _, key := range m.Keys {
		r.Facts.Keys[key] = true
	}
	for _, of := range m.Reminded {
		r.Reminded[Review{of.Assessment, of.By}] = of.Days
	}
	if r.Head.Size = m.Size; m.Size > 0 {
		root, err := hex.DecodeString(m.Root)
		if err != nil || len(root) != len(r.Head.Root) {
			return errors.New("it does not say where the log of objections stood")
		}
		r.Head.Root = [32]byte(root)
	}
	r.Keys = RecoveredKeys{m.Known, m.Identity, m.Shredded}
	r.Hits, r.Cluster = m.Hits, m.Cluster
	for _, digest := range m.Aside {
		r.Aside[digest] = true
	}
	for _, segment := range m.Erasing {
		r.Erasing[segment] = true
	}
	for _, t := range m.Tokens {
		r.Tokens[t.Name] = Token{
			Change: TokenMade, Name: t.Name, Roles: t.Roles, Created: t.Created, Expires: t.Expires, Mark: t.Mark,
		}
	}
	if m.Promises != nil {
		r.Promise(m.Promises.Signed())
	}
	if m.Periods != nil {
		r.Periods = *m.Periods
	}
	return nil
}

// clone is a copy that does not change with it.
func (r *Recovered) clone() *Recovered {
	c := *r
	c.Facts = basis.Past{
		Revoked: maps.Clone(r.Facts.Revoked), Seen: maps.Clone(r.Facts.Seen), Keys: maps.Clone(r.Facts.Keys),
		Promised: r.Facts.Promised,
	}
	c.Signers, c.Forms, c.Reminded = maps.Clone(r.Signers), maps.Clone(r.Forms), maps.Clone(r.Reminded)
	c.Aside, c.Erasing, c.Tokens = maps.Clone(r.Aside), maps.Clone(r.Erasing), maps.Clone(r.Tokens)
	c.alike, c.oldest = [len(c.alike)][]byte{}, 0
	return &c
}
