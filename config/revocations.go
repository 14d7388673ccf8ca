package config

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Revocations is policy/revocations.yaml, which `tagwarden lia revoke` writes. What stands in it once, and was seen by
// a server, holds for good: the server keeps it in its ledger.
type Revocations struct {
	Revocations []Revocation `yaml:"revocations" is:"required" doc:"The revocations, oldest first."`
}

// Revocation takes an assessment back.
type Revocation struct {
	Assessment string `yaml:"assessment" is:"required,id" doc:"Id of the assessment."`
	Version    int    `yaml:"version" is:"required,min=1" doc:"The version that is void, with all before it. Only a later one can be approved."`
	At         Moment `yaml:"at" is:"required" doc:"When it was taken back, RFC 3339. It holds from its being read on, whatever stands here."`
	Because    string `yaml:"because" is:"required" doc:"Why."`
	Signature  string `yaml:"signature" is:"empty" doc:"An approver's signed note over the above, where one made it. Without it the revocation holds as well."`

	By string `yaml:"-"` // the approver's key that it is signed with, "" where it is not
}

func (r *Revocation) fact() basis.Revocation {
	return basis.Revocation{Assessment: r.Assessment, Version: r.Version, At: r.At.Time, Because: r.Because}
}

// readRevocations reads the file, which need not be there.
func (r *reading) readRevocations() {
	if _, ok := r.source.policy[RevocationsFile]; !ok {
		return
	}
	var file Revocations
	r.revocations = r.read(RevocationsFile, &file)
	r.loaded.Revocations = file.Revocations
}

// revoked verifies who signed the revocations, and returns them.
func (r *reading) revoked(approvers []basis.Approver) []basis.Revocation {
	var facts []basis.Revocation
	for i := range r.loaded.Revocations {
		given := &r.loaded.Revocations[i]
		fact := given.fact()
		facts = append(facts, fact)
		given.By = fact.SignedBy(given.Signature, approvers)
		if given.By == "" && strings.TrimSpace(given.Signature) != "" {
			r.warnings.At(r.revocations, strict.Path("revocations", i, "signature"),
				"no approver signed this: the revocation of %s holds all the same", given.Assessment)
		}
	}
	return facts
}

// RevocationOf returns the revocation that voids a version of an assessment, nil where the policy folder has none.
func (l *Loaded) RevocationOf(id string, version int) *Revocation {
	at := slices.IndexFunc(l.Revocations, func(r Revocation) bool { return r.Assessment == id && r.Version >= version })
	if at < 0 {
		return nil
	}
	return &l.Revocations[at]
}
