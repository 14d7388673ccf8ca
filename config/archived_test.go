package config

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/tarball"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// again archives a policy in an empty folder and compiles what is there.
func again(t *testing.T, loaded *Loaded) (*rules.Policy, string, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if mended, err := loaded.Archive(durable.Files{}, dir); err != nil || mended != nil {
		t.Fatalf("mended %v, %v", mended, err)
	}
	policy, err := CompileArchived(dir, loaded.Policy.Digest())
	return policy, dir, err
}

// fromFiles compiles what would be archived, without a folder.
func fromFiles(loaded *Loaded) (*rules.Policy, error) {
	archived, err := loadArchived(loaded.digested.policy, loaded.Policy.Digest())
	if err != nil {
		return nil, err
	}
	return archived.Policy, nil
}

// plainDraft is a draft without what cannot be compared: places in files, and what is not in archives.
func plainDraft(d rules.Draft) rules.Draft {
	d.Sites, d.Vendors = slices.Clone(d.Sites), slices.Clone(d.Vendors)
	d.Activities, d.Profiles = slices.Clone(d.Activities), slices.Clone(d.Profiles)
	for i := range d.Sites {
		d.Sites[i].Region.Database = nil
	}
	for i := range d.Vendors {
		d.Vendors[i].Senders.Token, d.Vendors[i].Compiled = rules.SenderToken{}, nil
	}
	for i := range d.Activities {
		d.Activities[i].When = nil
	}
	for i := range d.Profiles {
		d.Profiles[i].Place = nil
	}
	return d
}

// archivable are configurations of every kind, by name: every example, the design's, and one with vendor files of its
// own, approvals, revocations and detectors.
func archivable(t *testing.T) map[string]*Loaded {
	t.Helper()
	all := map[string]*Loaded{"the example": exampleOf(t, "")}
	for _, name := range Examples() {
		all["example "+name] = exampleOf(t, name)
	}
	for name, files := range map[string]map[string][]byte{"base": base(t), "design": design(t)} {
		loaded, err := compiled(files)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = loaded
	}
	own := approvedFiles(t)
	own["policy/detectors.yaml"] = []byte(detectorsExample)
	own["policy/revocations.yaml"] = []byte("revocations:\n" +
		"  - { assessment: LIA-1, version: 1, at: 2026-11-20T10:00:00Z, because: 'an end' }\n")
	loaded, err := compiled(own)
	if err != nil {
		t.Fatal(err)
	}
	all["own"] = loaded
	if loaded, err = Compile(SourceOf(approvedFiles(t)), basis.Past{}); err != nil {
		t.Fatal(err)
	}
	all["approved"] = loaded
	return all
}

// TestArchived: of each configuration the archive alone gives the very policy that was archived.
func TestArchived(t *testing.T) {
	t.Parallel()
	all := archivable(t)
	if len(all) < 11 {
		t.Errorf("%d configurations: more are there", len(all))
	}
	for name, loaded := range all {
		policy, _, err := again(t, loaded)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if policy.Digest() != loaded.Policy.Digest() {
			t.Errorf("%s: the digest is %s, was %s", name, policy.Digest(), loaded.Policy.Digest())
		}
		second, err := Compile(archivedSource(loaded.digested.policy), parsePast(loaded.digested.policy[pastFile]))
		if err != nil {
			t.Fatal(name, err)
		}
		if was, is := plainDraft(loaded.Draft), plainDraft(second.Draft); !reflect.DeepEqual(was, is) {
			t.Errorf("%s: the draft is\n%+v, was\n%+v", name, is, was)
		}
	}
}

// TestArchivedEdits: what an approval covers is covered by the digest as well, and what an assessment is worth survives
// being archived, whatever was edited since.
func TestArchivedEdits(t *testing.T) {
	t.Parallel()
	signed := approvedFiles(t)
	before, err := compiled(signed)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		files := maps.Clone(signed)
		name := strings.TrimPrefix("policy/"+e.file, "policy/../")
		files[name] = bytes.Replace(files[name], []byte(e.old), []byte(e.with), 1)
		loaded, err := compiled(files)
		if err != nil {
			continue // a key that files do not have yet
		}
		if !e.same && loaded.Policy.Digest() == before.Policy.Digest() {
			t.Errorf("%s: another %q, and the same digest", e.key, e.with)
		}
		policy, err := fromFiles(loaded)
		if err != nil {
			t.Errorf("%s: %v", e.key, err)
			continue
		}
		was, is := loaded.Policy.Assessments().Validity("LIA-1", noon), policy.Assessments().Validity("LIA-1", noon)
		if was != is || (was == basis.Valid) != e.same {
			t.Errorf("%s: the assessment is %v, archived %v", e.key, was, is)
		}
	}
}

// TestArchiveHoldsWhatTheDigestCovers: the digest is that of what is kept, and a byte more or less of it is another.
func TestArchiveHoldsWhatTheDigestCovers(t *testing.T) {
	t.Parallel()
	loaded := exampleOf(t, "")
	_, dir, err := again(t, loaded)
	if err != nil {
		t.Fatal(err)
	}
	digest := loaded.Policy.Digest()
	kept, err := tarball.Read(dir, digest, digest)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(kept, loaded.digested.policy) || kept.Digest() != digest {
		t.Error("other files are kept than those that the digest is over")
	}
	builtin := tarball.Files{builtinFile: kept[builtinFile]}
	at := strings.Fields(string(builtin.Manifest()))[0] // the name of its archive: what sha256sum says of the file
	came, err := tarball.Read(dir, builtinPrefix+at, at)
	if err != nil || !reflect.DeepEqual(came, loaded.digested.builtin) {
		t.Errorf("what came with the program is not kept beside it: %v", err)
	}
	for name, text := range kept {
		for _, other := range [][]byte{append(slices.Clip(text), '\n'), text[1:]} {
			changed := maps.Clone(kept)
			if changed[name] = other; changed.Digest() == digest {
				t.Errorf("%s is another, and the digest is not", name)
			}
		}
	}
}

// TestBuiltinDataAreCovered: whatever the rules have embedded is part of the digest, or made of what is: names.txt of
// names.yaml, which a test beside them says.
func TestBuiltinDataAreCovered(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, text := range exampleOf(t, "").digested.builtin {
		covered[string(text)] = true
	}
	err := filepath.WalkDir("../rules", func(path string, _ os.DirEntry, err error) error {
		if err != nil || strings.Contains(path, "testdata") || strings.Contains(path, "/catalog/vendors/") ||
			filepath.Base(path) == "names.txt" ||
			!slices.Contains([]string{".yaml", ".json", ".txt"}, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && !covered[string(text)] {
			t.Errorf("%s decides, and is not in reading.builtin", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestArchivedPast: what the ledger remembers of assessments is part of it: revoked stays revoked, for the same reason.
func TestArchivedPast(t *testing.T) {
	t.Parallel()
	const id, file = "LIA-2026-001", "policy/assessments/LIA-2026-001.yaml"
	private, public := approverKeys(t)
	key, err := basis.KeyOf(private)
	if err != nil {
		t.Fatal(err)
	}
	_, another, err := note.GenerateKey(strings.NewReader(strings.Repeat("another", 8)), "privacy")
	if err != nil {
		t.Fatal(err)
	}
	files := design(t)
	loaded, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	approval, err := basis.Sign(loaded.Assessments[id].Document, loaded.Assessments[id].Digest, private)
	if err != nil {
		t.Fatal(err)
	}
	if files[file], err = WithApproval(files[file], approval); err != nil {
		t.Fatal(err)
	}
	others := maps.Clone(files)
	others["tagwarden.yaml"] = bytes.ReplaceAll(files["tagwarden.yaml"], []byte(public), []byte(another))
	digests := map[string]basis.Validity{}
	for _, c := range []struct {
		files map[string][]byte
		past  basis.Past
		want  basis.Validity
		same  bool // as one before
	}{
		{files, basis.Past{}, basis.Valid, false},
		{files, basis.Past{Seen: map[string]int{id: 1}, Keys: map[string]bool{key: true}}, basis.Valid, true},
		{files, basis.Past{Revoked: map[string]int{id: 3}}, basis.Revoked, false},
		{files, basis.Past{Seen: map[string]int{id: 9}}, basis.Revoked, true},
		{others, basis.Past{}, basis.Foreign, false},
		{others, basis.Past{Keys: map[string]bool{key: true}}, basis.ApproverRemoved, false},
	} {
		loaded, err := Compile(SourceOf(c.files), c.past)
		if err != nil {
			t.Fatal(err)
		}
		policy, _, err := again(t, loaded)
		if err != nil {
			t.Errorf("%v: %v", c.want, err)
			continue
		}
		if got := policy.Assessments().Validity(id, noon); got != c.want {
			t.Errorf("it is %v, want %v", got, c.want)
		}
		_, same := digests[policy.Digest()]
		if digests[policy.Digest()] = c.want; same != c.same {
			t.Errorf("%+v: the digest is one of before: %v", c.past, same)
		}
	}
}

// TestNothingSecretIsArchived: neither tokens nor where files are, nor who approves as a person; a database by its
// digest.
func TestNothingSecretIsArchived(t *testing.T) {
	t.Parallel()
	_, key := approverKeys(t)
	database, err := os.ReadFile("testdata/places.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	files := base(t)
	server := string(files["tagwarden.yaml"])
	for old, with := range map[string]string{
		"    hosts: [": "    region: { database: /home/jane/geo-secret.mmdb }\n" +
			"    privacy: { css: jane-secret.css, logo: jane-secret.svg }\n    hosts: [",
		"catalog: ": "senders: { token_file: /run/jane-secret }, catalog: ",
	} {
		if !strings.Contains(server, old) {
			t.Fatalf("the base has no %q:\n%s", old, server)
		}
		server = strings.Replace(server, old, with, 1)
	}
	server += "approvers: { privacy: { key: " + key + ", name: Jane Secret, role: secret agent } }\n" +
		"webhooks: [{ name: w, url: https://hooks.example/secret-path, events: [objection], secret_file: /run/secret }]\n" +
		"keys: { root_command: [vault, secret] }\nledger: { checkpoint_to: https://w.example/secret }\n"
	files["tagwarden.yaml"] = []byte(server)
	source := SourceOf(files)
	source.regionDBs = map[string]besideFile{"/home/jane/geo-secret.mmdb": {content: database}}
	source.sheets = map[string]besideFile{"jane-secret.css": {content: []byte("p { color: secret }")}}
	logo := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><!--secret--></svg>`)
	source.logos = map[string]besideFile{"jane-secret.svg": {content: logo}}
	source.tokens = map[string]besideFile{"/run/jane-secret": {content: []byte("secret-secret-secret-secret")}}
	loaded, err := Compile(source, basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	policy, _, err := again(t, loaded)
	if err != nil || policy.Digest() != loaded.Policy.Digest() {
		t.Error(err)
	}
	for name, text := range loaded.digested.policy {
		for _, not := range []string{"secret", "jane", "agent"} {
			if bytes.Contains(bytes.ToLower(text), []byte(not)) {
				t.Errorf("%s holds %q:\n%s", name, not, text)
			}
		}
	}
	source.regionDBs = map[string]besideFile{"/home/jane/geo-secret.mmdb": {content: append(bytes.Clone(database), 0)}}
	if other, err := Compile(source, basis.Past{}); err == nil && other.Policy.Digest() == loaded.Policy.Digest() {
		t.Error("another database, and the digest is the same")
	}
}
