package basis

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Promised is what an approver signs of promises. Its zero value is that nobody signed any.
type Promised struct {
	Version    int               // counts up with each approval, from 1
	At         time.Time         // when it was approved, by the clock of who did
	Controller string            // whose promises they are
	Promises   map[string]Digest // by id: the digest of what each means
	By         string            // the key that signed it, as [Approver.Key] names it; no part of what is signed
}

// MaxPromised is how many promises can be signed: a record of the ledger names each.
const MaxPromised = 400

// promisedHead is how every approval of promises begins; that of an assessment begins otherwise.
const promisedHead = "tagwarden promises\n"

// Text returns what an approver signs.
func (p *Promised) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, promisedHead+"form 1\nversion %d\nat %s\ncontroller %q\n", p.Version, p.At.UTC().Format(time.RFC3339),
		p.Controller)
	for _, id := range p.IDs() {
		fmt.Fprintf(&b, "promise %s sha256 %s\n", id, p.Promises[id])
	}
	return b.String()
}

// IDs lists the promises that were signed, in order.
func (p *Promised) IDs() []string { return slices.Sorted(maps.Keys(p.Promises)) }

// Sign returns the signed note that goes into `approval:`. The key is an approver's private one, in the form
// "PRIVATE+KEY+name+hash+key".
func (p *Promised) Sign(private string) (string, error) {
	signer, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		return "", errPrivateKey
	}
	signed, err := note.Sign(&note.Note{Text: p.Text()}, signer)
	if err != nil {
		return "", fmt.Errorf("cannot sign the promises: %w", err)
	}
	return string(signed), nil
}

// OpenPromised reads what an approver signed, and says what the approval is worth: [Valid],
// [Unapproved] where it is none of promises, else [Unreadable], [Forged], [Foreign] or [Ambiguous].
// Whether what was signed still stands is not asked.
func OpenPromised(approval string, approvers []Approver) (Promised, Validity) {
	approval = strings.TrimSpace(strings.ReplaceAll(approval, "\r\n", "\n")) + "\n"
	if !strings.HasPrefix(approval, promisedHead) {
		return Promised{}, Unapproved
	}
	if strings.Count(approval, "\n— ") > 1 || strings.Count(approval, promisedHead) > 1 {
		return Promised{}, Ambiguous
	}
	verifiers := make([]note.Verifier, len(approvers))
	for i, approver := range approvers {
		verifiers[i] = approver.verifier
	}
	signed, err := note.Open([]byte(approval), note.VerifierList(verifiers...))
	if err != nil {
		return Promised{}, whyNot(approval, err, nil)
	}
	p, ok := parsePromised(signed.Text)
	if !ok {
		return Promised{}, Unreadable
	}
	p.By = keyName(signed.Sigs[0].Name, signed.Sigs[0].Hash)
	return p, Valid
}

// parsePromised reads what [Promised.Text] writes, and nothing else.
func parsePromised(text string) (Promised, bool) {
	lines := strings.Split(text, "\n")
	if len(lines) < 6 {
		return Promised{}, false
	}
	after := func(line int, key string) string { return strings.TrimPrefix(lines[line], key+" ") }
	p := Promised{Promises: map[string]Digest{}}
	var err [3]error
	p.Version, err[0] = strconv.Atoi(after(2, "version"))
	p.At, err[1] = time.Parse(time.RFC3339, after(3, "at"))
	p.Controller, err[2] = strconv.Unquote(after(4, "controller"))
	for i := range lines[5:] {
		id, digest, _ := strings.Cut(after(5+i, "promise"), " sha256 ")
		if raw, err := hex.DecodeString(digest); err == nil && len(raw) == len(Digest{}) && id != "" {
			p.Promises[id] = Digest(raw)
		}
	}
	return p, errors.Join(err[:]...) == nil && p.Version > 0 && len(p.Promises) <= MaxPromised && p.Text() == text
}
