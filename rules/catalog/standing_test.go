package catalog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// longWay returns a vendor that reads hits as v does, and to whom no leaf is plain.
func longWay(v *Vendor) *Vendor {
	other := *v
	other.standings = slices.Clone(v.standings)
	for i := range other.standings {
		other.standings[i].plain = false
	}
	return &other
}

// readAt reads a hit as an endpoint does.
func readAt(v *Vendor, endpoint int, query, body []byte) (*hit.Hit, error) {
	h := new(hit.Hit)
	h.Request.Query, h.Request.Body = query, body
	h.Begin()
	o := codec.Opener{Limits: codec.Limits{Depth: 64, Nodes: 2000, Decompressed: 1 << 20}}
	o.Begin(h)
	err := v.Read(&v.Endpoints[endpoint], h, &o, 1000, 2000)
	return h, err
}

// noted is all that was found in a hit.
func noted(h *hit.Hit, err error) string {
	return fmt.Sprintf("%v %+v %+v %+v %+v %+v", err, h.Nodes, h.Events, h.IDs, h.Claims, h.Stamps)
}

// checkShort reads a hit the short way and the long way, and looks over the values of forms as all others.
func checkShort(t *testing.T, v *Vendor, endpoint int, query, body []byte) (plain int) {
	t.Helper()
	h, err := readAt(v, endpoint, query, body)
	if got, want := noted(h, err), noted(readAt(longWay(v), endpoint, query, body)); got != want {
		t.Errorf("%s, %q, %q: read\n%s\nthe long way\n%s", v.Endpoints[endpoint].ID, query, body, got, want)
	}
	if err != nil {
		return 0
	}
	for i := range h.Nodes {
		n := h.Nodes[i]
		if v.standings[n.State].plain {
			plain++
		}
		if n.Kind == hit.Text && n.Val.Len() >= shortestWritten {
			checkAtless(t, h, n)
		}
	}
	return plain
}

// checkAtless looks over a value of a form as one of which nothing is known.
func checkAtless(t *testing.T, h *hit.Hit, n hit.Node) {
	t.Helper()
	var f finder
	got, raw := f.likely(h, &n), h.Bytes(n.Val)
	n.Atless = false
	want := f.likely(h, &n) && (begins[raw[0]] && beginsNumber(raw) || !f.without(h, n.Val))
	if got != want {
		t.Errorf("%q may be an address or a number: %v, want %v", raw, got, want)
	}
}

// TestPlainLeaves: hits of every vendor are read the short way as they are the long way.
func TestPlainLeaves(t *testing.T) {
	t.Parallel()
	plain := 0
	for _, f := range Builtins() {
		v, err := Compile(f, nil, Names())
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob("testdata/" + f.ID + "/*.http")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no hits: %v", f.ID, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, body, _ := bytes.Cut(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
			line, _, _ := strings.Cut(string(head), "\n")
			_, query, _ := strings.Cut(strings.Fields(line)[1], "?")
			for e := range v.Endpoints {
				plain += checkShort(t, v, e, []byte(query), bytes.TrimSuffix(body, []byte("\n")))
			}
		}
	}
	if plain < 500 {
		t.Errorf("only %d leaves were plain", plain)
	}
}

// TestPlain: whatever else is to be noted of a field, its leaves are not plain.
func TestPlain(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*FieldInfo){
		"it may hold more":          func(f *FieldInfo) { f.opens = true },
		"a label":                   func(f *FieldInfo) { f.label = true },
		"another class beside":      func(f *FieldInfo) { f.as = hit.IP },
		"an identifier beside":      func(f *FieldInfo) { f.Also = []hit.Class{hit.UserID} },
		"an event's name":           func(f *FieldInfo) { f.nameRule = 0 },
		"a signal":                  func(f *FieldInfo) { f.Signal = "gcs" },
		"a stamp":                   func(f *FieldInfo) { f.Stamp = hit.OwnID },
		"a container, not this one": func(f *FieldInfo) { f.Class = hit.Container },
		"an identifier":             func(f *FieldInfo) { f.Class = hit.ClientID },
	} {
		f := FieldInfo{Class: hit.Technical, nameRule: hit.None}
		if !f.plain() {
			t.Fatal("a technical field is not plain")
		}
		if with(&f); f.plain() {
			t.Errorf("%s: it is plain all the same", name)
		}
	}
}

// FuzzPlainLeaves: whatever a hit holds, it is read the short way as it is the long way.
func FuzzPlainLeaves(f *testing.F) {
	var all []*Vendor
	for i, of := range Builtins() {
		v, err := Compile(of, nil, Names())
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, v)
		for e := range v.Endpoints {
			f.Add(byte(i), byte(e),
				"v=2&en=page_view&cid=1.2&dl=https%3A%2F%2Fa.example&sr=1x1&dt=jane%40a.example&uid=jane@a.example&x=%ef%bc%a0",
				[]byte("en=scroll&epn.percent=90\r\nen=x&_et="))
			f.Add(byte(i), byte(e), `v=2&en=x&pr1=idS~nma~~b~k0colour~v0red&token=x`,
				[]byte(`{"batch":[{"type":"track","event":"x","userId":null,"context":{"locale":"de","ip":"1.2.3.4","email":"a@b.example"}}]}`))
		}
	}
	f.Fuzz(func(t *testing.T, vendor, endpoint byte, query string, body []byte) {
		v := all[int(vendor)%len(all)]
		checkShort(t, v, int(endpoint)%len(v.Endpoints), []byte(query), body)
	})
}
