package config

import (
	"bytes"
	"encoding/binary"
	"maps"
	"net/netip"
	"os"
	"slices"
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
	source := SourceOf(files)
	source.regionDBs = map[string]besideFile{"./geo.mmdb": {content: content}}
	return source
}

// TestPlaces: the region comes from the header that a trusted proxy sets, else from
// the database, else it is the default.
func TestPlaces(t *testing.T) {
	t.Parallel()
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
		// What says that no country is known leaves it to the next one that may know.
		{`header: X-Country, database: ./geo.mmdb, default: EU`, "203.0.113.7", "ZZ", true, "DE-BE"},
		{`header: X-Country, database: ./geo.mmdb, default: EU`, "10.0.0.1", "zz", true, "EU"},
		{`header: X-Country, default: EU`, "203.0.113.7", "", true, "EU"},
		{`header: X-Country`, "203.0.113.7", "ZZ", true, ""}, {`header: X-Country`, "203.0.113.7", "XX", true, ""},
		{`header: X-Country`, "203.0.113.7", "T1", true, ""}, {`header: X-Country`, "203.0.113.7", "A1", true, ""},
		{`header: X-Country`, "203.0.113.7", " - ", true, ""}, {`header: X-Country`, "203.0.113.7", "o1", true, ""},
		// What is no code is unknown, whatever else might be taken for it.
		{`header: X-Country, database: ./geo.mmdb, default: US`, "198.51.100.1", "QX", true, ""},
		{`header: X-Country, database: ./geo.mmdb, default: US`, "198.51.100.1", "AP", true, ""},
		{`header: X-Country, default: US`, "203.0.113.7", "DE, US", true, ""}, {`header: X-Country, default: US`,
			"203.0.113.7", "DEU", true, ""},
		{`header: X-Country, default: US`, "203.0.113.7", "Germany", true, ""}, {`header: X-Country, default: US`,
			"203.0.113.7", "(null)", true, ""},
		{`header: X-Country, default: US`, "203.0.113.7", "D", true, ""}, {`header: X-Country, default: US`, "203.0.113.7",
			"\xc4\xc5", true, ""},
		// Codes in small letters, Kosovo's, and those that some write for a group.
		{`header: X-Country, default: US`, "203.0.113.7", "de", true, "DE"}, {`header: X-Country, default: US`,
			"203.0.113.7", "Gb", true, "GB"},
		{`header: X-Country, default: US`, "203.0.113.7", "XK", true, "XK"}, {`header: X-Country, default: US`,
			"203.0.113.7", "EU", true, "EU"},
		{`header: X-Country, default: US`, "203.0.113.7", "uk", true, "UK"},
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
		if c.header != "" || c.trusted {
			r.Headers = []hit.Header{{Name: []byte("X-Country"), Value: []byte(c.header)}}
		}
		if got := loaded.Policy.Sites()[0].Region(&r).String(); got != c.want {
			t.Errorf("%s, %s, header %s (trusted %v): %q, want %q", c.region, c.address, c.header, c.trusted, got, c.want)
		}
	}
}

// TestPlacesDecide: the policy's name follows the database, and one that cannot be read is a fault at its line.
func TestPlacesDecide(t *testing.T) {
	t.Parallel()
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
	missing := located(t, "database: ./geo.mmdb", nil)
	missing.regionDBs["./geo.mmdb"] = besideFile{err: os.ErrNotExist}
	if _, err := Compile(missing, basis.Past{}); err == nil || !strings.Contains(err.Error(), "cannot read the database") {
		t.Errorf("a missing database: %v", err)
	}
}

// TestDamagedPlaces: what cannot be read to its end, and what knows no countries, is refused when it is loaded.
func TestDamagedPlaces(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/places.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, changed string) []byte {
		if !bytes.Contains(content, []byte(old)) {
			t.Fatalf("the database has no %q", old)
		}
		return bytes.ReplaceAll(content, []byte(old), []byte(changed))
	}
	tree := bytes.Clone(content)
	for i := range 12 { // the first two nodes lead nowhere
		tree[i] = 0xfe
	}
	circle := bytes.Clone(content)
	clear(circle[:6]) // the first node leads to itself
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"nothing":               {nil, "no database in MaxMind's format"},
		"junk":                  {[]byte("junk"), "no database in MaxMind's format"},
		"half of one":           {content[:len(content)/2], "no database in MaxMind's format"},
		"a hole in its middle":  {append(bytes.Clone(content[:len(content)/3]), content[len(content)/2:]...), "database"},
		"a tree that goes out":  {tree, "damaged"},
		"a tree without an end": {circle, "damaged"},
		"a code that is none":   {with("BDE", "B\xff\x01"), "damaged"},
		"a code of one letter":  {with("BDE", "AD\x40"), "damaged"},
		"another member":        {with("country", "kountry"), "knows no countries"},
	} {
		_, err := Compile(located(t, "database: ./geo.mmdb", c.content), basis.Past{})
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), "tagwarden.yaml:")) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestPlaceTree reads trees with records of every size.
func TestPlaceTree(t *testing.T) {
	t.Parallel()
	write := func(size int, nodes [][2]uint32) []byte {
		var b []byte
		for _, n := range nodes {
			left, right := binary.BigEndian.AppendUint32(nil, n[0]), binary.BigEndian.AppendUint32(nil, n[1])
			switch size {
			case 24:
				b = append(append(b, left[1:]...), right[1:]...)
			case 28:
				b = append(append(append(b, left[1:]...), left[0]<<4|right[0]), right[1:]...)
			default:
				b = append(append(b, left...), right...)
			}
		}
		return b
	}
	chain := func(n int) [][2]uint32 { // each node leads to the next, the last to data
		nodes := make([][2]uint32, n)
		for i := range nodes {
			nodes[i] = [2]uint32{uint32(i + 1), uint32(n)}
		}
		nodes[n-1][1] = uint32(n + separator + 1)
		return nodes
	}
	for name, c := range map[string]struct {
		nodes [][2]uint32
		want  []uint64 // where data stand, nil where the tree is refused
	}{
		"data on both sides":      {[][2]uint32{{1, 2 + 16 + 0xabcde}, {2, 2 + 16}}, []uint64{0, 0xabcde}},
		"one node for two":        {[][2]uint32{{1, 1}, {2 + 16 + 7, 2}}, []uint64{7}},
		"a node to itself":        {[][2]uint32{{0, 1}}, nil},
		"a circle":                {[][2]uint32{{1, 2}, {2, 0}}, nil},
		"into the separator":      {[][2]uint32{{1, 2}}, nil},
		"as deep as an address":   {chain(128), []uint64{1}},
		"deeper than any address": {chain(129), nil},
	} {
		for _, size := range []int{24, 28, 32} {
			tree := regionTree{content: write(size, c.nodes), nodes: uint64(len(c.nodes)), size: uint64(size)}
			ok := tree.walk()
			if got := slices.Sorted(maps.Keys(tree.data)); ok != (c.want != nil) || ok && !slices.Equal(got, c.want) {
				t.Errorf("%s, %d bits: %v, %x", name, size, ok, got)
			}
			short := regionTree{content: tree.content[:len(tree.content)-1], nodes: tree.nodes, size: tree.size}
			if short.walk() {
				t.Errorf("%s, %d bits: a tree without its end is taken", name, size)
			}
		}
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
		p, err := openRegionDB(content)
		if err != nil {
			return
		}
		for _, address := range []string{"203.0.113.7", "198.51.100.1", "2001:db8::5", "10.0.0.1"} {
			if _, _, ok := p.Place(netip.MustParseAddr(address)); !ok {
				t.Errorf("%s: what was opened cannot be read", address)
			}
		}
	})
}
