package config

import (
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// Loaded is a server file and a policy folder, read without a fault.
type Loaded struct {
	Source     *Source
	Server     Server              // defaults filled in, paths resolved
	Purposes   map[string]Purpose  // as written
	Activities []Activity          // as written
	Regions    map[string]string   // regimes that the policy chose for regions, as written
	Profiles   map[string]Profile  // as written
	Detectors  map[string]Detector // as written
	Promises   []Promise           // as written
	Proofs     []promise.Result    // what they come to, each
	// what an approver signed of promises, whether it still stands or not; the zero value where none did
	Approval      basis.Promised
	Promised      basis.Promised        // the same where it stands as it was signed
	Unguarded     strict.Faults         // of [Examine]: in what they are not what was signed
	Assessments   map[string]Assessment // by id
	Revocations   []Revocation          // as written
	Tests         []Test                // of all files, in the order of their names
	Draft         rules.Draft           // what the policy is compiled from
	Policy        *rules.Policy
	Past          basis.Past       // what Compile was told, and the revocations in the policy folder
	Files         durable.Files    // what is written into the policy folder is written with
	Approvers     []basis.Approver // by name
	Warnings      strict.Faults    // what is no fault but has no effect, or hardly the one that was meant
	Notes         strict.Faults    // what is as it may be, and good to know
	DefaultOrigin string           // what the log is called where nobody gave it a name
	Missing       []Missing        // what notice and record of processing cannot do without, and nobody says

	past     basis.Past               // what Compile was told
	vendors  map[string]*catalog.File // of the server file's vendors, by the vendor's id
	fields   map[string]vendorFields  // likewise
	digested digested                 // what the policy's digest is over
}

// Assessment is an assessment with where it stands and the digest that its approval signs.
type Assessment struct {
	Document *basis.Assessment
	Digest   basis.Digest
	First    basis.Digest // in the first form, which nothing is signed in any more
	// what an approval signs from now on; Digest, but where an older one does not cover the controller's name
	Whole   basis.Digest
	Unnamed basis.Digest // what an older one signs; zero where it says what was not known then
	File    string       // relative to the working folder, or absolute
	Name    string       // the file's, inside the policy folder, with slashes
	Text    []byte       // the file's, as in the source
}

// Due lists the assessments whose review is due within 30 days of a time, or past, the most urgent first.
func (l *Loaded) Due(at time.Time) []basis.Due { return l.Draft.Assessments.Due(at) }

// Load reads a server file and its policy folder and compiles them. An error is a [strict.Faults].
func Load(path string) (*Loaded, error) {
	source, err := Read(path)
	if err != nil {
		return nil, err
	}
	return Compile(source, basis.Past{})
}

// Compile makes of a source what [Load] returns. Past is what the ledger knows of assessments. An error is a
// [strict.Faults].
func Compile(source *Source, past basis.Past) (*Loaded, error) { return compile(source, past, false) }

// Examine makes of a source what [Compile] does, and of one whose promises are broken, or are not what was signed, too:
// its proofs and Unguarded say which.
func Examine(source *Source, past basis.Past) (*Loaded, error) { return compile(source, past, true) }

func compile(source *Source, past basis.Past, examines bool) (*Loaded, error) {
	r := &reading{source: source, examines: examines}
	r.checks = checks{new(report), new(documents), &Loaded{Source: source, Assessments: map[string]Assessment{},
		past: past}}
	r.readServer()
	r.readPolicy()
	r.checkFolder()
	r.check()
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	r.resolvePaths()
	r.draft()
	if r.compile(); r.loaded.Policy != nil {
		r.prove()
		r.guard()
	}
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	r.loaded.Warnings, r.loaded.Notes = r.warnings.Sorted(), r.notes.Sorted()
	r.loaded.Missing = r.missing
	return r.loaded, nil
}

// check looks at what each file says, and at what it refers to in others.
func (r *reading) check() {
	sites := siteCheck{r.checks, r.source, map[string]*regionDB{}}
	profiles := profileCheck{checks: r.checks}
	if r.server != nil {
		r.checkNamed()
		serverCheck{r.checks}.run()
		ledgerCheck{r.checks}.run()
		deliveryCheck{r.checks}.run()
		clusterCheck{r.checks}.run()
		sites.run()
		webhookCheck{r.checks}.run()
		alarmsCheck{r.checks}.run()
	}
	vendorCheck{r.checks, r.source, r.catalogs}.run()
	serviceCheck{r.checks}.run()
	purposeCheck{r.checks}.run()
	assessmentCheck{r.checks}.run()
	profiles.run()
	r.checkDetectors()
	activityCheck{r.checks, r.source, &requiredCheck{checks: r.checks, compiled: profiles.compiled}}.run()
	promiseCheck{r.checks, r.catalogs, profiles.compiled}.run()
	testCheck{r.checks, r.source}.run()
	missingCheck{r.checks}.run()
	languageCheck{checks: r.checks}.run()
	r.regionDBs, r.compiled = sites.regionDBs, profiles.compiled
}

// With compiles the configuration anew with one file of the policy changed, in memory.
func (l *Loaded) With(name string, text []byte) (*Loaded, error) {
	changed := *l.Source
	changed.policy = maps.Clone(l.Source.policy)
	changed.policy[name] = text
	return Compile(&changed, l.past)
}

// compile hands the draft to the engine. What that refuses concerns the interplay of vendors, sites and profiles; the
// place reported is the nearest one that the message names.
func (r *reading) compile() {
	policy, err := rules.Compile(&r.loaded.Draft)
	if err != nil {
		r.refused(err)
		return
	}
	r.loaded.Policy = policy
	for _, o := range policy.Overruled() {
		r.warnings.Key(r.profiles, strict.Path("profiles", o.Profile, "set", o.Vendor, o.Field),
			"%q states more than activity %s travels on: %s is told %q in its place; remove the line, or state that",
			o.Set, o.Activity, o.Vendor, o.Told)
	}
}

// refused reports what the engine refused, at the place that it names:
// "vendors.ga4", "profiles.standard.fields.ga4.cid".
func (r *reading) refused(err error) {
	of, ok := errors.AsType[*rules.CompileError](err)
	if !ok {
		r.faults.File(r.source.Path, "%s", err)
		return
	}
	root, _, _ := strings.Cut(of.At, ".")
	doc := r.server
	switch root {
	case "purposes":
		doc = r.purposes
	case "activities":
		doc = r.activities
	case "profiles":
		doc = r.profiles
	}
	r.faults.Key(doc, follow(doc, nil, of.At), "%s: %s", of.At, of.Msg)
}

// resolvePaths makes the server file's paths relative to the working folder, or absolute.
func (r *reading) resolvePaths() {
	s := &r.loaded.Server
	for _, path := range []*string{&s.Data, &s.Policy, &s.Keys.Root} {
		if *path != "" {
			*path = relativeTo(r.source.Path, *path)
		}
	}
	if s.TLS != nil {
		s.TLS.Cert, s.TLS.Key = relativeTo(r.source.Path, s.TLS.Cert), relativeTo(r.source.Path, s.TLS.Key)
	}
	for i := range s.Webhooks {
		if file := &s.Webhooks[i].SecretFile; *file != "" {
			*file = relativeTo(r.source.Path, *file)
		}
	}
	if s.Cluster != nil {
		s.Cluster.pathsFrom(r.source.Path)
	}
	s.Ledger.CheckpointTo.pathsFrom(r.source.Path)
	s.Ledger.Export.pathsFrom(r.source.Path)
	for i := range r.loaded.Tests {
		r.loaded.Tests[i].File = filepath.Join(r.source.Dir, "tests", filepath.FromSlash(r.loaded.Tests[i].Hit))
	}
}
