package ledger

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Recovered is what a start knows from the records of the servers before it: what became of assessments, and where the
// log of objections stood.
type Recovered struct {
	Facts    basis.Past
	Signers  map[string]string // by assessment: the key that signed the version of Facts.Seen
	Forms    map[string]int    // by assessment: the form that the version of Facts.Seen was approved in; 1 where none was said
	Reminded map[Review]int    // the last mark at which people were told of a review
	Head     Head              // where the log of objections stood; of size 0: nothing was objected to
}

// Review is a review of an assessment that is to come.
type Review struct{ Assessment, By string }

// Recover reads a ledger's records about assessments, and where the log of objections stood. A ledger that is not there
// remembers nothing; one that cannot be read is an error: it might hold a revocation.
func Recover(dir string) (*Recovered, error) {
	r := &Recovered{
		Facts:    basis.Past{Revoked: map[string]int{}, Seen: map[string]int{}, Keys: map[string]bool{}},
		Signers:  map[string]string{},
		Forms:    map[string]int{},
		Reminded: map[Review]int{},
	}
	var last []byte // of an event: one record after the other says the same
	var unread error
	err := Search(dir, Query{}, func(record []byte) bool {
		if bytes.Contains(record, []byte(`"kind":"`+KindHead+`"`)) {
			unread = r.observeHead(record)
			return unread == nil
		}
		at := bytes.Index(record, []byte(`"assessment":"`))
		if at < 0 {
			return true
		}
		if bytes.Contains(record, []byte(`"kind":"event"`)) {
			said, _, _ := bytes.Cut(record[at:], []byte(`,"rungs"`))
			said, _, _ = bytes.Cut(said, []byte(`,"policy"`)) // of a version before
			if bytes.Equal(said, last) || !bytes.Contains(record, []byte(`"decision":"permit"`)) {
				return true
			}
			last = append(last[:0], said...)
		}
		r.observe(record)
		return true
	})
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err = errors.Join(err, unread); err != nil {
		return nil, fmt.Errorf("the ledger cannot be read, and might say which assessments were revoked: %w", err)
	}
	return r, nil
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

// observe remembers what a record says.
func (r *Recovered) observe(record []byte) {
	kind := gjson.GetBytes(record, "kind").Str
	id, version := gjson.GetBytes(record, "assessment").String(), int(gjson.GetBytes(record, "assessment_version").Int())
	switch kind {
	case KindEvent:
		if gjson.GetBytes(record, "decision").Str == rules.Permit.String() {
			r.Facts.Seen[id] = max(r.Facts.Seen[id], version)
		}
	case KindApproval:
		form := int(gjson.GetBytes(record, "approval_form").Int())
		r.Approve(id, version, form, gjson.GetBytes(record, "key").String())
	case KindRevocation:
		r.Facts.Revoked[id] = max(r.Facts.Revoked[id], version)
	case KindDue:
		r.Reminded[Review{id, gjson.GetBytes(record, "review_by").String()}] = int(gjson.GetBytes(record, "days").Int())
	}
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
