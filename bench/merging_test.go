package main

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestEveryVendorThatTakesSeveralIsMeasured: the table is the catalog's.
func TestEveryVendorThatTakesSeveralIsMeasured(t *testing.T) {
	listed := map[string]bool{}
	for _, v := range mergeVendors {
		listed[v.id] = true
	}
	for _, file := range catalog.Builtins() {
		several := false
		for i := range file.Endpoints {
			several = several || file.Endpoints[i].Merge != nil
		}
		if several != listed[file.ID] {
			t.Errorf("%s: it takes several in one request: %v; it is measured: %v", file.ID, several, listed[file.ID])
		}
		delete(listed, file.ID)
	}
	for id := range listed {
		t.Errorf("%s is no vendor of the catalog", id)
	}
}

// TestVendorFilesDifferInHowManyTravelTogether, and in nothing else.
func TestVendorFilesDifferInHowManyTravelTogether(t *testing.T) {
	for _, v := range mergeVendors {
		text, ok := catalog.BuiltinText(v.id)
		if !ok {
			t.Fatalf("%s is no vendor of the catalog", v.id)
		}
		before, err := catalog.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for most := range map[int]bool{1: true, 50: true} {
			got, err := vendorFile(text, "bench_"+v.id, most)
			if err != nil {
				t.Fatalf("%s: %v", v.id, err)
			}
			after, err := catalog.Parse([]byte(got))
			if err != nil {
				t.Fatalf("%s: %v", v.id, err)
			}
			said := map[string]int{} // by endpoint, of the catalog
			for i := range before.Endpoints {
				if m := before.Endpoints[i].Merge; m != nil {
					said[before.Endpoints[i].ID] = m.Events
				}
			}
			for i := range after.Endpoints {
				e := &after.Endpoints[i]
				was, known := said[e.ID]
				if !known || (most == 1) != (e.Merge == nil) || e.Merge != nil && e.Merge.Events != min(was, most) {
					t.Errorf("%s, endpoint %s, %d at most: %+v", v.id, e.ID, most, e.Merge)
				}
			}
			if after.ID != "bench_"+v.id || len(after.Endpoints) == 0 || len(after.Fields) != len(before.Fields) {
				t.Errorf("%s: %s with %d endpoints and %d fields of %d", v.id, after.ID, len(after.Endpoints), len(after.Fields),
					len(before.Fields))
			}
		}
	}
	for _, wrong := range []string{"", "- a\n", "id: x\n", "id: x\nendpoints: []\n", "a: &b [*b\n"} {
		if got, err := vendorFile([]byte(wrong), "x", 50); err == nil {
			t.Errorf("%q is made a vendor file: %q", wrong, got)
		}
	}
}

// TestConfigurationsOfFiguresLoad.
func TestConfigurationsOfFiguresLoad(t *testing.T) {
	show := func(id string) ([]byte, error) {
		text, _ := catalog.BuiltinText(id)
		return text, nil
	}
	for name, make := range map[string]func() (map[string]string, error){
		"together": func() (map[string]string, error) { return mergeFiles(show, 50) },
		"apart":    func() (map[string]string, error) { return mergeFiles(show, 1) },
		"hanging":  func() (map[string]string, error) { return hangingFiles(), nil },
	} {
		files, err := make()
		if err != nil {
			t.Fatal(err)
		}
		words := []string{"UPSTREAM", "127.0.0.1:1", "MODE", "queued"}
		for _, v := range hangingVendors() {
			words = append(words, v.at, "127.0.0.1:1")
		}
		file, err := writeFiles(filepath.Join(t.TempDir(), name), files, words...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(file); err != nil {
			text, _ := os.ReadFile(filepath.Clean(file))
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// TestHitsOfVendorsAreRequests, each with its number in a place that stays the same however it is written.
func TestHitsOfVendorsAreRequests(t *testing.T) {
	for _, v := range mergeVendors {
		raw := load.NewTemplate(v.hit).Append(nil, 4711)
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			t.Errorf("%s: %v", v.id, err)
			continue
		}
		if !strings.HasPrefix(request.URL.Path, "/"+v.id+"/") || request.Host != host ||
			bytes.Count(raw, []byte(serialMark+"4711")) != 1 {
			t.Errorf("%s: %s", v.id, raw)
		}
		if size := len(raw) - bytes.Index(raw, []byte("\r\n\r\n")); request.Method == http.MethodPost &&
			(size < 400 || size > 1500) {
			t.Errorf("%s: a body of %d bytes, one as SDKs send it is wanted", v.id, size)
		}
		answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(v.answer(nil, 50))), nil)
		if err != nil || answer.StatusCode != 200 || answer.ContentLength <= 0 {
			t.Errorf("%s: %+v, %v", v.id, answer, err)
			continue
		}
		_ = answer.Body.Close()
	}
}

// TestMergingIsReported: ratios are of one round, and the goal is held against their median.
func TestMergingIsReported(t *testing.T) {
	cost := func(deliver, all int, in float64) mergeCost {
		return mergeCost{time.Duration(deliver) * time.Microsecond, time.Duration(all) * time.Microsecond, in}
	}
	m := merging{options: options{rounds: 3, hits: 4000, events: 50}}
	var text bytes.Buffer
	m.write(&text, []mergeResult{
		{"good", []mergeCost{cost(5, 20, 50), cost(50, 200, 50), cost(5, 20, 50)},
			[]mergeCost{cost(10, 40, 1), cost(100, 400, 1), cost(20, 40, 1)}},
		{"bad", []mergeCost{cost(6, 30, 25)}, []mergeCost{cost(10, 40, 1)}},
	}, []string{"Machine: x"}, time.Unix(0, 0))
	for _, line := range []string{
		"| good | 50.0 | 5.0 µs | 20.0 µs | 0.50 (0.25-0.50) | yes | 0.50 |",
		"| bad | 25.0 | 6.0 µs | 10.0 µs | 0.60 (0.60-0.60) | no | 0.75 |", "- Machine: x",
	} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("no line %q in\n%s", line, text.String())
		}
	}
}

// TestHangingIsReported: both goals, against what was measured.
func TestHangingIsReported(t *testing.T) {
	result := func(p99 time.Duration, fine float64) hangingResult {
		return hangingResult{p99: p99, fine: fine, cpu: 0.5}
	}
	for name, c := range map[string]struct {
		all, broken []hangingResult
		want        string
	}{
		"both hold": {
			[]hangingResult{result(time.Millisecond, 1000), result(time.Millisecond, 10)},
			[]hangingResult{result(4*time.Millisecond, 950), result(3*time.Millisecond, 9)},
			"3.5ms, holds. The fine vendor's events a second against all three fine: 0.925, holds.",
		},
		"neither": {
			[]hangingResult{result(time.Millisecond, 1000)}, []hangingResult{result(5*time.Millisecond, 899)},
			"5ms, does not hold. The fine vendor's events a second against all three fine: 0.899, does not hold.",
		},
	} {
		h := hanging{options: options{rate: 600, seconds: 10}, most: 1000,
			disk: disk{[]time.Duration{time.Millisecond, 2 * time.Millisecond}}}
		var text bytes.Buffer
		h.write(&text, c.all, c.broken, nil, time.Unix(0, 0))
		if !strings.Contains(text.String(), c.want) || !strings.Contains(text.String(), "600 hits/s: 60 % of 1000 hits/s") ||
			!strings.Contains(text.String(), "times the disk's own p99 of 2ms") {
			t.Errorf("%s: no %q in\n%s", name, c.want, text.String())
		}
	}
}
