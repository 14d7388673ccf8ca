package gtm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// read reads a sample.
func read(t *testing.T, name string) *Container {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	c, err := Read(name, file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// export is a container with these tags, and what else its version holds.
func export(tags, more string) string {
	return `{"exportFormatVersion":2,"containerVersion":{"container":{"publicId":"GTM-T","usageContext":["WEB"]},"tag":[` +
		tags + `]` + more + `}}`
}

// TestFaultsHavePlaces: what cannot be read is said with its place, and what would be right.
func TestFaultsHavePlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, fault string }{
		{"", "c.json:1:1: the document breaks off here"},
		{"\n  nonsense", "c.json:2:3: this is no JSON from here on: exports"},
		{`{"containerVersion": {"tag": [{"name": "é", "type": 1`, "c.json:1:54: the document breaks off here"},
		{`[]`, "c.json:1:1: this is no export of a Google Tag Manager container: containerVersion is missing"},
		{`{"tag":[]}`, "c.json:1:1: this is no export of a Google Tag Manager container"},
		{`{"containerVersion": null}`, "c.json:1:1: containerVersion says nothing"},
		{"{\n \"exportFormatVersion\": 3,\n \"containerVersion\": {}}",
			"c.json:2:25: exportFormatVersion: this is a version that is not known: 2 is"},
		{"{\"containerVersion\":\n {\"tag\": {}}}", "c.json:2:10: tag: a list is expected here"},
		{"{\"containerVersion\":\n {\"tag\": [\"é\", 3]}}", "c.json:2:11: tag: an object is expected here"},
		{export(`{"name":"a"}`, ""), "c.json:1:109: tag \"a\" has no type"},
		{export(`{"type":"ua","paused":"yes"}`, ""), "paused: true or false is expected here"},
		{export(`{"type":"ua","consentSettings":{"consentStatus":"MAYBE"}}`, ""),
			"consentStatus: this is a status that is not known"},
		{export(`{"type":"ua","type":"html"}`, ""), `"type" stands twice in one object`},
		{export(`{"type":"ua"}`, `,"tag":[]`), `"tag" stands twice in one object`},
		{export("", "") + "{}", "something follows behind the container"},
		{strings.Repeat("[", 100) + strings.Repeat("]", 100), "c.json:1:65: this is nested more than 64 levels deep"},
		{"[" + strings.Repeat("1,", mostValues) + "1]", "there are more than 400000 values"},
		{"\xff{}", "c.json:1:1: this is no UTF-8"},
		{"{\n\"a\": \"\xff\"}", "c.json:2:7: this is no UTF-8"},
		{strings.Repeat(" ", mostBytes+1), "c.json has more than 16 MiB"},
	} {
		_, err := Read("c.json", strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%.80q: %v\nand not %s", c.text, err, c.fault)
		}
	}
}

// TestReadsConsent: the forms in which the interface, the API and other programs write it.
func TestReadsConsent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, says string }{
		{``, "not said"},
		{`{}`, "not said"},
		{`{"consentStatus":"NOT_SET"}`, "not set"},
		{`{"consentStatus":"notSet"}`, "not set"},
		{`{"consentStatus":"NOT_NEEDED"}`, "not needed"},
		{`{"consentStatus":"NEEDED","consentType":{"type":"LIST","list":[{"type":"TEMPLATE","value":"ad_storage"},{"type":"TEMPLATE","value":"ad_user_data"}]}}`,
			"needed (ad_storage, ad_user_data)"},
		{`{"consentStatus":"needed","consentType":{"type":"list","list":[{"type":"template","value":"{{which}}"}]}}`,
			`needed ("{{which}}")`},
		{`{"consentStatus":"NEEDED","consentType":["analytics_storage"]}`, "needed (analytics_storage)"},
		{`{"consentStatus":"NEEDED","consentType":[{"type":"TEMPLATE","value":"analytics_storage"}]}`,
			"needed (analytics_storage)"},
	} {
		tag := `{"name":"a","type":"ua"`
		if c.text != "" {
			tag += `,"consentSettings":` + c.text
		}
		container, err := Read("c.json", strings.NewReader(export(tag+"}", "")))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := Assess(container).Tags[0].Consent.String(); got != c.says {
			t.Errorf("%s says %q and not %q", c.text, got, c.says)
		}
	}
}

// FuzzRead: whatever the bytes are, they are a container or a fault, and every tag of a container is reported once; no
// script of it is in the report.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"web.json", "server.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, seed := range []string{
		"", "{}", "\ufeff" + export("", ""),
		export(`{"type":"html","parameter":[{"key":"html","value":"//a.example {{x}} fbq("}]}`, ""),
		export(`{"type":"cvt_2_4"}`,
			`,"customTemplate":[{"templateId":"4","containerId":"2","templateData":"___SANDBOXED_JS_FOR_WEB_TEMPLATE___ https://a.example"}]`),
		export(`{"type":"googtag","parameter":[{"key":"configSettingsTable","list":[{"map":[{"key":"parameter","value":"server_container_url"}]}]}]}`,
			""),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Read("c.json", strings.NewReader(string(text)))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "c.json") {
				t.Errorf("a fault without its file: %v", err)
			}
			return
		}
		r := Assess(c)
		sum := 0
		for _, outcome := range Outcomes {
			sum += r.Outcomes[outcome]
		}
		if sum != len(c.Tags) || len(r.Tags) != len(c.Tags) {
			t.Errorf("%d tags are %d in the report, and %d by outcome", len(c.Tags), len(r.Tags), sum)
		}
		for i := range r.Tags {
			if r.Tags[i].Why == "" || r.Tags[i].Outcome == "" {
				t.Errorf("nothing is said of tag %d", i)
			}
		}
	})
}
