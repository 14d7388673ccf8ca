package config

import (
	"bytes"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// located returns files whose site tells the region by a database; text stands in place of the site's region.
func located(t *testing.T, region string, content []byte) *Source {
	t.Helper()
	files := base(t)
	server := files["tagwarden.yaml"]
	at := bytes.Index(server, []byte("    hosts: ["))
	if at < 0 {
		t.Fatal("the base has no site")
	}
	files["tagwarden.yaml"] = append(append(bytes.Clone(server[:at]), "    region: { "+region+" }\n"...), server[at:]...)
	source := sourceOf(files)
	source.places = map[string]besideFile{"./geo.mmdb": {content: content}}
	return source
}

// TestPlaces: the region comes from the header that a trusted proxy sets, else from the database, else it is the default.
func TestPlaces(t *testing.T) {
	content, err := os.ReadFile("testdata/places.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		region, address, header string
		trusted                 bool
		want                    string
	}{
		{`header: X-Country, database: ./geo.mmdb, default: EU`, "203.0.113.7", "GB", true, "GB"},
		{`header: X-Country, database: ./geo.mmdb, default: EU`, "203.0.113.7", "GB", false, "DE-BE"},
		{`header: X-Country, database: ./geo.mmdb, default: EU`, "203.0.113.7", "XX", true, "DE-BE"},
		{`header: X-Country, default: EU`, "203.0.113.7", "US", false, "EU"},
		{`database: ./geo.mmdb, default: EU`, "198.51.100.1", "", false, "US-CA"},
		{`database: ./geo.mmdb, default: EU`, "::ffff:198.51.100.1", "", false, "US-CA"},
		{`database: ./geo.mmdb, default: EU`, "192.0.2.200", "", false, "GB"},
		{`database: ./geo.mmdb, default: EU`, "2001:db8::5", "", false, "FR"},
		{`database: ./geo.mmdb, default: EU`, "10.0.0.1", "", false, "EU"},
		{`database: ./geo.mmdb`, "10.0.0.1", "", false, ""},
		{`database: ./geo.mmdb, default: US`, "", "", false, "US"},
	} {
		loaded, err := Compile(located(t, c.region, content), basis.Past{})
		if err != nil {
			t.Fatal(err)
		}
		r := hit.Request{Trusted: c.trusted}
		if c.address != "" {
			r.Address = netip.MustParseAddr(c.address)
		}
		if c.header != "" {
			r.Headers = []hit.Header{{Name: []byte("X-Country"), Value: []byte(c.header)}}
		}
		if got := loaded.Policy.Sites()[0].Region(&r).String(); got != c.want {
			t.Errorf("%s, %s, header %s (trusted %v): %q, want %q", c.region, c.address, c.header, c.trusted, got, c.want)
		}
	}
}

// TestPlacesDecide: the policy's name follows the database, and one that cannot be read is a fault at its line.
func TestPlacesDecide(t *testing.T) {
	content, err := os.ReadFile("testdata/places.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	first, err := Compile(located(t, "database: ./geo.mmdb", content), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(content, []byte("Test-City"), []byte("Best-City"), 1)
	second, err := Compile(located(t, "database: ./geo.mmdb", changed), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	if first.Draft.Digest == second.Draft.Digest {
		t.Error("another database, the same policy")
	}
	if _, err := Compile(located(t, "database: ./geo.mmdb", content[:len(content)/2]), basis.Past{}); err == nil || !strings.Contains(err.Error(), "no database in MaxMind's format") {
		t.Errorf("half a database: %v", err)
	}
	missing := located(t, "database: ./geo.mmdb", nil)
	missing.places["./geo.mmdb"] = besideFile{err: os.ErrNotExist}
	if _, err := Compile(missing, basis.Past{}); err == nil || !strings.Contains(err.Error(), "cannot read the database") {
		t.Errorf("a missing database: %v", err)
	}
}

// FuzzPlaces: whatever a database holds, looking an address up ends, and says a code or nothing.
func FuzzPlaces(f *testing.F) {
	content, err := os.ReadFile("testdata/places.mmdb")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := openPlaces(content)
		if err != nil {
			return
		}
		for _, address := range []string{"203.0.113.7", "198.51.100.1", "2001:db8::5", "10.0.0.1"} {
			_, _ = p.Place(netip.MustParseAddr(address))
		}
	})
}
