package observe

import (
	"bufio"
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/replay"
)

// TestReadsAsNetHTTP: a recorded request is taken apart as the standard library would take its bytes apart.
func TestReadsAsNetHTTP(t *testing.T) {
	for _, line := range []string{
		`{"method":"GET","target":"/a?b=c","headers":[["Host","Shop.example"],["cookie","a=b"],["X-A"," b "],["x-a","c"]]}`,
		`{"method":"POST","target":"/a","headers":[["Host","a"],["Content-Encoding","gzip"],["content-length","9"]],"body_base64":"eA=="}`,
		`{"method":"GET","target":"https://shop.example/a","headers":[["Host","b"]]}`,
		`{"method":"GET","target":"/a%2fb","headers":[]}`,
		`{"method":"","target":"/a"}`, `{"method":"GET","target":""}`, `{"method":"G T","target":"/"}`,
		`{"method":"GET","target":"/a b"}`,
		`{"method":"GET","target":"/","headers":[["","x"]]}`, `{"method":"GET","target":"/","headers":[["a b","x"]]}`,
		`{"method":"GET","target":"/","headers":[["Host","a"],["host","b"]]}`,
	} {
		err := replay.Lines("file", strings.NewReader(line), "", func(r *replay.Request) error {
			want, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.Text)))
			got, fault := readRequest(r)
			if (err == nil) != (fault == "") {
				t.Errorf("%s: %q, and net/http says %v", line, fault, err)
				return nil
			}
			if err != nil {
				return nil
			}
			delete(want.Header, "Content-Length")
			if got.host != want.Host || got.url.String() != want.URL.String() ||
				!reflect.DeepEqual(got.headers, map[string][]string(want.Header)) {
				t.Errorf("%s: %+v, want %s, %s, %v", line, got, want.Host, want.URL, want.Header)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestReport: what occurs is counted by vendor, field and kind; samples have their middle hidden, and nothing is shown
// whole.
func TestReport(t *testing.T) {
	s, err := New(time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"method":"GET","target":"/g/collect?v=2&tid=G-1&cid=1.2&en=login&ep.note=jane.doe@example.com","headers":[["Host","region1.google-analytics.com"]]}
{"method":"POST","target":"/in","headers":[["Host","Other.example"]],"body_base64":"eyJ1c2VyIjp7ImVtYWlsIjoiamFuZS5kb2VAZXhhbXBsZS5jb20ifX0="}
{"method":"OPTIONS","target":"/in","headers":[["Host","other.example"]]}
`
	if err := replay.Lines("file", strings.NewReader(text), "", s.Hit); err != nil {
		t.Fatal(err)
	}
	r := s.Report()
	if r.Hits != 2 || len(r.Vendors) != 2 || r.Vendors[0] != (Vendor{"ga4", true, 1}) ||
		r.Vendors[1] != (Vendor{"other.example", false, 1}) {
		t.Errorf("%d hits, %+v", r.Hits, r.Vendors)
	}
	found := map[string]string{}
	for _, f := range r.Findings {
		found[f.Vendor+" "+f.Field] = f.Kind
		if strings.Contains(strings.Join(f.Samples, " "), "jane.doe@example.com") {
			t.Errorf("shown whole: %+v", f)
		}
	}
	if found["ga4 ep.note"] != "email" || found["other.example /in user.email"] != "email" {
		t.Errorf("found %v", found)
	}
}

// TestNamesAreReported: what a name says of a field is in the report, in any language, also where its value looks like
// nothing; what only asks whether there is something is not.
func TestNamesAreReported(t *testing.T) {
	s, err := New(time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"method":"GET","target":"/g/collect?v=2&tid=G-1&cid=1.2&en=login&ep.kundennummer=48213&ep.religion=x&ep.product_name=x&ep.has_email=true","headers":[["Host","region1.google-analytics.com"]]}
{"method":"GET","target":"/in?nom_client=x&user=%7B%22id%22%3A7%2C%22plan%22%3A%22x%22%2C%22pregnant%22%3Atrue%7D","headers":[["Host","Other.example"]]}
`
	if err := replay.Lines("file", strings.NewReader(text), "", s.Hit); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Report().Findings {
		got = append(got, f.Field+" "+f.Kind)
	}
	want := []string{"ep.kundennummer user_id", "ep.religion sensitive", "/in ?nom_client person_name",
		"/in ?user.id user_id"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
