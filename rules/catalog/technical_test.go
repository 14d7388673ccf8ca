package catalog_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// counts are names and descriptions of what a device counts, and of what it is able to do.
var counts = regexp.MustCompile(`(?i)count|number|queue|size|length|bytes|remaining|seq|index|first|persist|identified|enabled|online|webdriver|cookie|screen|battery|memory|cores|touch`)

// pageOnly are fields that such a name does not make something of a device, and why.
var pageOnly = map[string]string{
	"options.min_id_length": "how the library is set up", "queuedtracking": "how the server is set up", "first_time_event_hash": "of what the site waits for",
	"properties.$web_vitals_enabled_server_side": "how the project is set up", "properties.$dead_clicks_enabled_server_side": "how the project is set up",
	"properties.$exception_capture_enabled_server_side": "how the project is set up", "properties.$cookieless_mode": "how the library is set up",
	"retry_count": "of one request", "_metadata.retryCount": "of one request", "severityNumber": "of a line of the log",
}

// TestCountersAreNotTechnical: what a device counts, and what it can do, says something of it, and is not kept unasked.
func TestCountersAreNotTechnical(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range catalog.BuiltinIDs() {
		vendor := builtin(t, id)
		for i := range vendor.Fields {
			f := &vendor.Fields[i]
			name := f.Path[strings.LastIndexByte(f.Path, '.')+1:]
			if f.Class != hit.Technical || !counts.MatchString(name) && !counts.MatchString(f.Path) {
				continue
			}
			seen[f.Path] = true
			if pageOnly[f.Path] == "" {
				t.Errorf("%s: %s is technical: is it something of the device?", id, f.Path)
			}
		}
	}
	for path := range pageOnly {
		if !seen[path] {
			t.Errorf("%s needs no reason", path)
		}
	}
}

// TestTwinsKnowEachOther: an id of events that two entries share is one of events in both, and each names the other.
func TestTwinsKnowEachOther(t *testing.T) {
	twins := map[string]string{}
	for _, id := range catalog.BuiltinIDs() {
		vendor := builtin(t, id)
		for i := range vendor.Fields {
			if f := &vendor.Fields[i]; f.Twin != "" {
				twins[id] = f.Twin
				if f.Class != hit.EventID {
					t.Errorf("%s: %s is no id of an event", id, f.Path)
				}
			}
		}
	}
	if len(twins) < 2 {
		t.Errorf("%d entries have a twin", len(twins))
	}
	for id, twin := range twins {
		if twins[twin] != id {
			t.Errorf("%s has the twin %s, which has %q", id, twin, twins[twin])
		}
	}
}

func builtin(t *testing.T, id string) *catalog.Vendor {
	t.Helper()
	file, ok := catalog.Builtin(id)
	if !ok {
		t.Fatalf("no entry %s", id)
	}
	vendor, err := catalog.Compile(file, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return vendor
}
