package proxy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// recovered is what a start knows from the ledger, and keeps true from then on.
type recovered struct {
	// The mutex guards Facts and Signers once the server runs. Reminded is the one goroutine's that tells of reviews.
	mu sync.Mutex
	*ledger.Standing
}

// recoverState reads what a ledger remembers. One of a version before is brought to today's form first.
func recoverState(dir string, disk durable.Disk, log *zap.Logger) (*recovered, error) {
	err := ledger.Migrate(dir, disk, func(done, of int) {
		log.Info("the ledger of the version before is read, once, and brought to today's form",
			zap.Int("segments", done), zap.Int("of", of))
	})
	if err != nil {
		return nil, fmt.Errorf("the ledger cannot be read, and might say which assessments were revoked: %w", err)
	}
	of, err := ledger.Recover(dir)
	if err != nil {
		return nil, err
	}
	return &recovered{Standing: of}, nil
}

// facts is a copy that Compile may keep.
func (r *recovered) facts() basis.Past {
	r.mu.Lock()
	defer r.mu.Unlock()
	return basis.Past{
		Revoked: maps.Clone(r.Facts.Revoked), Seen: maps.Clone(r.Facts.Seen), Keys: maps.Clone(r.Facts.Keys),
		Promised: r.Facts.Promised,
	}
}

// stood is where the log of objections stood at the start.
func (r *recovered) stood() objection.Head {
	return objection.Head{Size: r.Head.Size, Root: r.Head.Root}
}

// remember records what a configuration says of assessments and promises and the ledger does not know yet: versions
// that are approved, and revocations. It is written before anything is judged by that configuration.
func (r *recovered) remember(to *ledger.Ledger, loaded *config.Loaded) error {
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
		known := version <= r.Facts.Seen[id] && r.Facts.Keys[key] && r.Forms[id] >= basis.Form
		if !register.Approved(id) || known {
			continue
		}
		record := ledger.Assessed{
			Kind: ledger.KindApproval, Assessment: id, Version: version,
			Meaning: loaded.Assessments[id].Digest.String(), Form: basis.Form, Key: key,
		}
		if err := to.Assessed(record); err != nil {
			return err
		}
		r.Approve(id, version, basis.Form, key)
	}
	return r.rememberPromises(to, loaded)
}

// repeat records again what has to be remembered, so that it is still there when old records are deleted. Head is where
// the log of objections stands now; nil: where it stood at the start.
func (r *recovered) repeat(to *ledger.Ledger, head *objection.Head) error {
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
			Kind: ledger.KindApproval, Assessment: id, Version: r.Facts.Seen[id], Form: r.Forms[id], Key: r.Signers[id],
			Again: true,
		})
	}
	again := ledger.Head{Size: r.Head.Size, Root: r.Head.Root, Again: true}
	if head != nil {
		again.Size, again.Root = head.Size, head.Root
	}
	var err error
	if again.Size > 0 {
		err = to.Objected(nil, again)
	}
	for _, record := range records {
		err = errors.Join(err, to.Assessed(record))
	}
	if r.Cluster != "" {
		err = errors.Join(err, to.Cluster(ledger.Cluster{Name: r.Cluster, Text: "as before", Again: true}))
	}
	return errors.Join(err, r.repeatTokens(to), r.repeatPromises(to))
}
