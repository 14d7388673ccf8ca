package assess

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// ApprovePromises signs the policy's promises with an approver's private key: the approval goes into their file. The
// version is the one after that of the last approval that is known, in the file or from the ledger, where none is
// given. It is refused where the key is none of the approvers', and where the policy would not load with it: a promise
// that is broken is not signed. It returns the file that it wrote, and what was signed.
func ApprovePromises(l *config.Loaded, private string, now time.Time, version int) (string, *basis.Promised, error) {
	text := l.Source.Text(config.PromisesFile)
	if text == nil {
		return "", nil, fmt.Errorf("there is no %s in %s: write it first", config.PromisesFile, l.Source.Dir)
	}
	if n := len(l.Promises); n > basis.MaxPromised {
		return "", nil, fmt.Errorf("there are %d promises, and %d at most can be signed", n, basis.MaxPromised)
	}
	approver, err := approverOf(l, private)
	if err != nil {
		return "", nil, err
	}
	last := max(l.Past.Promised.Version, l.Approval.Version)
	switch {
	case version == 0:
		version = last + 1
	case version <= last:
		return "", nil, fmt.Errorf("version %d was approved before: %d is the next", last, last+1)
	}
	signed := &basis.Promised{
		Version: version, At: now.UTC().Truncate(time.Second), Controller: l.Server.Controller.Name,
		Promises: config.PromisesMeaning(l), By: approver.Key(),
	}
	approval, err := signed.Sign(private)
	if err != nil {
		return "", nil, err
	}
	if text, err = config.WithApproval(text, approval); err != nil {
		return "", nil, err
	}
	after, err := l.With(config.PromisesFile, text)
	if err != nil {
		return "", nil, fmt.Errorf("nothing was signed: the policy does not load: %w", err)
	}
	if after.Promised.Version != version {
		return "", nil, errors.New("BUG: what was signed is not approved")
	}
	path := filepath.Join(l.Source.Dir, config.PromisesFile)
	return path, signed, replaceFile(l, path, text)
}
