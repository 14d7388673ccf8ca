package assess

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Approve signs an assessment with an approver's private key: the approval goes into its file, the version into the
// history. It is refused where the key is none of the approvers', where its owner is the approver, where its review is
// overdue, where the version is void or was approved with another meaning, and where [Check] finds something, unless
// because says why it is approved all the same. It returns the files that it wrote.
func Approve(l *config.Loaded, id, private string, now time.Time, because string) ([]string, error) {
	a, ok := l.Assessments[id]
	if !ok {
		return nil, fmt.Errorf("there is no assessment %q%s", id, strict.Suggestion(id, l.Draft.Assessments.IDs()))
	}
	approver, err := approverOf(l, private)
	if err != nil {
		return nil, err
	}
	before, err := approvable(l, a, approver, now)
	if err != nil {
		return nil, err
	}
	note := config.Approved{}
	for _, f := range Check(l, id, now) {
		if !slices.Contains(note.Despite, f.Rule) {
			note.Despite = append(note.Despite, f.Rule)
		}
	}
	if len(note.Despite) > 0 {
		if because == "" && before != nil && before.Form < basis.Form && outweighed(before, note.Despite) {
			because = before.Because // and nothing but the form is another
		}
		if because == "" {
			return nil, &FindingsError{ID: id, Rules: note.Despite}
		}
		note.Because = because
	}
	approval, err := basis.Sign(a.Document, a.Whole, private)
	if err != nil {
		return nil, err
	}
	text, err := config.WithApproval(a.Text, approval)
	if err != nil {
		return nil, err
	}
	after, err := l.With(a.Name, text)
	if err != nil {
		return nil, err
	}
	if !after.Draft.Assessments.Approved(id) {
		return nil, errors.New("BUG: what was signed is not approved")
	}
	name, kept := l.Keep(a.Document, a.Whole, text, l.Server.Approvers[approver.Name()].Key, now, note)
	history := filepath.Join(l.Source.Dir, filepath.FromSlash(name))
	switch {
	case before == nil:
	case before.Form < basis.Form: // what was signed then stays
		history = filepath.Join(l.Source.Dir, filepath.FromSlash(config.HistoryAgainName(id, a.Document.Version)))
	default:
		history = before.File
	}
	if err := replaceFile(l, history, kept); err != nil { // first: what was approved can be shown
		return nil, err
	}
	if err := replaceFile(l, a.File, text); err != nil {
		return nil, err
	}
	return []string{history, a.File}, nil
}

// FindingsError is the error of [Approve] where [Check] finds something.
type FindingsError struct {
	ID    string
	Rules []string
}

// Error names the rules.
func (e *FindingsError) Error() string {
	return fmt.Sprintf(
		"%s is not approved: there is something to say against it (%s)", e.ID, strings.Join(e.Rules, ", "))
}

// approverOf finds whose a private key is.
func approverOf(l *config.Loaded, private string) (basis.Approver, error) {
	key, err := basis.KeyOf(private)
	if err != nil {
		return basis.Approver{}, err
	}
	for _, a := range l.Approvers {
		if a.Key() == key {
			return a, nil
		}
	}
	return basis.Approver{}, fmt.Errorf(
		"the key %s is none of the approvers' in %s: the operator adds its public half under approvers", key,
		l.Source.Path)
}

// outweighed tells whether a version that an approver signed was approved despite all these findings.
func outweighed(v *Version, findings []string) bool {
	if !v.Verified || !v.Known {
		return false
	}
	return !slices.ContainsFunc(findings, func(rule string) bool { return !slices.Contains(v.Despite, rule) })
}

// approvable says what no reason can outweigh. It returns the same version as it was approved before, nil where it was
// not.
func approvable(l *config.Loaded, a config.Assessment, by basis.Approver, now time.Time) (*Version, error) {
	d := a.Document
	switch {
	case samePerson(d.Owner, by.Name()):
		return nil, fmt.Errorf(
			"the owner %s and the approver %s are the same person: who answers for an assessment does not approve "+
				"it; have somebody else sign", d.Owner, by.Name())
	case basis.DayOf(now).DaysUntil(d.ReviewBy) < 0:
		return nil, fmt.Errorf("review_by is past (%s): set the day of the next review first", d.ReviewBy)
	case l.Past.Void(d.ID, d.Version):
		return nil, fmt.Errorf(
			"version %d was revoked, or a later one was in force before: count version up, then approve", d.Version)
	}
	kept, err := ReadVersion(l, d.ID, d.Version)
	if errors.Is(err, ErrNoVersion) {
		return nil, nil //nolint:nilnil // nobody approved it before
	}
	if err != nil {
		return nil, err
	}
	if !kept.same(a) {
		return nil, fmt.Errorf("version %d was approved on %s with another meaning, and records refer to it: "+
			"count version up (`tagwarden lia diff %s` shows what changed)", d.Version, kept.At.Format(time.DateOnly), d.ID)
	}
	return kept, nil
}

// samePerson tells whether an owner and an approver's name look like one person: "jane.doe@shop.example", "Jane Doe"
// and "jane-doe" do.
func samePerson(owner, approver string) bool {
	plain := func(name string) string {
		name, _, _ = strings.Cut(name, "@")
		return strings.ToLower(strings.Join(strings.FieldsFunc(name,
			func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), ""))
	}
	return plain(owner) != "" && plain(owner) == plain(approver)
}
