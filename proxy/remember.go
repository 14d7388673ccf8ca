package proxy

import (
	"errors"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// remember records what a configuration says of assessments and the ledger does not know yet: versions that are approved, and revocations.
// It is written before anything is judged by that configuration.
func (r *Recovered) remember(to *ledger.Ledger, loaded *config.Loaded) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range loaded.Revocations {
		of := &loaded.Revocations[i]
		if of.Version <= r.Facts.Revoked[of.Assessment] {
			continue
		}
		record := ledger.Assessed{
			Kind: ledger.KindRevocation, Assessment: of.Assessment, Version: of.Version, Key: of.By, Because: of.Because,
		}
		if err := to.Assessed(record); err != nil {
			return err
		}
		r.Facts.Revoked[of.Assessment] = of.Version
	}
	register := loaded.Policy.Assessments()
	for _, id := range register.IDs() {
		version, key := register.Version(id), basis.SignedBy(register.Assessment(id).Approval)
		if !register.Approved(id) || version <= r.Facts.Seen[id] && r.Facts.Keys[key] {
			continue
		}
		record := ledger.Assessed{
			Kind: ledger.KindApproval, Assessment: id, Version: version, Meaning: loaded.Assessments[id].Digest.String(), Key: key,
		}
		if err := to.Assessed(record); err != nil {
			return err
		}
		r.approved(id, version, key)
	}
	return nil
}

// repeat records again what has to be remembered, so that it is still there when old records are deleted. Head is where the log of
// objections stands now; nil: where it stood at the start.
func (r *Recovered) repeat(to *ledger.Ledger, head *objection.Head) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var records []ledger.Assessed
	for _, id := range slices.Sorted(maps.Keys(r.Facts.Revoked)) {
		records = append(records, ledger.Assessed{
			Kind: ledger.KindRevocation, Assessment: id, Version: r.Facts.Revoked[id], Again: true,
		})
	}
	for _, id := range slices.Sorted(maps.Keys(r.Facts.Seen)) {
		records = append(records, ledger.Assessed{
			Kind: ledger.KindApproval, Assessment: id, Version: r.Facts.Seen[id], Key: r.signers[id], Again: true,
		})
	}
	var err error
	if head == nil {
		head = &r.head
	}
	if head.Size > 0 {
		again := headRecord(*head)
		again.Again = true
		err = to.Objected(nil, again)
	}
	for _, record := range records {
		err = errors.Join(err, to.Assessed(record))
	}
	return err
}
