package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// digest names the policy: SHA-256 in hexadecimal over everything that decides. Policy files and the server file count by their meaning,
// not by comments, layout or the order of keys. What does not decide (where the server listens, who the controller is, tests) is left out.
func (r *reading) digest() string {
	h := sha256.New()
	h.Write(fmt.Appendln(nil, "tagwarden policy 1"))
	for _, key := range []string{"sites", "vendors", "trusted_proxies", "approvers"} {
		if r.server.Has(key) {
			h.Write([]byte(key))
			writeMeaning(h, r.server.Find(strict.Path(key)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.source.regionDBs)) {
		content := sha256.Sum256(r.source.regionDBs[name].content)
		h.Write(fmt.Appendf(nil, "places %q %x\n", name, content))
	}
	h.Write(fmt.Appendln(nil, "limits", r.loaded.Draft.Limits, r.loaded.Draft.Given))
	docs := []*strict.Document{r.purposes, r.activities, r.profiles}
	if r.detectors != nil {
		docs = append(docs, r.detectors)
	}
	for _, file := range r.assessments {
		docs = append(docs, file.doc)
	}
	if r.revocations != nil {
		docs = append(docs, r.revocations)
	}
	for _, doc := range docs {
		writeMeaning(h, doc.Root)
	}
	used := map[string]*catalog.File{}
	for _, file := range r.loaded.vendors {
		used[file.ID] = file
	}
	for _, id := range slices.Sorted(maps.Keys(used)) {
		text, err := json.Marshal(used[id])
		if err != nil {
			panic("BUG: a catalog file is no JSON: " + err.Error())
		}
		h.Write(append(text, '\n'))
	}
	r.writePast(h)
	h.Write(catalog.NamesText())
	h.Write(rules.RegionsText())
	h.Write(minimise.ParametersText())
	h.Write(minimise.CoarseText())
	return hex.EncodeToString(h.Sum(nil))
}

// writeMeaning writes a value so that what reads alike writes alike: mappings sorted by key, texts and numbers behind their length.
func writeMeaning(h hash.Hash, node *yaml.Node) {
	switch node.Kind {
	case yaml.MappingNode:
		values := map[string]*yaml.Node{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			values[node.Content[i].Value] = node.Content[i+1]
		}
		h.Write(fmt.Appendf(nil, "{%d", len(values)))
		for _, key := range slices.Sorted(maps.Keys(values)) {
			h.Write(fmt.Appendf(nil, "%d:%s", len(key), key))
			writeMeaning(h, values[key])
		}
	case yaml.SequenceNode:
		h.Write(fmt.Appendf(nil, "[%d", len(node.Content)))
		for _, element := range node.Content {
			writeMeaning(h, element)
		}
	default:
		h.Write(fmt.Appendf(nil, "%s%d:%s", node.ShortTag(), len(node.Value), node.Value))
	}
}

// writePast writes which assessments are void for what happened before: what the ledger remembers decides as well.
func (r *reading) writePast(h hash.Hash) {
	for _, id := range r.loaded.Draft.Assessments.IDs() {
		version := r.loaded.Draft.Assessments.Version(id)
		if r.loaded.Past.Void(id, version) {
			h.Write(fmt.Appendf(nil, "void %q %d\n", id, version))
		}
	}
}
