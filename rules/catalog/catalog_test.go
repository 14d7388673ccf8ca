package catalog_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

func TestBuiltinVendorsCompile(t *testing.T) {
	ids := catalog.BuiltinIDs()
	if len(ids) < 12 {
		t.Fatalf("%d vendors, want at least 12", len(ids))
	}
	for _, id := range ids {
		f, ok := catalog.Builtin(id)
		if !ok || f.ID != id {
			t.Errorf("%s: the file says %q", id, f.ID)
			continue
		}
		if _, err := catalog.Compile(f, nil, catalog.Names()); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestBuiltinVendorsAreOnesOwn: each caller gets what stands in the file, read strictly, whatever others did to theirs.
func TestBuiltinVendorsAreOnesOwn(t *testing.T) {
	for _, id := range catalog.BuiltinIDs() {
		text, _ := catalog.BuiltinText(id)
		want, err := catalog.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		f, _ := catalog.Builtin(id)
		clear(f.Fields)
		clear(f.Hosts)
		clear(f.Endpoints)
		if again, _ := catalog.Builtin(id); !reflect.DeepEqual(again, want) {
			t.Errorf("%s: another file than the one that is embedded", id)
		}
	}
}

// read takes a raw request apart as the vendor's endpoint that fits.
func read(t *testing.T, v *catalog.Vendor, request string) (*hit.Hit, error) {
	t.Helper()
	head, body, _ := strings.Cut(strings.ReplaceAll(request, "\r\n", "\n"), "\n\n")
	line, _, _ := strings.Cut(head, "\n")
	parts := strings.Fields(line)
	path, query, _ := strings.Cut(parts[1], "?")
	h := new(hit.Hit)
	h.Request.Method, h.Request.Path, h.Request.Query = []byte(parts[0]), []byte(path), []byte(query)
	if body = strings.TrimSuffix(body, "\n"); body != "" {
		h.Request.Body = []byte(body)
	}
	for i := range v.Endpoints {
		e := &v.Endpoints[i]
		if e.Path.Fits([]byte(path)) == catalog.NoFit || !strings.Contains(strings.Join(e.Methods, " "), parts[0]) {
			continue
		}
		o := &codec.Opener{Limits: codec.Limits{Depth: 64, Nodes: 2000, Decompressed: 1 << 20}}
		h.Begin()
		o.Begin(h)
		err := v.Read(e, h, o, 1000, 2000)
		mayBe(t, v, h)
		return h, err
	}
	t.Fatalf("no endpoint for %s %s", parts[0], path)
	return nil, nil
}

// mayBe holds what values were taken to be against what is said of their fields, whatever the hit: whoever proves
// something of a vendor stands on it.
func mayBe(t *testing.T, v *catalog.Vendor, h *hit.Hit) {
	t.Helper()
	may, _ := saidOf.LoadOrStore(v, v.MayBe())
	for i := range h.Nodes {
		n := &h.Nodes[i]
		if n.Field == hit.None || n.Kind.Holds() || n.Opened || n.Alias == hit.Unknown || n.Alias == v.Fields[n.Field].As() {
			continue
		}
		if of := may.([]catalog.MayBe)[n.Field]; !of.Called && (n.Alias != hit.PreciseGeo || !of.Place) {
			t.Errorf("%s: field %d (%s) is taken to be %s, and it is said that it is not", v.File.ID, n.Field,
				v.Fields[n.Field].Path, n.Alias)
		}
	}
}

// saidOf is what was asked of vendors, by vendor.
var saidOf sync.Map

func vendor(t *testing.T, id string) *catalog.Vendor {
	t.Helper()
	f, ok := catalog.Builtin(id)
	if !ok {
		t.Fatalf("no vendor %q", id)
	}
	v, err := catalog.Compile(f, nil, catalog.Names())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestGoldenHitsDecode(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.http")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			v := vendor(t, filepath.Base(filepath.Dir(file)))
			h, err := read(t, v, string(text))
			if err != nil {
				t.Fatal(err)
			}
			for e := range h.Events {
				if h.Events[e].Malformed {
					t.Errorf("event %d is malformed", e)
				}
			}
			for i := range h.Nodes {
				if n := &h.Nodes[i]; n.Class == hit.Unknown {
					t.Errorf("field %q of event %d has no class", h.Bytes(h.KeySpan(int32(i))), n.Event)
				}
			}
		})
	}
}
