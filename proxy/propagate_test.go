package proxy_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestPropagation: a webhook is told of what came into force, signed, with the identifiers as they were given and what
// stands afterwards; what waits outlives the server; and it is measured.
func TestPropagation(t *testing.T) {
	told := make(chan string, 8)
	var down atomic.Bool
	down.Store(true)
	crm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if q.Header.Get("Webhook-Signature") == "" || q.Header.Get("Webhook-Id") == "" {
			t.Error("it is not signed")
		}
		told <- string(body)
	}))
	defer crm.Close()
	file := folder(t, startVendor(t).URL)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(filepath.Dir(file), "hook.key"), strings.Repeat("k", 32))
	write(t, file, string(text)+"webhooks: [{ name: crm, url: \""+crm.URL+
		"\", private: true, events: [objection, withdrawal], secret_file: ./hook.key }]\n")
	r := start(t, file)
	id := []objection.ID{{Name: "email", Value: "Jane@Example.com"}}
	ask := func(c objection.Change) {
		t.Helper()
		c.Holder.Kind = objection.Role
		if _, err := r.Act(t.Context(), objection.Acts{Acts: []objection.Act{{IDs: id, Change: c}}}); err != nil {
			t.Fatal(err)
		}
	}
	ask(objection.Change{Object: []string{"audience"}})
	if err := r.stop(t); err != nil { // with what nobody could be told yet
		t.Fatal(err)
	}
	stored, err := os.ReadFile(filepath.Join(proxy.ObjectionsDir(filepath.Join(filepath.Dir(file), "data")),
		objection.FileName))
	if err != nil || bytes.Contains(bytes.ToLower(stored), []byte("jane@example")) {
		t.Errorf("an address waits in the clear: %v", err)
	}
	down.Store(false)
	r = start(t, file)
	ask(objection.Change{Object: []string{"all"}})
	ask(objection.Change{Object: []string{"all"}}) // nothing new
	ask(objection.Change{TakeBack: []string{"all"}, By: "operator", Because: "asked"})
	for _, want := range []struct{ kind, scopes, stands string }{{"objection", `["audience"]`, `["audience"]`},
		{"objection", `["all"]`, `["all","audience"]`}, {"withdrawal", `["all"]`, `[]`}} {
		select {
		case got := <-told:
			data := gjson.Get(got, "data")
			if gjson.Get(got, "type").Str != want.kind || data.Get("scopes").Raw != want.scopes ||
				orNone(data.Get("in_force").Raw) != want.stands || data.Get("ids.email.0").Str != "Jane@Example.com" {
				t.Errorf("%+v: %s", want, got)
			}
			if !json.Valid([]byte(got)) {
				t.Error(got)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("nobody is told of %+v", want)
		}
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.ledger(t), "ane@") {
		t.Error("an address is on the ledger")
	}
	select {
	case got := <-told:
		t.Errorf("told once more: %s", got)
	default:
	}
}

func orNone(raw string) string {
	if raw == "null" || raw == "" {
		return "[]"
	}
	return raw
}
