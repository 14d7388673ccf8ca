package catalog_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// counts are names and descriptions of what a device counts, and of what it is able to do.
var counts = regexp.MustCompile(
	`(?i)count|number|queue|size|length|bytes|remaining|seq|index|first|persist|identified|enabled|online|webdriver|cookie|screen|battery|memory|cores|touch`)

// pageOnly are fields that such a name does not make something of a device, and why.
var pageOnly = map[string]string{
	"options.min_id_length": "how the library is set up", "queuedtracking": "how the server is set up",
	"first_time_event_hash":                             "of what the site waits for",
	"properties.$web_vitals_enabled_server_side":        "how the project is set up",
	"properties.$dead_clicks_enabled_server_side":       "how the project is set up",
	"properties.$exception_capture_enabled_server_side": "how the project is set up",
	"properties.$cookieless_mode":                       "how the library is set up",
	"retry_count":                                       "of one request", "_metadata.retryCount": "of one request",
	"severityNumber": "of a line of the log",
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

// TestTechnicalIsArgued: class technical is kept by every profile unasked. Each field of it has a reason, in
// testdata/technical.txt, why it says nothing of a visitor; a new one has to be
// argued there, and no reason is left over.
func TestTechnicalIsArgued(t *testing.T) {
	text, err := os.ReadFile("testdata/technical.txt")
	if err != nil {
		t.Fatal(err)
	}
	argued, reason := map[string]bool{}, ""
	_, reasons, _ := strings.Cut(string(text), "\n#")
	for line := range strings.Lines("#" + reasons) {
		if about, found := strings.CutPrefix(line, "#"); found {
			reason = strings.TrimSpace(about)
			continue
		}
		vendor, fields, _ := strings.Cut(line, ":")
		for field := range strings.FieldsSeq(fields) {
			key := vendor + " " + strings.ReplaceAll(field, "%20", " ")
			if reason == "" || argued[key] {
				t.Errorf("%s: one reason is right", key)
			}
			argued[key] = true
		}
	}
	technical := map[string]bool{}
	for _, id := range catalog.BuiltinIDs() {
		vendor := builtin(t, id)
		for i := range vendor.Fields {
			f := &vendor.Fields[i]
			key := id + " " + f.Path
			if f.Class != hit.Technical || technical[key] {
				continue
			}
			if technical[key] = true; !argued[key] {
				t.Errorf("%s is technical: say in testdata/technical.txt why it says nothing of a visitor, or give it another class",
					key)
			}
		}
	}
	for key := range argued {
		if !technical[key] {
			t.Errorf("%s is not technical, and needs no reason", key)
		}
	}
}

// TestSpeaksOfTheVisitor: what tells how a visitor's data are joined, sent on or limited, where the visitor came from,
// or what their browser can do, is not kept unasked.
func TestSpeaksOfTheVisitor(t *testing.T) {
	for id, fields := range map[string]string{
		"ga4":        "gaz ec_mode sst.ude lps tt gtm_up uaW tag_exp sst.gcsub _glv ep.file_extension",
		"meta_pixel": "ler noscript ec",
		"segment":    "integrations.* _metadata.bundled context.active", "rudderstack": "integrations.*",
		"jitsu":   "integrations.*",
		"posthog": "properties.$recording_status", "matomo": "new_visit ping",
	} {
		vendor := builtin(t, id)
		for name := range strings.FieldsSeq(fields) {
			found := false
			for i := range vendor.Fields {
				f := &vendor.Fields[i]
				if f.Path != name {
					continue
				}
				if found = true; f.Class.KeptByDefault() {
					t.Errorf("%s: %s is of class %v", id, name, f.Class)
				}
			}
			if !found {
				t.Errorf("%s has no field %s", id, name)
			}
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
