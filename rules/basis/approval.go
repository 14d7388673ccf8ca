package basis

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Approver is someone whose signature makes an assessment valid.
type Approver struct{ verifier note.Verifier }

// ParseApprover reads a public key in the form of signed notes, "name+hash+key" (Ed25519). The
// key has to be one made for that name.
func ParseApprover(name, key string) (Approver, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Approver{}, errors.New(
			"no public key of an approver: it is a line \"name+hash+key\", as `tagwarden init` prints it")
	}
	if verifier.Name() != name {
		return Approver{}, fmt.Errorf(
			"the key was made for %q, not for %q: the approver's name and the key's first part are the same",
			verifier.Name(), name)
	}
	return Approver{verifier}, nil
}

// Name returns the approver's name.
func (a Approver) Name() string { return a.verifier.Name() }

// ApprovalText returns the text that an approver signs: it names the assessment's id, its version, the form and the
// digest of its meaning.
func ApprovalText(id string, version int, digest Digest) string {
	return fmt.Sprintf(approvalHead+"%s\nversion %d\nform %d\nsha256 %s\n", id, version, Form, digest)
}

// FirstApprovalText returns the text that an approver signed in the first form, over [Assessment.FirstDigest].
func FirstApprovalText(id string, version int, digest Digest) string {
	return fmt.Sprintf(approvalHead+"%s\nversion %d\nsha256 %s\n", id, version, digest)
}

// errPrivateKey says that a text is no key that could sign.
var errPrivateKey = errors.New(
	"no private key of an approver: it is a line \"PRIVATE+KEY+name+hash+key\", as `tagwarden init` writes it")

// Sign approves an assessment: it returns the signed note that goes into the document's `approval:`. The key is the
// approver's private one, in the form "PRIVATE+KEY+name+hash+key".
func Sign(a *Assessment, digest Digest, key string) (string, error) {
	signer, err := note.NewSigner(strings.TrimSpace(key))
	if err != nil {
		return "", errPrivateKey
	}
	signed, err := note.Sign(&note.Note{Text: ApprovalText(a.ID, a.Version, digest)}, signer)
	if err != nil {
		return "", fmt.Errorf("cannot sign assessment %s: %w", a.ID, err)
	}
	return string(signed), nil
}

// Key names an approver's key as signatures do: the approver's name, and the hash that tells
// their keys apart, "privacy+3f2a0c11".
func (a Approver) Key() string { return keyName(a.verifier.Name(), a.verifier.KeyHash()) }

func keyName(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// KeyOf returns what [Approver.Key] returns for the private key's owner.
func KeyOf(private string) (string, error) {
	signer, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		return "", errPrivateKey
	}
	return keyName(signer.Name(), signer.KeyHash()), nil
}

// approvalHead is how every approval begins.
const approvalHead = "tagwarden assessment\n"

// Verify says what the assessment's approval is worth: Valid where one of the approvers signed this id, version and
// digest (whether it still is at some time is for the [Register]), [FormOld] where they signed it in the first form,
// [Changed] where they signed another version or digest of it, else why it is worth nothing. Removed are keys that were
// approvers' once, as Key names them.
func Verify(of Entry, approvers []Approver, removed map[string]bool) Validity {
	a := of.Assessment
	approval := strings.TrimSpace(strings.ReplaceAll(a.Approval, "\r\n", "\n")) + "\n"
	if !strings.HasPrefix(approval, approvalHead) {
		return Unapproved
	}
	if strings.Count(approval, "\n— ") > 1 || strings.Count(approval, approvalHead) > 1 {
		return Ambiguous
	}
	verifiers := make([]note.Verifier, len(approvers))
	for i, approver := range approvers {
		verifiers[i] = approver.verifier
	}
	signed, err := note.Open([]byte(approval), note.VerifierList(verifiers...))
	if err != nil {
		return whyNot(approval, err, removed)
	}
	switch {
	case signed.Text == ApprovalText(a.ID, a.Version, of.Digest):
		return Valid
	case signed.Text == FirstApprovalText(a.ID, a.Version, of.First):
		return FormOld
	case strings.HasPrefix(signed.Text, approvalHead+a.ID+"\n"):
		return Changed
	default:
		return Unapproved // an approver's word, and about another assessment
	}
}

// whyNot tells why a note was not taken.
func whyNot(approval string, err error, removed map[string]bool) Validity {
	if signature(approval) == nil {
		return Unreadable
	}
	if unknown, ok := errors.AsType[*note.UnverifiedNoteError](err); ok && len(unknown.Note.UnverifiedSigs) == 1 {
		s := unknown.Note.UnverifiedSigs[0]
		if removed[keyName(s.Name, s.Hash)] {
			return ApproverRemoved
		}
		return Foreign
	}
	if _, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return Forged
	}
	return Unreadable
}

// signature returns the one signature of a note, 4 bytes of key hash and 64 of Ed25519;
// nil where there is none of that length.
func signature(text string) []byte {
	_, line, _ := strings.Cut(text, "\n— ")
	_, b64, _ := strings.Cut(strings.TrimSpace(line), " ")
	raw, err := base64.StdEncoding.DecodeString(b64)
	if err != nil || len(raw) != 4+ed25519.SignatureSize {
		return nil
	}
	return raw
}

// SignedBy returns the key that an approval says it was made with, as [Approver.Key] names it, and "" where it cannot
// be read. It does not verify anything.
func SignedBy(approval string) string {
	raw := signature(strings.ReplaceAll(approval, "\r\n", "\n"))
	if raw == nil {
		return ""
	}
	_, line, _ := strings.Cut(approval, "\n— ")
	name, _, _ := strings.Cut(line, " ")
	return keyName(name, binary.BigEndian.Uint32(raw))
}
