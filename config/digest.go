package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/config/tarball"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// digested is everything that decides, as files: the policy's digest is theirs, and they are what is kept of it. What
// people wrote is there by its meaning. What does not decide (where the server listens, how pages look, tests) is left
// out. Of a token it is said that there is one, of a database of regions what its digest is.
type digested struct {
	policy  tarball.Files
	builtin tarball.Files // what comes with the program, of which policy has the manifest
}

// The files of [digested] beside the policy folder's.
const (
	digestedServer = "server.yaml" // of the server file, what decides
	limitsFile     = "limits"      // of a hit, those too that are by default
	pastFile       = "past"        // what the ledger remembers of assessments that are void; see [pastLines]
	builtinFile    = "builtin"     // the manifest of what comes with the program
)

// digested gathers what decides.
func (r *reading) digested() digested {
	d := digested{tarball.Files{}, r.builtin()}
	d.policy[digestedServer] = meaningOf(r.deciding())
	d.policy[limitsFile] = limitLines(r.loaded.Draft.Limits)
	d.policy[builtinFile] = d.builtin.Manifest()
	if past := pastLines(r.loaded); len(past) > 0 {
		d.policy[pastFile] = past
	}
	add := func(name string, doc *strict.Document) {
		if doc != nil {
			d.policy["policy/"+name] = meaningOf(doc.Root)
		}
	}
	add(purposesFile, r.purposes)
	add(activitiesFile, r.activities)
	add(profilesFile, r.profiles)
	add(detectorsFile, r.detectors)
	add(PromisesFile, r.promises)
	add(RevocationsFile, r.revocations)
	for _, file := range r.assessments {
		add(AssessmentsFolder+"/"+file.assessment.ID+".yaml", file.doc)
	}
	for id, doc := range r.vendorFiles {
		add(vendorsFolder+"/"+id+".yaml", doc)
	}
	return d
}

// check says why it cannot be kept; nil where it can: a policy that cannot be named to anybody later is not served.
func (d digested) check() error {
	for _, name := range slices.Sorted(maps.Keys(d.policy)) {
		if len(d.policy[name]) > longestMeaning {
			return fmt.Errorf("%s holds more than can be kept for those who read the ledger later: %d MiB, written out, at most",
				name, longestMeaning>>20)
		}
	}
	return d.policy.Check()
}

// builtin is what the policy uses of what comes with the program.
func (r *reading) builtin() tarball.Files {
	files := tarball.Files{
		"names.yaml": catalog.NamesText(), "regions.yaml": rules.RegionsText(),
		"parameters.yaml": minimise.ParametersText(), "coarse.yaml": minimise.CoarseText(),
	}
	for _, file := range r.loaded.vendors {
		if _, builtin := catalog.BuiltinText(file.ID); !builtin {
			continue
		}
		files["catalog/"+file.ID+".json"] = shippedSaid(file)
	}
	return files
}

// shippedTexts are what vendor files say that come with the product, by file: it is
// not put into words again with each load.
var shippedTexts sync.Map // *catalog.File → []byte, not to be changed

// shippedSaid is what a vendor file says.
func shippedSaid(file *catalog.File) []byte {
	if shipped, _ := shippedFile(file.ID); shipped != file {
		return said(file)
	}
	if text, ok := shippedTexts.Load(file); ok {
		return text.([]byte)
	}
	text := said(file)
	shippedTexts.Store(file, text)
	return text
}

// said is what a vendor file says.
func said(file *catalog.File) []byte {
	text, err := json.MarshalIndent(saidOf(reflect.ValueOf(file)), "", " ")
	if err != nil {
		panic("BUG: a catalog file is no JSON: " + err.Error())
	}
	return append(text, '\n')
}

// undecided are the keys of a site that decide nothing, and paced those of a vendor.
var (
	undecided = []string{"name", "privacy", "choices"}
	paced     = []string{"rate", "concurrency"}
)

// deciding is the server file's part that decides, as a server file. An approval covers the controller's name.
func (r *reading) deciding() *yaml.Node {
	top := mappingNode(textNode("version"), numberNode(r.loaded.Server.Version))
	put := func(key string, value *yaml.Node) { top.Content = append(top.Content, textNode(key), value) }
	if name := r.loaded.Server.Controller.Name; name != "" {
		put("controller", mappingNode(textNode("name"), textNode(name)))
	}
	if at := strict.Path("trusted_proxies"); r.server.Has(at...) {
		put("trusted_proxies", r.server.Find(at))
	}
	if limits := r.writtenLimits(); len(limits.Content) > 0 {
		put("limits", limits)
	}
	if r.server.Has("approvers") {
		keys := mappingNode()
		for _, name := range r.server.Keys("approvers") {
			keys.Content = append(keys.Content, textNode(name), textNode(r.loaded.Server.Approvers[name].Key))
		}
		put("approvers", keys)
	}
	put("sites", changedEach(r.server.Find(strict.Path("sites")), func(site *yaml.Node) *yaml.Node {
		return changedKeys(site, func(key, value *yaml.Node) *yaml.Node {
			switch {
			case slices.Contains(undecided, key.Value):
				return nil
			case key.Value == "region":
				return changedKeys(value, r.databaseByDigest)
			case key.Value == "signals":
				return changedKeys(value, receiptsElsewhere)
			}
			return value
		})
	}))
	put("vendors", changedEach(r.server.Find(strict.Path("vendors")), func(vendor *yaml.Node) *yaml.Node {
		return changedKeys(vendor, func(key, value *yaml.Node) *yaml.Node {
			switch {
			case slices.Contains(paced, key.Value):
				return nil
			case key.Value == "senders":
				return changedKeys(value, tokenElsewhere)
			}
			return value
		})
	}))
	return top
}

// databaseByDigest names a database of regions by what it holds, not by where it is.
func (r *reading) databaseByDigest(key, value *yaml.Node) *yaml.Node {
	file := r.source.regionDBs[value.Value]
	if key.Value != "database" || value.Value == "" || file.elsewhere {
		return value
	}
	return textNode(fmt.Sprintf("%x.mmdb", sha256.Sum256(file.content)))
}

// tokenElsewhere says of a token that there is one: neither it nor where it is leaves its file.
func tokenElsewhere(key, value *yaml.Node) *yaml.Node {
	if key.Value != "token_file" || value.Value == "" {
		return value
	}
	return textNode("token")
}

// receiptsElsewhere says of receipts that they are listed, and not by which secret: what they say was proven before.
func receiptsElsewhere(key, value *yaml.Node) *yaml.Node {
	if key.Value == "receipts" {
		return mappingNode()
	}
	return value
}

// changedEach is a mapping with other values.
func changedEach(mapping *yaml.Node, change func(value *yaml.Node) *yaml.Node) *yaml.Node {
	return changedKeys(mapping, func(_, value *yaml.Node) *yaml.Node { return change(value) })
}

// changedKeys is a mapping with other values, and without those keys whose value is nil then. What is no mapping stays.
func changedKeys(mapping *yaml.Node, change func(key, value *yaml.Node) *yaml.Node) *yaml.Node {
	if mapping.Kind != yaml.MappingNode {
		return mapping
	}
	changed := mappingNode()
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if value := change(mapping.Content[i], mapping.Content[i+1]); value != nil {
			changed.Content = append(changed.Content, mapping.Content[i], value)
		}
	}
	return changed
}

// writtenLimits are those of a hit that somebody wrote down: no vendor file goes beyond them.
func (r *reading) writtenLimits() *yaml.Node {
	l, limits := &r.loaded.Server.Limits, mappingNode()
	for _, each := range []struct {
		key   string
		value *yaml.Node
	}{
		{"body", textNode(l.Body.String())}, {"decompressed", textNode(l.Decompressed.String())},
		{"events", numberNode(l.Events)}, {"depth", numberNode(l.Depth)}, {"fields", numberNode(l.Fields)},
		{"nodes", numberNode(l.Nodes)},
	} {
		if r.server.Has("limits", each.key) {
			limits.Content = append(limits.Content, textNode(each.key), each.value)
		}
	}
	return limits
}

func limitLines(l rules.Limits) []byte {
	return fmt.Appendf(nil, "body %d\ndecompressed %d\nevents %d\ndepth %d\nfields %d\nnodes %d\n",
		l.Body, l.Decompressed, l.Events, l.Depth, l.Fields, l.Nodes)
}

// pastLines are what the ledger remembers, as far as it decides: a line for each assessment that is void for what
// happened before, and for each whose approver is none any more, which is the reason that it is denied with.
func pastLines(l *Loaded) []byte {
	var lines []byte
	for _, id := range l.Draft.Assessments.IDs() {
		a := l.Draft.Assessments.Assessment(id)
		if l.Past.Void(id, a.Version) {
			lines = fmt.Appendf(lines, "void %q %d\n", id, a.Version)
		}
		if l.Draft.Assessments.Validity(id, time.Time{}) == basis.ApproverRemoved { // whatever the time
			lines = fmt.Appendf(lines, "approver %q\n", basis.SignedBy(a.Approval))
		}
	}
	return lines
}

// parsePast reads what [pastLines] writes. What it does not, it does not read: the digest is another then.
func parsePast(text []byte) basis.Past {
	past := basis.Past{Revoked: map[string]int{}, Keys: map[string]bool{}}
	for line := range bytes.Lines(text) {
		var id string
		var version int
		if n, _ := fmt.Sscanf(string(line), "void %q %d\n", &id, &version); n == 2 {
			past.Revoked[id] = version
		} else if n, _ := fmt.Sscanf(string(line), "approver %q\n", &id); n == 1 {
			past.Keys[id] = true
		}
	}
	return past
}
