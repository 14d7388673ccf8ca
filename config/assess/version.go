package assess

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Version is a version of an assessment that was read from the history.
type Version struct {
	config.Approved
	Document *basis.Assessment
	Around   basis.Surroundings
	Digest   basis.Digest
	By       string // the key that signed it, as basis.Approver.Key names it
	Verified bool   // the signature is that key's, over what the file holds
	Known    bool   // the key is an approver's in the server file today
	File     string
}

// Versions lists the versions of an assessment that the history holds, the oldest first.
func Versions(l *config.Loaded, id string) ([]int, error) {
	entries, err := os.ReadDir(filepath.Join(l.Source.Dir, filepath.FromSlash(config.HistoryFolder)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the history: %w", err)
	}
	var versions []int
	for _, e := range entries {
		text, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), ".yaml"), id+"-v")
		if n, err := strconv.Atoi(text); ok && err == nil && n > 0 &&
			e.Name() == filepath.Base(config.HistoryName(id, n)) {
			versions = append(versions, n)
		}
	}
	slices.Sort(versions)
	return versions, nil
}

// ErrNoVersion is the error of [ReadVersion] where the history does not hold it.
var ErrNoVersion = errors.New("the history has no such version")

// ReadVersion reads a version that was approved, as it was approved last, and verifies who signed it.
func ReadVersion(l *config.Loaded, id string, version int) (*Version, error) {
	if !strict.IsIdentifier(id) {
		return nil, fmt.Errorf("%q: %w", strict.Shortened(id), ErrNoVersion)
	}
	var path string
	var text []byte
	err := fs.ErrNotExist
	for _, name := range []string{config.HistoryAgainName(id, version), config.HistoryName(id, version)} {
		path = filepath.Join(l.Source.Dir, filepath.FromSlash(name))
		if text, err = config.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s version %d: %w", id, version, ErrNoVersion)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the history: %w", err)
	}
	return verified(l, path, text, id, version)
}

// verified reads a file of the history, and verifies what it says.
func verified(l *config.Loaded, path string, text []byte, id string, version int) (*Version, error) {
	v := &Version{File: path, Document: new(basis.Assessment)}
	var faults strict.Faults
	if doc := strict.Parse(path, text, &faults); doc != nil {
		config.Decode(doc, &v.Approved, &faults)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if inner := strict.Parse(path+" (document)", []byte(v.Approved.Document), &faults); inner != nil {
		config.Decode(inner, v.Document, &faults)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	v.Around = v.Approved.Around()
	entry := basis.NewEntry(v.Document, v.Around)
	valid := basis.Valid
	if v.Digest = entry.Digest; v.Form == 1 {
		v.Digest, valid = entry.First, basis.FormOld
	}
	if v.Document.ID != id || v.Document.Version != version || v.Digest.String() != v.Approved.Digest {
		return v, nil
	}
	name, _, _ := strings.Cut(v.Key, "+")
	approver, err := basis.ParseApprover(name, v.Key)
	if err != nil {
		return v, nil //nolint:nilerr // a key that is none has signed nothing
	}
	v.By = approver.Key()
	v.Verified = basis.Verify(entry, []basis.Approver{approver}, nil) == valid
	v.Known = slices.ContainsFunc(l.Approvers, func(a basis.Approver) bool { return a.Key() == v.By })
	return v, nil
}

// same tells whether a file of the history is about the same meaning, as far as its form covers that.
func (v *Version) same(a config.Assessment) bool {
	if v.Form == 1 {
		return v.Digest == a.First
	}
	return v.Digest == a.Whole || v.Controller == "" && v.Digest == a.Unnamed // the name was not covered then
}
