package config

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Revocations is policy/revocations.yaml, which `tagwarden lia revoke` writes. What stands in it once, and was seen by a server, holds for
// good: the server keeps it in its ledger.
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
	if _, ok := r.source.policy[revocationsFile]; !ok {
		return
	}
	var file Revocations
	r.revocations = r.read(revocationsFile, &file)
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
			r.warnings.At(r.revocations, strict.Path("revocations", i, "signature"), "no approver signed this: the revocation of %s holds all the same", given.Assessment)
		}
	}
	return facts
}

// Revoke takes the version of an assessment that stands in the policy back, and those before it: it adds a line to the file of revocations.
// A running server takes it up by itself, and keeps it for good. Private may be ""; else it is the key that signs.
func (l *Loaded) Revoke(fact basis.Revocation, private string) (string, error) {
	signature := ""
	if private != "" {
		var err error
		if signature, err = fact.Sign(private); err != nil {
			return "", err
		}
		if fact.SignedBy(signature, l.approvers) == "" {
			return "", errors.New("the key is none of the approvers' in the server file: take one that is, or leave --key off")
		}
	}
	text := l.Source.policy[revocationsFile]
	if text == nil {
		text = []byte("# yaml-language-server: $schema=.schema/revocations.json\n" +
			"# Assessments that were taken back. `tagwarden lia revoke` adds to this file; what a server has read here holds for good.\nrevocations:\n")
	}
	var out strings.Builder
	out.WriteString(strings.TrimRight(string(text), "\n") + "\n")
	fmt.Fprintf(&out, "  - assessment: %s\n    version: %d\n    at: %s\n    because: %s\n", strconv.Quote(fact.Assessment), fact.Version,
		fact.At.UTC().Format("2006-01-02T15:04:05Z"), yamlText(strings.Join(strings.Fields(fact.Because), " ")))
	if signature != "" {
		out.WriteString("    signature: |\n")
		for line := range strings.SplitSeq(strings.TrimRight(signature, "\n"), "\n") {
			if line != "" {
				out.WriteString("      " + line)
			}
			out.WriteString("\n")
		}
	}
	after, err := l.with(revocationsFile, []byte(out.String()))
	if err != nil {
		return "", fmt.Errorf("%s cannot be added to: write its list with one entry a dash, indented by two: %w", l.Source.display(revocationsFile), err)
	}
	if !after.Past.Void(fact.Assessment, fact.Version) {
		return "", errors.New("BUG: the revocation has no effect")
	}
	path := filepath.Join(l.Source.Dir, revocationsFile)
	return path, l.replaceFile(path, []byte(out.String()))
}

// with compiles the configuration anew with one file of the policy changed, in memory.
func (l *Loaded) with(name string, text []byte) (*Loaded, error) {
	changed := *l.Source
	changed.policy = maps.Clone(l.Source.policy)
	changed.policy[name] = text
	return Compile(&changed, l.past)
}

// replaceFile puts a file of the policy in place as a whole, with the mode of the one that was there. It is on disk when that has succeeded:
// what was revoked must not carry again after a power cut, nor what was approved be missing from the history.
func (l *Loaded) replaceFile(path string, text []byte) error {
	if err := l.Files.Folder(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("cannot make a folder: %w", err)
	}
	if err := l.Files.Replace(path, text, 0o644); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// RevocationOf returns the revocation that voids a version of an assessment, nil where the policy folder has none.
func (l *Loaded) RevocationOf(id string, version int) *Revocation {
	at := slices.IndexFunc(l.Revocations, func(r Revocation) bool { return r.Assessment == id && r.Version >= version })
	if at < 0 {
		return nil
	}
	return &l.Revocations[at]
}
