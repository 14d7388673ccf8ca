package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/config/internal/files"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// approverKeys makes the private and the public key of an approver called privacy.
func approverKeys(t testing.TB) (private, public string) {
	t.Helper()
	return files.ApproverKeys(t)
}

// written puts files into a new folder and returns the server file's path.
func written(t *testing.T, all map[string][]byte) string {
	t.Helper()
	return files.Written(t, all)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	file := written(t, design(t))
	loaded, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(file)
	s := loaded.Server
	for what, pair := range map[string][2]string{
		"data":        {s.Data, filepath.Join(dir, "data")},
		"policy":      {s.Policy, filepath.Join(dir, "policy")},
		"root":        {s.Keys.Root, filepath.Join(dir, "root.key")},
		"secret_file": {s.Webhooks[0].SecretFile, filepath.Join(dir, "hook.key")},
		"hit":         {loaded.Tests[0].File, filepath.Join(dir, "policy", "tests", "hits", "matomo-page-view.http")},
		"assessment": {loaded.Assessments["LIA-2026-001"].File, filepath.Join(dir, "policy", "assessments",
			"LIA-2026-001.yaml")},
		"policy's id": {loaded.Policy.Digest(), loaded.Draft.Digest},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
		}
	}
}

// TestLoadIsWhatItCompiles: nothing depends on what maps are walked in.
func TestLoadIsWhatItCompiles(t *testing.T) {
	t.Parallel()
	files := design(t)
	first, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := compiled(files)
		if err != nil {
			t.Fatal(err)
		}
		if again.Draft.Digest != first.Draft.Digest {
			t.Fatal("the digest differs between two readings of the same files")
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	loaded, err := compiled(base(t))
	if err != nil {
		t.Fatal(err)
	}
	s := loaded.Server
	for what, pair := range map[string][2]string{
		"listen":        {s.Listen, "127.0.0.1:8080"},
		"admin.listen":  {s.Admin.Listen, "127.0.0.1:8081"},
		"data":          {s.Data, "data"},
		"keys.root":     {s.Keys.Root, "root.key"},
		"delivery.mode": {s.Delivery.Mode, "direct"},
		"delivery.ttl":  {s.Delivery.TTL.String(), "1d"},
		"retry.first":   {s.Delivery.Retry.First.String(), "500ms"},
		"retry.most":    {s.Delivery.Retry.Most.String(), "15s"},
		"queue.size":    {s.Delivery.Queue.Size.String(), "4GiB"},
		"queue.reserve": {s.Delivery.Queue.Reserve.String(), "1GiB"},
		"park.size":     {s.Delivery.Park.Size.String(), "256MiB"},
		"park.for":      {s.Delivery.Park.For.String(), "7d"},
		"ledger.seal":   {s.Ledger.Seal.String(), "1h"},
		"ledger.sync":   {s.Ledger.Sync.String(), "200ms"},
		"limits.body":   {s.Limits.Body.String(), "1MiB"},
		"purpose's gpc": {loaded.Purposes["measure"].GPC, "object"},
		"purpose's dnt": {loaded.Purposes["measure"].DNT, "object"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
		}
	}
	if v := s.Vendors["ga4"]; v.Rate != 0 || v.Concurrency != 64 {
		t.Errorf("rate %v, concurrency %d", v.Rate, v.Concurrency)
	}
	if s.TLS != nil || s.TrustedProxies != nil || s.Vendors["ga4"].Private {
		t.Errorf("%+v", s)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	file := written(t, base(t))
	first, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Read(file); err != nil || again.Digest != first.Digest {
		t.Errorf("read again: %v, %v", again, err)
	}
	dir := filepath.Dir(file)
	for _, change := range []struct {
		name, text string
		same       bool
	}{
		{"policy/.schema/server.json", "{}", true},
		{"policy/.hidden.yaml", "a: 1", true},
		{"data/state", "x", true},
		{"policy/README.md", "x", false},
		{"policy/tests/more.yaml", "tests: []", false},
	} {
		files.Put(t, dir, change.name, []byte(change.text))
		again, err := Read(file)
		if err != nil || (again.Digest == first.Digest) != change.same {
			t.Errorf("%s written: %v, %v", change.name, again, err)
		}
		first = again
	}
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "tagwarden.yaml")
	if _, err := Load(file); err == nil || err.Error() != file+
		": cannot read the server file: there is no such file or folder" {
		t.Errorf("no server file: %v", err)
	}
	if _, err := Load(dir); err == nil || err.Error() != dir+
		": cannot read the server file: it is a folder, and has no tagwarden.yaml: name the server file itself" {
		t.Errorf("a folder without: %v", err)
	}
	if err := os.WriteFile(file, base(t)["tagwarden.yaml"], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || err.Error() != dir+": cannot read the server file: it is a folder: "+file+
		" is the server file in it" {
		t.Errorf("a folder: %v", err)
	}
	want := filepath.Join(dir, "policy") + ": cannot read the policy folder: there is no such file or folder"
	if _, err := Load(file); err == nil || err.Error() != want {
		t.Errorf("no policy folder: %v", err)
	}
}

func TestRevokedAndSeen(t *testing.T) {
	t.Parallel()
	private, _ := approverKeys(t)
	files := design(t)
	loaded, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	a := loaded.Assessments["LIA-2026-001"]
	approval, err := basis.Sign(a.Document, a.Digest, private)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.ToSlash(a.File)
	if files[name], err = WithApproval(files[name], approval); err != nil {
		t.Fatal(err)
	}
	for _, past := range []basis.Past{{Revoked: map[string]int{"LIA-2026-001": 3}},
		{Seen: map[string]int{"LIA-2026-001": 4}}} {
		loaded, err := Compile(SourceOf(files), past)
		if err != nil {
			t.Fatal(err)
		}
		if got := loaded.Policy.Assessments().Validity("LIA-2026-001", noon); got != basis.Revoked {
			t.Errorf("%+v: the assessment is %v", past, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	files := base(t)
	edit := func(name, old, with string) { files[name] = bytes.Replace(files[name], []byte(old), []byte(with), 1) }
	edit("policy/activities.yaml", "basis: consent", "basis: contract")
	edit("tagwarden.yaml", "    signals:", "    origins: [\"https://www.shop.example\"]\n    signals:")
	edit("policy/assessments/LIA-1.yaml", "impact: low", "impact: high")
	edit("policy/purposes.yaml", "    categories: [analytics]\n",
		"    categories: [analytics]\n    gpc: object\n    dnt: object\n")
	files["tagwarden.yaml"] = append(files["tagwarden.yaml"],
		"delivery: { ttl: 1h, park: {} }\nledger: { checkpoint_to: /mnt/x }\nobjections: { follow: false }\n"...)
	loaded, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	want := `policy/activities.yaml:5:12: without reference: (the contract or law) the activity denies every event with no_legal_reference (lawful/reference; GDPR Art. 6(1)(b) to (e) and 6(3))
policy/assessments/LIA-1.yaml:12:7: the impact is high: an assessment of that kind names its data protection impact assessment here (lawful/impact; GDPR Art. 35(1))
policy/purposes.yaml:6:10: site shop does not read dnt: add dnt: {} under its signals, or the wish has no effect there
tagwarden.yaml:5:14: none of the origins is a host of the site: hits carry no cookies then, so that what visitors object to in the preference centre is found only by ids that the SDKs send; let the site's own host pass on hits and /privacy/ (base), or have its pages include /privacy/tagwarden.js and give it the SDK's id
tagwarden.yaml:7:7: none of the origins is a host of the site: hits will carry no cookies unless the SDK is told to send them, and consent kept in them is not seen; let the site's own host pass hits on (base)
tagwarden.yaml:13:13: ttl has no effect in delivery mode direct
tagwarden.yaml:13:22: park has no effect in delivery mode direct
tagwarden.yaml:15:23: who objects by an id of their own (user id, e-mail address, phone number) is found where an event names that id, and nowhere else: the same device's events go on as soon as they do not, before the person logs in and after; true has the objection follow to the browsers that are seen with them`
	if got := loaded.Warnings.Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
