package config

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// design returns the examples of the design, changed where this version has to say something
// against them (see faults/design.txtar).
func design(t testing.TB) map[string][]byte {
	_, files := archive(t, "testdata/faults/design.txtar")
	maps.DeleteFunc(files, func(_ string, text []byte) bool { return string(text) == "(removed)\n" })
	_, key := approverKeys(t)
	replace := func(name, old, with string) {
		if !bytes.Contains(files[name], []byte(old)) {
			t.Fatalf("%s has no %q", name, old)
		}
		files[name] = bytes.ReplaceAll(files[name], []byte(old), []byte(with))
	}
	replace("tagwarden.yaml", "privacy+3f2a…+ed25519 key", key)
	replace("policy/activities.yaml", "profile: standard", "profile: cookieless")
	return files
}

// TestDesign: the files that the design shows are read, and mean what it says.
func TestDesign(t *testing.T) {
	t.Parallel()
	loaded, err := compiled(design(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.Warnings.Error(); got != "" {
		t.Errorf("warnings:\n%s", got)
	}
	d := loaded.Draft
	if len(d.Sites) != 1 || d.Sites[0].Base != "/t" || d.Sites[0].Region.Header != "CF-IPCountry" ||
		len(d.Sites[0].Signals) != 4 {
		t.Errorf("sites: %+v", d.Sites)
	}
	if len(d.Vendors) != 3 || d.Vendors[2].ID != "product" || d.Vendors[2].Catalog.ID != "segment" ||
		d.Vendors[2].Prefix != "/product" {
		t.Errorf("vendors: %+v", d.Vendors)
	}
	if d.Vendors[2].Upstreams["api"] != "https://api.segment.io" ||
		d.Vendors[2].Upstreams["settings"] != "https://cdn.segment.com" {
		t.Errorf("upstreams: %v", d.Vendors[2].Upstreams)
	}
	if p := d.Purposes; len(p) != 2 || p[0].GPCObjects || !p[0].DNTObjects || !p[1].GPCObjects || !p[1].DirectMarketing ||
		len(p[1].US) != 3 {
		t.Errorf("purposes: %+v", p)
	}
	if a := d.Activities; len(a) != 3 || a[0].ConsentMaxAge != (basis.Period{Months: 13}) ||
		a[2].Basis != basis.LegitimateInterest || a[2].When == nil {
		t.Errorf("activities: %+v", a)
	}
	if p := d.Profiles; len(p) != 1 || len(p[0].Classes) != 8 || p[0].Set["ga4"]["npa"] != "1" ||
		p[0].Fields["ga4"]["ep.payment_type"].Only[1] != "invoice" {
		t.Errorf("profiles: %+v", p)
	}
	if got := d.Assessments.Validity("LIA-2026-001", noon); got != basis.Unapproved {
		t.Errorf("the assessment is %v", got)
	}
	if d.Limits.Body != 1<<20 || d.Limits.Fields != 2000 || len(d.Trusted) != 1 {
		t.Errorf("limits %+v, trusted %v", d.Limits, d.Trusted)
	}
	if len(loaded.Tests) != 2 || loaded.Tests[1].Expect.Sent["dl"] == "" || loaded.Tests[0].Place.Line != 3 {
		t.Errorf("tests: %+v", loaded.Tests)
	}
}

// TestApproval: an approval holds as long as nothing that was approved changes its meaning.
func TestApproval(t *testing.T) {
	t.Parallel()
	private, _ := approverKeys(t)
	const file, id = "policy/assessments/LIA-2026-001.yaml", "LIA-2026-001"
	signed := func() map[string][]byte {
		files := design(t)
		loaded, err := compiled(files)
		if err != nil {
			t.Fatal(err)
		}
		a := loaded.Assessments[id]
		approval, err := basis.Sign(a.Document, a.Digest, private)
		if err != nil {
			t.Fatal(err)
		}
		if files[file], err = WithApproval(files[file], approval); err != nil {
			t.Fatal(err)
		}
		return files
	}
	for _, test := range []struct {
		name, file, old, with string
		want                  basis.Validity
	}{
		{"nothing", file, "", "", basis.Valid},
		{"a comment", file, "dpia: none", "# see there\ndpia:   'none'  # none", basis.Valid},
		{"another purpose's text", "policy/purposes.yaml", "Show people our products",
			"Show all people our products", basis.Valid},
		{"another vendor's address", "tagwarden.yaml", "https://api.segment.io", "https://eu.segment.io", basis.Valid},
		{"a text", file, "title: Cookieless", "title: Cookiefree", basis.Changed},
		{"what may be done to a class", file, "client_id: derive", "client_id: keep", basis.Changed},
		{"the review put off", file, "2027-05-04", "2028-05-04", basis.Changed},
		{"the purpose's text", "policy/purposes.yaml", "Counts of pages", "Profiles of visitors", basis.Changed},
		{"the recipient's address", "tagwarden.yaml", "http://10.0.0.7:8000", "https://matomo.example", basis.Changed},
		{"the approver's key gone", "tagwarden.yaml", "approvers: {", "x: {", basis.Foreign},
	} {
		files := signed()
		if !bytes.Contains(files[test.file], []byte(test.old)) {
			t.Fatalf("%s: %q is not there", test.name, test.old)
		}
		if test.old != "" {
			files[test.file] = bytes.Replace(files[test.file], []byte(test.old), []byte(test.with), 1)
		}
		if test.want == basis.Foreign {
			files["tagwarden.yaml"] = append(bytes.Split(files["tagwarden.yaml"], []byte("x: {"))[0], '\n')
		}
		loaded, err := compiled(files)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := loaded.Policy.Assessments().Validity(id, noon); got != test.want {
			t.Errorf("%s changed: the assessment is %v, want %v", test.name, got, test.want)
		}
	}
}

// TestDigest: the policy's name follows what decides, and nothing else.
func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(files map[string][]byte) string {
		loaded, err := compiled(files)
		if err != nil {
			t.Fatal(err)
		}
		return loaded.Draft.Digest
	}
	first := digest(design(t))
	for _, test := range []struct {
		name, file, old, with string
		same                  bool
	}{
		{"a comment", "policy/activities.yaml", "activities:\n", "# more\nactivities:\n", true},
		{"where the server listens", "tagwarden.yaml", "listen: 127.0.0.1:8080", "listen: 127.0.0.1:9090", true},
		{"the controller, whom approvals cover", "tagwarden.yaml", "Shop GmbH", "Shop AG", false},
		{"the controller's address", "tagwarden.yaml", "Example Street 1", "Example Street 2", true},
		{"how pages look", "tagwarden.yaml", "    base: /t", "    privacy: { title: Choices }\n    base: /t", true},
		{"what a site is called", "tagwarden.yaml", "    base: /t", "    name: Shop\n    base: /t", true},
		{"quotes", "policy/purposes.yaml", "gpc: ignore", "gpc: 'ignore'", true},
		{"the order of signals, which is that of records", "tagwarden.yaml", "      gpc: {}\n      tcf: {}",
			"      tcf: {}\n      gpc: {}", false},
		{"a test", "policy/tests/example.yaml", "no e-mail address leaves", "no address leaves", true},
		{"a limit", "tagwarden.yaml", "body: 1MiB", "body: 2MiB", false},
		{"a limit written otherwise", "tagwarden.yaml", "body: 1MiB", "body: 1024KiB", true},
		{"a trusted proxy", "tagwarden.yaml", "127.0.0.0/8", "10.0.0.0/8", false},
		{"a host", "tagwarden.yaml", "t.shop.example", "u.shop.example", false},
		{"an upstream", "tagwarden.yaml", "region1.", "region2.", false},
		{"a purpose", "policy/purposes.yaml", "gpc: ignore", "gpc: object", false},
		{"an event", "policy/activities.yaml", "[page_view, link, download]", "[page_view, link]", false},
		{"the order of a ladder", "policy/activities.yaml", "[page_view, link, download]",
			"[link, page_view, download]", false},
		{"a parameter", "policy/profiles.yaml", "v4: 16", "v4: 24", false},
		{"an assessment", "policy/assessments/LIA-2026-001.yaml", "impact: low", "impact: medium", false},
	} {
		files := design(t)
		files[test.file] = bytes.Replace(files[test.file], []byte(test.old), []byte(test.with), 1)
		if got := digest(files) == first; got != test.same {
			t.Errorf("%s changed: same digest %v, want %v", test.name, got, test.same)
		}
	}
}

// TestMemoryForOneHit: memory that does not hold one hit as large as the other limits allow is worth a warning.
func TestMemoryForOneHit(t *testing.T) {
	t.Parallel()
	const limits = "limits: { body: 1MiB, decompressed: 8MiB, events: 1000, depth: 64, fields: 2000 }"
	for with, warned := range map[string]bool{
		"limits: { memory: 32MiB }":                                   true,
		"limits: { memory: 128MiB }":                                  false,
		"limits: { memory: 1% }":                                      false,
		"limits: { memory: 16MiB, nodes: 20000, decompressed: 2MiB }": false,
		"limits: { memory: 128MiB, nodes: 5000000 }":                  true,
		limits: false,
	} {
		files := design(t)
		text := bytes.Replace(files["tagwarden.yaml"], []byte(limits), []byte(with), 1)
		if with != limits && bytes.Equal(text, files["tagwarden.yaml"]) {
			t.Fatal("the design's limits are others")
		}
		files["tagwarden.yaml"] = text
		loaded, err := compiled(files)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(loaded.Warnings.Error(), "the largest hit that the other limits allow"); got != warned {
			t.Errorf("%s: warned %v\n%v", with, got, loaded.Warnings)
		}
	}
}
