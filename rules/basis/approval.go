package basis

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Approver is someone whose signature makes an assessment valid.
type Approver struct{ verifier note.Verifier }

// ParseApprover reads a public key in the form of signed notes, "name+hash+key" (Ed25519). The key has to be one made for that name.
func ParseApprover(name, key string) (Approver, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Approver{}, errors.New("no public key of an approver: it is a line \"name+hash+key\", as `tagwarden init` prints it")
	}
	if verifier.Name() != name {
		return Approver{}, fmt.Errorf("the key was made for %q, not for %q: the approver's name and the key's first part are the same", verifier.Name(), name)
	}
	return Approver{verifier}, nil
}

// Name returns the approver's name.
func (a Approver) Name() string { return a.verifier.Name() }

// ApprovalText returns the text that an approver signs: it names the assessment's id, its version and the digest of its meaning.
func ApprovalText(id string, version int, digest Digest) string {
	return fmt.Sprintf("tagwarden assessment\n%s\nversion %d\nsha256 %s\n", id, version, digest)
}

// Sign approves an assessment: it returns the signed note that goes into the document's `approval:`. The key is the approver's private
// one, in the form "PRIVATE+KEY+name+hash+key".
func Sign(a *Assessment, digest Digest, key string) (string, error) {
	signer, err := note.NewSigner(strings.TrimSpace(key))
	if err != nil {
		return "", fmt.Errorf("cannot read the approver's private key: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: ApprovalText(a.ID, a.Version, digest)}, signer)
	if err != nil {
		return "", fmt.Errorf("cannot sign assessment %s: %w", a.ID, err)
	}
	return string(signed), nil
}

// Verify says what the assessment's approval is worth: Valid where one of the approvers signed this id, version and digest (whether it
// still is at some time is for the Register), Changed where they signed another version or digest of it, else Unapproved.
func Verify(a *Assessment, digest Digest, approvers []Approver) Validity {
	verifiers := make([]note.Verifier, len(approvers))
	for i, approver := range approvers {
		verifiers[i] = approver.verifier
	}
	approval := strings.TrimRight(strings.ReplaceAll(a.Approval, "\r\n", "\n"), " \t\n") + "\n"
	signed, err := note.Open([]byte(approval), note.VerifierList(verifiers...))
	if err != nil {
		return Unapproved
	}
	if signed.Text == ApprovalText(a.ID, a.Version, digest) {
		return Valid
	}
	if strings.HasPrefix(signed.Text, "tagwarden assessment\n"+a.ID+"\n") {
		return Changed
	}
	return Unapproved
}
