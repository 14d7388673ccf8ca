package config

import (
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// reading is the state of one Compile.
type reading struct {
	checks
	source    *Source
	catalogs  catalogs                   // of policy/vendors
	regionDBs map[string]*regionDB       // databases of regions, by the path that the server file gives
	compiled  map[string]*catalog.Vendor // by id, with the fields that profiles name

	vendorFiles map[string]*strict.Document // of policy/vendors, by id, those without a fault

	approval string // of the promises, as written

	examines bool // promises that are broken, or not what was signed, are no faults: somebody asks which are
}

// checks is what each check has in hand: the files with their places, what they were read into, and where it reports
// what is wrong.
type checks struct {
	*report
	*documents
	loaded *Loaded
}

// documents are the files with their places. One is nil where its file is missing or was no YAML; what refers to it is
// then not checked, so that one fault does not draw others after it.
type documents struct {
	server, purposes, activities, profiles *strict.Document
	detectors                              *strict.Document // nil also where there is no such file
	promises                               *strict.Document // likewise
	revocations                            *strict.Document // likewise

	assessments []assessmentFile
	tests       []testFile
}

type assessmentFile struct {
	name       string // inside the policy folder, with slashes
	doc        *strict.Document
	assessment *basis.Assessment
}

type testFile struct {
	doc   *strict.Document
	tests Tests
}

// assessment returns the assessment of that id, the last where there are several, nil where there is none.
func (d *documents) assessment(id string) (found *basis.Assessment) {
	for _, file := range d.assessments {
		if file.assessment.ID == id {
			found = file.assessment
		}
	}
	return found
}

// The files of a policy folder that there is one of.
const (
	purposesFile    = "purposes.yaml"
	activitiesFile  = "activities.yaml"
	profilesFile    = "profiles.yaml"
	detectorsFile   = "detectors.yaml"
	PromisesFile    = "promises.yaml"
	RevocationsFile = "revocations.yaml"
)

// The folders of a policy folder.
const (
	AssessmentsFolder = "assessments"
	testsFolder       = "tests"
	vendorsFolder     = "vendors"
)

func (r *reading) readServer() {
	r.server = r.source.parse(r.source.Path, r.source.server, &r.faults)
	if r.server != nil {
		Decode(r.server, &r.loaded.Server, &r.faults)
	}
}

func (r *reading) readPolicy() {
	var purposes Purposes
	var activities Activities
	var profiles Profiles
	r.purposes = r.obligatory(purposesFile, &purposes)
	r.activities = r.obligatory(activitiesFile, &activities)
	r.profiles = r.obligatory(profilesFile, &profiles)
	r.loaded.Purposes, r.loaded.Activities, r.loaded.Profiles = purposes.Purposes, activities.Activities, profiles.Profiles
	r.loaded.Regions = activities.Regions
	for _, name := range r.source.names(AssessmentsFolder) {
		a := new(basis.Assessment)
		if doc := r.read(name, a); doc != nil {
			r.assessments = append(r.assessments, assessmentFile{name, doc, a})
		}
	}
	for _, name := range r.source.names(testsFolder) {
		var tests Tests
		if doc := r.read(name, &tests); doc != nil {
			r.tests = append(r.tests, testFile{doc, tests})
		}
	}
	r.readCatalogs()
	r.readRevocations()
	if _, ok := r.source.policy[detectorsFile]; ok {
		var detectors Detectors
		r.detectors = r.read(detectorsFile, &detectors)
		r.loaded.Detectors = detectors.Detectors
	}
	if _, ok := r.source.policy[PromisesFile]; ok {
		var promises Promises
		r.promises = r.read(PromisesFile, &promises)
		r.loaded.Promises, r.approval = promises.Promises, promises.Approval
	}
}

func (r *reading) obligatory(name string, into any) *strict.Document {
	if _, ok := r.source.policy[name]; !ok {
		r.faults.File(r.source.display(name), "the file is missing: a policy has purposes.yaml, activities.yaml and "+
			"profiles.yaml (tagwarden init writes an example)")
		return nil
	}
	return r.read(name, into)
}

func (r *reading) read(name string, into any) *strict.Document {
	doc := r.source.parse(r.source.display(name), r.source.policy[name], &r.faults)
	if doc != nil {
		Decode(doc, into, &r.faults)
	}
	return doc
}

// readCatalogs reads the user's own vendors.
func (r *reading) readCatalogs() {
	r.catalogs = catalogs{}
	docs := map[string]*strict.Document{}
	r.vendorFiles = docs
	for _, name := range r.source.names(vendorsFolder) {
		file := new(catalog.File)
		before := len(r.faults)
		doc := r.read(name, file)
		id := strings.TrimSuffix(path.Base(name), ".yaml")
		r.catalogs[id] = nil // known, though not readable
		if doc == nil || len(r.faults) > before {
			continue
		}
		_, builtin := catalog.BuiltinText(id)
		switch {
		case file.ID != id:
			r.faults.At(doc, strict.Path("id"), "the id %q is not the file's name: write id: %s, or rename the file",
				file.ID, id)
		case builtin:
			r.faults.At(doc, strict.Path("id"), "%q is a built-in vendor: give yours a name of its own", id)
		default:
			if _, err := catalog.Compile(file, nil, catalog.Names()); err != nil {
				r.faults.At(doc, placeIn(doc, err.Error()), "%s", err)
				continue
			}
			if faults := file.OwnFaults(); len(faults) > 0 {
				for _, fault := range faults {
					r.faults.At(doc, placeIn(doc, fault), "%s", fault)
				}
				continue
			}
			r.catalogs[id] = file
			docs[id] = doc
		}
	}
	for _, id := range slices.Sorted(maps.Keys(docs)) {
		if kin := r.catalogs[id].Kin(); kin != id {
			if file, known := r.catalogs.find(kin); !known || file != nil && file.Family != "" {
				r.faults.At(docs[id], strict.Path("family"), "%q is no catalog entry that is of its own family%s",
					strict.Shortened(kin), strict.Suggestion(kin, catalog.BuiltinIDs()))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(docs)) {
		before := len(r.faults)
		if (ownVendor{r, docs[id], r.catalogs[id]}).check(); len(r.faults) > before {
			defer func() { r.catalogs[id] = nil }() // once all were looked at, which may name it
		}
	}
}

// VendorFault is what is wrong with a vendor file, an error of [catalog.Compile], at its place in the file.
func VendorFault(name string, text []byte, err error) strict.Fault {
	var faults, none strict.Faults
	doc := strict.Parse(name, text, &none)
	if doc == nil { // anchors, as the files that come with the product have them: nobody knows the place
		return strict.Fault{File: name, Msg: err.Error()}
	}
	faults.At(doc, placeIn(doc, err.Error()), "%s", err)
	return faults[0]
}

// placeIn follows the place that an error of the catalog begins with, "endpoints.collect:
// fields.cid: ...", as far as it leads.
func placeIn(doc *strict.Document, msg string) []any {
	var at []any
	for {
		place, rest, found := strings.Cut(msg, ": ")
		if !found || strings.Contains(place, " ") {
			return at
		}
		at = follow(doc, at, place)
		msg = rest
	}
}

// follow walks a path of keys and of ids of list elements, joined by dots, as far as it leads. Names may hold dots
// themselves: the longest that fits is taken.
func follow(doc *strict.Document, at []any, path string) []any {
	for path != "" {
		var step any
		longest := -1
		for i, name := range doc.Children(at) {
			if rest, ok := strings.CutPrefix(path, name); ok && len(name) > longest && (rest == "" || rest[0] == '.') {
				longest, step = len(name), any(name)
				if doc.Find(at).Kind == yaml.SequenceNode {
					step = i
				}
			}
		}
		if longest < 0 {
			return at
		}
		at = append(at, step)
		path = strings.TrimPrefix(path[longest:], ".")
	}
	return at
}

// checkFolder reports files that nothing reads, which are most likely misspelt.
func (r *reading) checkFolder() {
	known := []string{purposesFile, activitiesFile, profilesFile, detectorsFile, PromisesFile, RevocationsFile}
	folders := []string{AssessmentsFolder, testsFolder, vendorsFolder}
	for _, name := range slices.Sorted(maps.Keys(r.source.policy)) {
		folder, base := path.Split(name)
		folder = strings.TrimSuffix(folder, "/")
		switch {
		case path.Ext(base) == ".yml":
			r.faults.File(r.source.display(name), "the file is not read: name it %s", strings.TrimSuffix(base, ".yml")+".yaml")
		case path.Ext(base) != ".yaml":
		case folder == "" && !slices.Contains(known, base):
			r.faults.File(r.source.display(name), "the file is not read%s", strict.Suggestion(base, known))
		case folder != "" && !slices.Contains(folders, folder) && !strings.HasPrefix(folder, testsFolder+"/"):
			r.faults.File(r.source.display(name), "the file is not read: the folder is none of the policy's%s",
				strict.Suggestion(folder, folders))
		}
	}
}
