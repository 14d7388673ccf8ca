package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// historyFolder holds every version that was ever approved, <id>-v<version>.yaml. Compile does not read it.
const historyFolder = "assessments/.history"

// Approved is a file of the history: a version of an assessment as it was signed, with what was signed with it. Together with the approver's
// public key it shows what a record's assessment and version said, whatever the policy says today.
type Approved struct {
	Assessment string                   `yaml:"assessment" is:"required,id" doc:"Id of the assessment."`
	Version    int                      `yaml:"version" is:"required,min=1" doc:"The version that was approved."`
	Digest     string                   `yaml:"digest" is:"required" doc:"The digest of its meaning, hex SHA-256."`
	At         Moment                   `yaml:"at" is:"required" doc:"When it was approved, by the clock of who did; not part of what is signed."`
	Key        string                   `yaml:"key" is:"required" doc:"The approver's public key."`
	Despite    []string                 `yaml:"despite,omitempty" doc:"Rules of tagwarden lia check that found something, which the approver saw."`
	Because    string                   `yaml:"because,omitempty" doc:"Why it was approved all the same."`
	Purposes   map[string]ApprovedTexts `yaml:"purposes" is:"required" doc:"The purposes' texts as they were, by id and language."`
	Hosts      map[string][]string      `yaml:"hosts" is:"required" doc:"The recipients' hosts as they were, by id."`
	Document   string                   `yaml:"document" is:"required" doc:"The assessment's file, word for word, with its approval."`
}

// ApprovedTexts are the texts of a purpose, by language; "" is the language of a file that names none.
type ApprovedTexts struct {
	Title       map[string]string `yaml:"title" doc:"What visitors were told, in one line."`
	Description map[string]string `yaml:"description,omitempty" doc:"What they were told in a sentence or two."`
}

// Version is a version of an assessment that was read from the history.
type Version struct {
	Approved
	Document *basis.Assessment
	Around   basis.Surroundings
	Digest   basis.Digest
	By       string // the key that signed it, as basis.Approver.Key names it
	Verified bool   // the signature is that key's, over what the file holds
	Known    bool   // the key is an approver's in the server file today
	File     string
}

// keep writes down a version as it is approved. Only Despite and Because of note are taken.
func (l *Loaded) keep(a *basis.Assessment, digest basis.Digest, text []byte, key string, at time.Time, note Approved) (name string, out []byte) {
	around := l.surroundings()
	kept := Approved{
		Assessment: a.ID, Version: a.Version, Digest: digest.String(), Key: key, Despite: note.Despite, Because: note.Because,
		Purposes: map[string]ApprovedTexts{}, Hosts: map[string][]string{}, Document: strings.ReplaceAll(string(text), "\r\n", "\n"),
	}
	kept.At.Time = at.UTC().Truncate(time.Second)
	for _, id := range a.Purposes {
		kept.Purposes[id] = ApprovedTexts(around.Purposes[id])
	}
	for _, id := range a.Recipients {
		kept.Hosts[id] = around.Hosts[id]
	}
	out, err := yaml.Marshal(&kept)
	if err != nil {
		panic("BUG: a version is no YAML: " + err.Error())
	}
	head := "# yaml-language-server: $schema=../../.schema/approved.json\n# Kept by `tagwarden lia approve`, so that records of this version can be explained. Leave it as it is.\n"
	return keptName(a.ID, a.Version), append([]byte(head), out...)
}

// MarshalYAML writes what UnmarshalText reads.
func (m Moment) MarshalYAML() (any, error) { return m.UTC().Format(time.RFC3339), nil }

func keptName(id string, version int) string {
	return fmt.Sprintf("%s/%s-v%d.yaml", historyFolder, id, version)
}

// Versions lists the versions of an assessment that the history holds, the oldest first.
func (l *Loaded) Versions(id string) ([]int, error) {
	entries, err := os.ReadDir(filepath.Join(l.Source.Dir, filepath.FromSlash(historyFolder)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the history: %w", err)
	}
	var versions []int
	for _, e := range entries {
		text, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), ".yaml"), id+"-v")
		if n, err := strconv.Atoi(text); ok && err == nil && n > 0 && e.Name() == filepath.Base(keptName(id, n)) {
			versions = append(versions, n)
		}
	}
	slices.Sort(versions)
	return versions, nil
}

// ErrNoVersion is the error of Version where the history does not hold it.
var ErrNoVersion = errors.New("the history has no such version")

// Version reads a version that was approved, and verifies who signed it.
func (l *Loaded) Version(id string, version int) (*Version, error) {
	if !strict.IsIdentifier(id) {
		return nil, fmt.Errorf("%q: %w", strict.Shortened(id), ErrNoVersion)
	}
	path := filepath.Join(l.Source.Dir, filepath.FromSlash(keptName(id, version)))
	text, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s version %d: %w", id, version, ErrNoVersion)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the history: %w", err)
	}
	return l.version(path, text, id, version)
}

// version reads a file of the history, and verifies what it says.
func (l *Loaded) version(path string, text []byte, id string, version int) (*Version, error) {
	v := &Version{File: path, Document: new(basis.Assessment), Around: basis.Surroundings{Purposes: map[string]basis.PurposeTexts{}, Hosts: map[string][]string{}}}
	var faults strict.Faults
	if doc := strict.Parse(path, text, &faults); doc != nil {
		decode(doc, &v.Approved, &faults)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if inner := strict.Parse(path+" (document)", []byte(v.Approved.Document), &faults); inner != nil {
		decode(inner, v.Document, &faults)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	for purpose, texts := range v.Purposes {
		v.Around.Purposes[purpose] = basis.PurposeTexts(texts)
	}
	maps.Copy(v.Around.Hosts, v.Hosts)
	v.Digest = v.Document.Digest(v.Around)
	if v.Document.ID != id || v.Document.Version != version || v.Digest.String() != v.Approved.Digest {
		return v, nil
	}
	name, _, _ := strings.Cut(v.Key, "+")
	approver, err := basis.ParseApprover(name, v.Key)
	if err != nil {
		return v, nil //nolint:nilerr // a key that is none has signed nothing
	}
	v.By = approver.Key()
	v.Verified = basis.Verify(v.Document, v.Digest, []basis.Approver{approver}, nil) == basis.Valid
	v.Known = slices.ContainsFunc(l.approvers, func(a basis.Approver) bool { return a.Key() == v.By })
	return v, nil
}

// same tells whether a file of the history is about the same meaning.
func (v *Version) same(digest basis.Digest) bool { return bytes.Equal(v.Digest[:], digest[:]) }
