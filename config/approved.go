package config

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// HistoryFolder is a folder of the policy that holds every version that was ever approved, <id>-v<version>.yaml.
// Compile does not read it.
const HistoryFolder = "assessments/.history"

// Approved is a file of the history: a version of an assessment as it was signed, with what was signed with it.
// Together with the approver's public key it shows what a record's assessment and version said, whatever the policy
// says today.
type Approved struct {
	Assessment string                   `yaml:"assessment" is:"required,id" doc:"Id of the assessment."`
	Version    int                      `yaml:"version" is:"required,min=1" doc:"The version that was approved."`
	Form       int                      `yaml:"form,omitempty" default:"1" is:"min=1,max=2" doc:"The form of the digest: what it covers. The first covered neither flags, recipients nor activities."`
	Digest     string                   `yaml:"digest" is:"required" doc:"The digest of its meaning, hex SHA-256."`
	At         Moment                   `yaml:"at" is:"required" doc:"When it was approved, by the clock of who did; not part of what is signed."`
	Key        string                   `yaml:"key" is:"required" doc:"The approver's public key."`
	Despite    []string                 `yaml:"despite,omitempty" doc:"Rules of tagwarden lia check that found something, which the approver saw."`
	Because    string                   `yaml:"because,omitempty" doc:"Why it was approved all the same."`
	Purposes   map[string]ApprovedTexts `yaml:"purposes" is:"required" doc:"The purposes' texts as they were, by id and language."`
	Hosts      map[string][]string      `yaml:"hosts" is:"required" doc:"The recipients' hosts as they were, by id."`
	Controller string                   `yaml:"controller,omitempty" doc:"The controller's name as it was; versions that were approved before it was covered have none."`
	Flags      map[string]basis.Facts   `yaml:"flags,omitempty" doc:"What the purposes said beside their texts, by id."`
	Recipients map[string]basis.Facts   `yaml:"recipients,omitempty" doc:"By vendor id: its catalog entry, or what the vendor file of one's own said."`

	Activities map[string]basis.Facts `yaml:"activities,omitempty" doc:"What the activities said that rested on it, by id."`

	Document string `yaml:"document" is:"required" doc:"The assessment's file, word for word, with its approval."`
}

// ApprovedTexts are the texts of a purpose, by language; "" is the language of a file that names none.
type ApprovedTexts struct {
	Title       map[string]string `yaml:"title" doc:"What visitors were told, in one line."`
	Description map[string]string `yaml:"description,omitempty" doc:"What they were told in a sentence or two."`
}

// Keep writes down a version as it is approved. Only Despite and Because of note are taken.
func (l *Loaded) Keep(a *basis.Assessment, digest basis.Digest, text []byte, key string, at time.Time,
	note Approved) (name string, out []byte) {
	around := aroundOf(a, l.Surroundings())
	kept := Approved{
		Assessment: a.ID, Version: a.Version, Form: basis.Form, Digest: digest.String(), Key: key,
		Despite: note.Despite, Because: note.Because,
		Purposes: map[string]ApprovedTexts{}, Hosts: around.Hosts, Controller: around.Controller,
		Flags: around.Flags, Recipients: around.Recipients, Activities: around.Activities[a.ID],
		Document: strings.ReplaceAll(string(text), "\r\n", "\n"),
	}
	kept.At.Time = at.UTC().Truncate(time.Second)
	for id, texts := range around.Purposes {
		kept.Purposes[id] = ApprovedTexts(texts)
	}
	out, err := yaml.Marshal(&kept)
	if err != nil {
		panic("BUG: a version is no YAML: " + err.Error())
	}
	head := "# yaml-language-server: $schema=../../.schema/approved.json\n" +
		"# Kept by `tagwarden lia approve`, so that records of this version can be explained. Leave it as it is.\n"
	return HistoryName(a.ID, a.Version), append([]byte(head), out...)
}

// MarshalYAML writes what UnmarshalText reads.
func (m Moment) MarshalYAML() (any, error) { return m.UTC().Format(time.RFC3339), nil }

// HistoryName is the name of a version's file inside the policy folder, with slashes.
func HistoryName(id string, version int) string {
	return fmt.Sprintf("%s/%s-v%d.yaml", HistoryFolder, id, version)
}

// HistoryAgainName is the name of the file of a version that was approved in the first form and is approved again: that
// of the first form stays beside it.
func HistoryAgainName(id string, version int) string {
	return fmt.Sprintf("%s/%s-v%d-form%d.yaml", HistoryFolder, id, version, basis.Form)
}

// Around is what stood around a version when it was approved, as far as its form covered that.
func (a *Approved) Around() basis.Surroundings {
	around := basis.Surroundings{
		Purposes: map[string]basis.PurposeTexts{}, Hosts: map[string][]string{}, Flags: a.Flags,
		Recipients: a.Recipients, Activities: map[string]map[string]basis.Facts{a.Assessment: a.Activities},
		Controller: a.Controller,
	}
	for purpose, texts := range a.Purposes {
		around.Purposes[purpose] = basis.PurposeTexts(texts)
	}
	maps.Copy(around.Hosts, a.Hosts)
	return around
}
