package basis

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Revocation takes an assessment back, for good: the version that it names and all before it.
type Revocation struct {
	Assessment string
	Version    int
	At         time.Time
	Because    string
}

// Text returns what a revocation's signature is made over.
func (r *Revocation) Text() string {
	return fmt.Sprintf("tagwarden revocation\n%s\nversion %d\nat %s\nbecause %s\n",
		r.Assessment, r.Version, r.At.UTC().Format(time.RFC3339), strings.Join(strings.Fields(r.Because), " "))
}

// Sign signs the revocation with an approver's private key.
func (r *Revocation) Sign(private string) (string, error) {
	signer, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		return "", errPrivateKey
	}
	signed, err := note.Sign(&note.Note{Text: r.Text()}, signer)
	if err != nil {
		return "", fmt.Errorf("cannot sign the revocation of %s: %w", r.Assessment, err)
	}
	return string(signed), nil
}

// SignedBy returns the key, as [Approver.Key] names it, of the approver who signed the revocation, and "" where none
// did. A revocation holds all the same: taking back is open to everybody who may write the policy, as changing a word
// is, which voids an approval too.
func (r *Revocation) SignedBy(signature string, approvers []Approver) string {
	verifiers := make([]note.Verifier, len(approvers))
	for i, approver := range approvers {
		verifiers[i] = approver.verifier
	}
	text := strings.TrimSpace(strings.ReplaceAll(signature, "\r\n", "\n")) + "\n"
	signed, err := note.Open([]byte(text), note.VerifierList(verifiers...))
	if err != nil || signed.Text != r.Text() {
		return ""
	}
	return keyName(signed.Sigs[0].Name, signed.Sigs[0].Hash)
}

// With returns the past with revocations added to it. Neither is changed.
func (p Past) With(revocations []Revocation) Past {
	if len(revocations) == 0 {
		return p
	}
	revoked := make(map[string]int, len(p.Revoked)+len(revocations))
	maps.Copy(revoked, p.Revoked)
	for i := range revocations {
		r := &revocations[i]
		revoked[r.Assessment] = max(revoked[r.Assessment], r.Version)
	}
	p.Revoked = revoked
	return p
}
