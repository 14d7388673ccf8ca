package main

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/webhook"
)

// recipes are where the documentation's recipes stand.
const recipes = "docs/webhooks.md"

// oneMessage is a store of messages that holds one.
type oneMessage struct {
	mu       sync.Mutex
	messages []webhook.Waiting
	settled  chan struct{}
}

func (o *oneMessage) Next(after uint64, _ int) ([]webhook.Waiting, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if after > 0 {
		return nil, nil
	}
	return o.messages, nil
}

func (o *oneMessage) Body(uint64) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.messages[0].Body, nil
}

func (o *oneMessage) Ack([]uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.messages != nil {
		o.messages = nil
		close(o.settled)
	}
	return nil
}

// standIn answers for whatever host is asked, and keeps what it was asked for.
type standIn struct{ got *http.Request }

func (s *standIn) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.got = httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(string(body)))
	s.got.Header = r.Header.Clone()
	return &http.Response{StatusCode: http.StatusAccepted, Body: http.NoBody, Request: r}, nil
}

// TestRecipes: each recipe of the documentation loads, and what it sends is what the tool's documentation asks for.
func TestRecipes(t *testing.T) {
	text, err := os.ReadFile(recipes)
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(webhooks:.*?)```").FindAllStringSubmatch(string(text), -1) {
		dir := t.TempDir()
		loaded := loadWith(t, dir, block[1])
		receivers, err := proxy.Receivers(&loaded.Server)
		if err != nil || len(receivers) != 1 {
			t.Fatalf("%v\n%s", err, block[1])
		}
		hook := loaded.Server.Webhooks[0]
		if err := os.WriteFile(hook.SecretFile, []byte("s3cret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		tested[hook.ID()] = true
		request := send(t, receivers[0])
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Fatal(err)
		}
		checkRecipe(t, hook.ID(), request, body)
	}
	if len(tested) != 4 {
		t.Errorf("tested: %v", tested)
	}
}

// loadWith writes a shop's configuration with something added to the server file.
func loadWith(t *testing.T, dir, added string) *config.Loaded {
	t.Helper()
	var out strings.Builder
	if code := run(t.Context(), &terminal{out: &out, err: &out, now: time.Now},
		[]string{"init", filepath.Join(dir, "shop")}); code != fine {
		t.Fatal(out.String())
	}
	file := filepath.Join(dir, "shop", "tagwarden.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	purposes := filepath.Join(dir, "shop", "policy", "purposes.yaml")
	own, err := os.ReadFile(purposes)
	if err != nil {
		t.Fatal(err)
	}
	own = append(own, "  newsletter:\n    title: Send people our newsletter about products that they asked for\n    direct_marketing: true\n    categories: [newsletter]\n"...)
	for name, text := range map[string][]byte{file: append(text, added...), purposes: own} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// send tells a receiver of an objection, through an outbox, and returns what was asked of the other side.
func send(t *testing.T, to *webhook.Receiver) *http.Request {
	t.Helper()
	there := &standIn{}
	key := [32]byte{1}
	acts, err := to.Acts(&webhook.Act{
		Type: webhook.Objection, Time: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC),
		IDs:    map[string][]string{"email": {"Jane@example.com"}},
		Scopes: []string{"all", "newsletter"},
	})
	if err != nil || len(acts) != 1 {
		t.Fatalf("%d, %v", len(acts), err)
	}
	message, err := to.Message(acts[0], &key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		store := &oneMessage{messages: []webhook.Waiting{{ID: 1, To: to.Name(), Body: message, Since: time.Now()}},
			settled: make(chan struct{})}
		outbox := webhook.NewOutbox(webhook.OutboxOptions{
			Store: store, Key: key, Receivers: func() []*webhook.Receiver {
				return []*webhook.Receiver{to}
			}, Client: &http.Client{Transport: there},
		})
		go outbox.Deliver(t.Context())
		<-store.settled
	})
	if there.got == nil {
		t.Fatal("nothing was sent")
	}
	return there.got
}

func checkRecipe(t *testing.T, name string, r *http.Request, body []byte) {
	t.Helper()
	head := func(name string) string { return r.Header.Get(name) }
	var got string
	if kind := head("Content-Type"); strings.HasSuffix(kind, "json") {
		var any any
		if err := json.Unmarshal(body, &any); err != nil {
			t.Fatalf("%s: %v: %s", name, err, body)
		}
		compact, err := json.Marshal(any)
		if err != nil {
			t.Fatal(err)
		}
		got = string(compact)
	} else if form, err := url.ParseQuery(string(body)); err == nil {
		got = form.Get("payload") + " " + form.Get("access_token")
	}
	want := map[string][]string{
		"hubspot": {"POST https://api.hubapi.com/communication-preferences/v3/unsubscribe", "Bearer s3cret application/json",
			`{"emailAddress":"Jane@example.com","legalBasis":"LEGITIMATE_INTEREST_CLIENT","legalBasisExplanation":"objected on 2026-12-01T12:00:00Z","subscriptionId":"1234567"}`},
		"marketing-cloud": {"PUT https://your-subdomain.rest.marketingcloudapis.com/data/v1/async/dataextensions/key:Objections/rows",
			"Bearer s3cret application/json",
			`{"items":[{"Act":"objection","ActedAt":"2026-12-01T12:00:00Z","EmailAddress":"Jane@example.com","Scopes":"all,newsletter"}]}`},
		"klaviyo": {"POST https://a.klaviyo.com/api/profile-suppression-bulk-create-jobs",
			"Klaviyo-API-Key s3cret application/vnd.api+json",
			`{"data":{"attributes":{"profiles":{"data":[{"attributes":{"email":"Jane@example.com"},"type":"profile"}]}},"type":"profile-suppression-bulk-create-job"}}`},
		"meta-audience": {"DELETE https://graph.facebook.com/v24.0/1234567890/users", " application/x-www-form-urlencoded",
			`{"schema":"EMAIL_SHA256","data":["8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d"]} s3cret`},
	}[name]
	if is := []string{r.Method + " " + r.URL.String(), head("Authorization") + " " + head("Content-Type"),
		got}; !slices.Equal(is, want) {
		t.Errorf("%s:\n%q\nwant\n%q", name, is, want)
	}
	if name == "klaviyo" && head("Revision") != "2026-10-15" {
		t.Errorf("revision %q", head("Revision"))
	}
}

// TestPlaceholdersAgree: what the server file may name is what can be sent.
func TestPlaceholdersAgree(t *testing.T) {
	for _, name := range append(webhook.Placeholders(), "nothing", "") {
		text := "webhooks:\n  - { name: x, url: \"https://x.example/${" + name +
			"}\", events: [objection], secret_file: ./x, request: { body: '{\"a\": \"${" + name + "}\"}' } }\n"
		_, err := webhook.NewReceiver(webhook.ReceiverOptions{URL: "https://x.example/${" + name + "}",
			Request: &webhook.Request{}})
		if right := slices.Contains(webhook.Placeholders(), name); right != (err == nil) {
			t.Errorf("%q: %v", name, err)
		} else if right {
			loadWith(t, t.TempDir(), text)
		}
	}
}
