package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/api"
)

// taking is a server that takes imports, and at one call is not there.
type taking struct {
	line    uint64
	taken   []string
	calls   int
	missing int // the call that fails
}

func (s *taking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = fmt.Fprintf(w, `{"line":%d}`, s.line)
		return
	}
	text, _ := io.ReadAll(r.Body)
	if gjson.GetBytes(text, "import.dry_run").Bool() {
		_, _ = fmt.Fprintf(w, `{"taken":%d,"new":0,"rejected":[]}`, gjson.GetBytes(text, "objections.#").Int())
		return
	}
	if s.calls++; s.calls == s.missing {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"status":503,"detail":"not now"}`)
		return
	}
	var body struct {
		Objections []struct {
			IDs map[string][]string `json:"ids"`
		} `json:"objections"`
		Import struct {
			Line uint64 `json:"line"`
		} `json:"import"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, one := range body.Objections {
		s.taken = append(s.taken, one.IDs["email"]...)
	}
	s.line = body.Import.Line
	_, _ = fmt.Fprintf(w, `{"taken":%d,"new":%d,"rejected":[]}`, len(body.Objections), len(body.Objections))
}

// TestImportGoesOn: an import that breaks off goes on where it was, and takes every line once.
func TestImportGoesOn(t *testing.T) {
	var text strings.Builder
	text.WriteString("\ufeffe-mail;note\r\n")
	for i := range 97 {
		fmt.Fprintf(&text, "u%d@example.com;\"two\nlines\"\r\n", i)
		if i%10 == 0 {
			fmt.Fprintf(&text, "U%d@example.com;again\r\n;nobody\r\n", i)
		}
	}
	name := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(name, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	server := &taking{missing: 4}
	for attempt, want := range []struct {
		code  int
		fails bool
		out   string
		hint  string
	}{
		{usage, true, "", "up to line 66 it is in; to go on from there:\n  hint: tagwarden objections import list.csv --all --column 'time=Opt-out date'\n"},
		{findings, false, "215 lines: 67 taken, 40 already there, 10 rejected, 0 empty, 1 heading, 97 within rows of " +
			"several lines\n", ""},
		{findings, false, "215 lines: 0 taken, 107 already there, 10 rejected, 0 empty, 1 heading, 97 within rows of " +
			"several lines\n", ""},
	} {
		var out, errs bytes.Buffer
		term := &terminal{out: &out, err: &errs, now: time.Now}
		im := importing{t: term, most: 10, api: &client{client: &http.Client{Transport: local{handler: server}}}}
		im.args = []string{"list.csv", "--all", "--column", "time=Opt-out date"}
		im.flags.All = true
		code, err := im.file(t.Context(), name, "csv", nil, "")
		if code != want.code || (err != nil) != want.fails || want.out != "" && out.String() != want.out {
			t.Errorf("attempt %d: %d, %v, %s%s", attempt+1, code, err, out.String(), errs.String())
		}
		if !strings.Contains(errs.String(), want.hint) || want.hint == "" && strings.Contains(errs.String(),
			"tagwarden objections import") {
			t.Errorf("attempt %d: it says %s", attempt+1, errs.String())
		}
		if strings.Contains(errs.String(), "example.com") {
			t.Errorf("a value is told: %s", errs.String())
		}
	}
	if len(server.taken) != 97 {
		t.Errorf("%d taken", len(server.taken))
	}
	for i, email := range server.taken {
		if email != fmt.Sprintf("u%d@example.com", i) {
			t.Fatalf("%d: %s", i, email)
		}
	}
}

// TestImportAccounts: where a server does not say what became of each line, that is no success.
func TestImportAccounts(t *testing.T) {
	name := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(name, []byte("email\na@example.com\nb@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for answer, want := range map[string]int{
		`{"taken":2,"new":1,"rejected":[]}`: fine, `{"taken":1,"new":1,"rejected":[]}`: findings,
		`{"taken":3,"new":3,"rejected":[]}`: findings, `{"taken":1,"new":0,"rejected":[{"index":7}]}`: findings,
		`{"taken":1,"new":0,"rejected":[{"index":1}]}`: findings,
	} {
		var out, errs bytes.Buffer
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, answer) })
		im := importing{t: &terminal{out: &out, err: &errs, now: time.Now}, most: 10}
		im.api = &client{client: &http.Client{Transport: local{handler: handler}}}
		im.flags.All = true
		code, err := im.file(t.Context(), name, "csv", nil, "")
		lost := want == findings && !strings.Contains(answer, `:1}]`)
		if code != want || err != nil || strings.Contains(errs.String(), "of 3 lines") != lost {
			t.Errorf("%s: %d, %v: %s%s", answer, code, err, out.String(), errs.String())
		}
	}
}

// TestImportInterrupted: it says that it was interrupted, how far it came, and the very command that goes on.
func TestImportInterrupted(t *testing.T) {
	dir := t.TempDir()
	list, report := filepath.Join(dir, "list.csv"), filepath.Join(dir, "report.csv")
	var text strings.Builder
	text.WriteString("email\n")
	for i := range 50 {
		fmt.Fprintf(&text, "u%d@example.com\n", i)
	}
	if err := errors.Join(os.WriteFile(list, []byte(text.String()), 0o600), os.WriteFile(report, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		at    int // the call at which somebody interrupts
		start uint64
		args  []string
		trial bool
		want  string
	}{
		{1, 0, []string{"list.csv", "--all"}, false,
			"  hint: nothing of it is in yet; to begin anew:\n  hint: tagwarden objections import list.csv --all\n"},
		{3, 0, []string{"--report", report, "list.csv"}, false,
			"up to line 21 it is in; to go on from there:\n  hint: tagwarden objections import --report " + filepath.Join(
				dir, "report-2.csv") + " list.csv\n"},
		{3, 11, []string{"--report=" + report, "it's.csv"}, false,
			"up to line 21 it is in; to go on from there:\n  hint: tagwarden objections import --report=" + filepath.Join(
				dir, "report-2.csv") + ` 'it'\''s.csv'` + "\n"},
		{2, 11, []string{"-report", filepath.Join(dir, "free.csv"), "a b.csv"}, false,
			"up to line 11 it is in; to go on from there:\n  hint: tagwarden objections import -report " + filepath.Join(
				dir, "free.csv") + " 'a b.csv'\n"},
		{2, 0, []string{"list.csv", "--dry-run"}, true, ""},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		server := &taking{line: test.start}
		calls := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				if calls++; calls == test.at {
					interrupt()
					<-r.Context().Done()
					return
				}
			}
			server.ServeHTTP(w, r)
		})
		var out, errs bytes.Buffer
		im := importing{t: &terminal{out: &out, err: &errs, now: time.Now}, args: test.args, most: 10, trial: test.trial}
		im.api = &client{client: &http.Client{Transport: local{handler: handler}}}
		im.flags.All = true
		code, err := im.file(ctx, list, "csv", nil, "")
		interrupt()
		if code != usage || !errors.Is(err, errInterrupted) || err.Error() != errInterrupted.Error() ||
			!strings.HasSuffix(errs.String(), test.want) || test.want == "" && strings.Contains(errs.String(), "hint") {
			t.Errorf("%v: %d, %v: %s", test.args, code, err, errs.String())
		}
	}
}

// TestStreams: an answer of this process is read while it is written, and one that breaks off does not look whole.
func TestStreams(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begin")
		if r.URL.Path == api.Base+"/whole" {
			return
		}
		panic(http.ErrAbortHandler)
	})
	here := &client{client: &http.Client{Transport: local{handler: handler}}}
	for path, fails := range map[string]bool{"/whole": false, "/broken": true} {
		body, err := here.send(t.Context(), http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if string(text) != "begin" || (err != nil) != fails {
			t.Errorf("%s: %q, %v", path, text, err)
		}
		name := filepath.Join(t.TempDir(), "copy")
		body, err = here.send(t.Context(), http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (durable.Files{}).New(name, body, 0o600); (err != nil) != fails {
			t.Error(err)
		}
		if _, err := os.Stat(name); (err != nil) != fails {
			t.Errorf("%s: half a copy lies there: %v", path, err)
		}
	}
}
