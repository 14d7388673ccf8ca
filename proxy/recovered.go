package proxy

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Past is what the ledger remembers of assessments.
type Past struct {
	Facts basis.Past
	keys  map[string]string // by assessment: the key that signed the version of Facts.Seen
	told  map[reviewed]int  // the last mark at which people were told of a review
	head  objection.Head    // where the log of objections stood
}

// reviewed is a review that is to come.
type reviewed struct{ assessment, by string }

// ReadPast reads a ledger's records about assessments. A ledger that is not there remembers nothing; one that cannot be read is an error:
// it might hold a revocation.
func ReadPast(dir string) (*Past, error) {
	p := newPast()
	var last []byte // of an event: one record after the other says the same
	var unread error
	err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
		if bytes.Contains(record, []byte(`"kind":"`+ledger.KindHead+`"`)) {
			unread = p.takeHead(record)
			return unread == nil
		}
		at := bytes.Index(record, []byte(`"assessment":"`))
		if at < 0 {
			return true
		}
		if bytes.Contains(record, []byte(`"kind":"event"`)) {
			said, _, _ := bytes.Cut(record[at:], []byte(`,"policy"`))
			if bytes.Equal(said, last) || !bytes.Contains(record, []byte(`"decision":"permit"`)) {
				return true
			}
			last = append(last[:0], said...)
		}
		p.take(record)
		return true
	})
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err = errors.Join(err, unread); err != nil {
		return nil, fmt.Errorf("the ledger cannot be read, and might say which assessments were revoked: %w", err)
	}
	return p, nil
}

// takeHead remembers where the log of objections stood.
func (p *Past) takeHead(record []byte) error {
	root, err := hex.DecodeString(gjson.GetBytes(record, "root").Str)
	if err != nil || len(root) != len(p.head.Root) {
		return errors.New("a record says where the log of objections stood, and cannot be read")
	}
	p.head = objection.Head{Size: gjson.GetBytes(record, "size").Uint(), Root: [32]byte(root)}
	return nil
}

func newPast() *Past {
	return &Past{
		Facts: basis.Past{Revoked: map[string]int{}, Seen: map[string]int{}, Keys: map[string]bool{}},
		keys:  map[string]string{},
		told:  map[reviewed]int{},
	}
}

// take remembers what a record says.
func (p *Past) take(record []byte) {
	kind := gjson.GetBytes(record, "kind").Str
	id, version := gjson.GetBytes(record, "assessment").String(), int(gjson.GetBytes(record, "assessment_version").Int())
	switch kind {
	case ledger.KindEvent:
		if gjson.GetBytes(record, "decision").Str == rules.Permit.String() {
			p.Facts.Seen[id] = max(p.Facts.Seen[id], version)
		}
	case ledger.KindApproval:
		p.approved(id, version, gjson.GetBytes(record, "key").String())
	case ledger.KindRevocation:
		p.Facts.Revoked[id] = max(p.Facts.Revoked[id], version)
	case ledger.KindDue:
		p.told[reviewed{id, gjson.GetBytes(record, "review_by").String()}] = int(gjson.GetBytes(record, "days").Int())
	}
}

// approved remembers that a version came into force, and who signed it.
func (p *Past) approved(id string, version int, key string) {
	p.Facts.Seen[id] = max(p.Facts.Seen[id], version)
	if key != "" {
		p.Facts.Keys[key] = true
		p.keys[id] = key
	}
}

// facts is a copy that Compile may keep.
func (p *Past) facts() basis.Past {
	return basis.Past{Revoked: maps.Clone(p.Facts.Revoked), Seen: maps.Clone(p.Facts.Seen), Keys: maps.Clone(p.Facts.Keys)}
}

// remember records what a configuration says of assessments and the ledger does not know yet: versions that are approved, and revocations.
// It is written before anything is judged by that configuration.
func (s *Server) remember(loaded *config.Loaded) error {
	for i := range loaded.Revocations {
		r := &loaded.Revocations[i]
		if r.Version <= s.past.Facts.Revoked[r.Assessment] {
			continue
		}
		record := ledger.Assessed{Kind: ledger.KindRevocation, Assessment: r.Assessment, Version: r.Version, Key: r.By, Because: r.Because}
		if err := s.ledger.Assessed(record); err != nil {
			return err
		}
		s.past.Facts.Revoked[r.Assessment] = r.Version
	}
	register := loaded.Policy.Assessments()
	for _, id := range register.IDs() {
		version, key := register.Version(id), basis.SignedBy(register.Assessment(id).Approval)
		if !register.Approved(id) || version <= s.past.Facts.Seen[id] && s.past.Facts.Keys[key] {
			continue
		}
		record := ledger.Assessed{Kind: ledger.KindApproval, Assessment: id, Version: version, Meaning: loaded.Assessments[id].Digest.String(), Key: key}
		if err := s.ledger.Assessed(record); err != nil {
			return err
		}
		s.past.approved(id, version, key)
	}
	return nil
}

// repeat records again what has to be remembered, so that it is still there when old records are deleted.
func (s *Server) repeat() error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	var records []ledger.Assessed
	for _, id := range slices.Sorted(maps.Keys(s.past.Facts.Revoked)) {
		records = append(records, ledger.Assessed{Kind: ledger.KindRevocation, Assessment: id, Version: s.past.Facts.Revoked[id], Again: true})
	}
	for _, id := range slices.Sorted(maps.Keys(s.past.Facts.Seen)) {
		records = append(records, ledger.Assessed{Kind: ledger.KindApproval, Assessment: id, Version: s.past.Facts.Seen[id], Key: s.past.keys[id], Again: true})
	}
	var err error
	head := s.past.head
	if told := s.told.Load(); told != nil {
		head = *told
	}
	if head.Size > 0 {
		again := headRecord(head)
		again.Again = true
		err = s.ledger.Objected(nil, again)
	}
	for _, record := range records {
		err = errors.Join(err, s.ledger.Assessed(record))
	}
	return err
}
