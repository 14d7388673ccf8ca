package webhook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSign holds the signature against the example that Standard Webhooks' reference libraries publish in their tests.
func TestSign(t *testing.T) {
	secret := secretFile(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
	key, err := ReadSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	const want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	if got := Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hook.key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// receiver answers with one status after the other, and keeps what it got.
type receiver struct {
	*httptest.Server
	answers []int
	got     []*http.Request
	bodies  []string
}

func newReceiver(t *testing.T, answers ...int) *receiver {
	r := &receiver{answers: answers}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.got, r.bodies = append(r.got, request), append(r.bodies, string(body))
		w.Header().Set("Location", r.URL)
		w.WriteHeader(r.answers[min(len(r.got), len(r.answers))-1])
	}))
	t.Cleanup(r.Close)
	return r
}

func TestSend(t *testing.T) {
	key := strings.Repeat("k", leastSecret)
	noon := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name     string
		answers  []int
		attempts int
		fails    bool
	}{
		{"taken", []int{200}, 1, false},
		{"taken without words", []int{204}, 1, false},
		{"taken in the third attempt", []int{500, 429, 202}, 3, false},
		{"gone", []int{410}, 1, true},
		{"never taken", []int{503}, 5, true},
		{"sent elsewhere", []int{302}, 5, true},
	} {
		r := newReceiver(t, test.answers...)
		var waited []time.Duration
		h := New(Options{URL: r.URL, SecretFile: secretFile(t, key), Now: func() time.Time { return noon }, Pause: func(_ context.Context, d time.Duration) error {
			waited = append(waited, d)
			return nil
		}})
		err := h.Send(t.Context(), Message{Key: "LIA-1 30", Type: "assessment_due", Time: noon, Data: map[string]int{"days_left": 30}})
		if (err != nil) != test.fails || len(r.got) != test.attempts || len(waited) != test.attempts-1 {
			t.Errorf("%s: %v after %d attempts, waited %v", test.name, err, len(r.got), waited)
		}
		for i, request := range r.got {
			head := request.Header
			if head.Get("Webhook-Signature") != Sign([]byte(key), head.Get("Webhook-Id"), "1796126400", []byte(r.bodies[i])) || head.Get("Webhook-Timestamp") != "1796126400" {
				t.Errorf("%s: signed %q", test.name, head)
			}
			if head.Get("Webhook-Id") != r.got[0].Header.Get("Webhook-Id") || r.bodies[i] != `{"data":{"days_left":30},"timestamp":"2026-12-01T12:00:00Z","type":"assessment_due"}` {
				t.Errorf("%s: %q, %s", test.name, head, r.bodies[i])
			}
		}
	}
}

func TestSendEnds(t *testing.T) {
	r := newReceiver(t, 500)
	ctx, cancel := context.WithCancel(t.Context())
	h := New(Options{URL: r.URL, SecretFile: secretFile(t, strings.Repeat("k", 32)), Pause: func(ctx context.Context, d time.Duration) error {
		cancel()
		return pause(ctx, d)
	}})
	if err := h.Send(ctx, Message{}); !errors.Is(err, context.Canceled) || len(r.got) != 1 {
		t.Errorf("%v after %d attempts", err, len(r.got))
	}
}

// TestErrorsHideTheAddress, which may hold a token.
func TestErrorsHideTheAddress(t *testing.T) {
	for _, address := range []string{"http://127.0.0.1:1/token", "http://127.0.0.1:1/token\x7f"} {
		h := New(Options{URL: address, SecretFile: secretFile(t, strings.Repeat("k", 32)), Pause: func(context.Context, time.Duration) error { return nil }})
		if err := h.Send(t.Context(), Message{}); err == nil || strings.Contains(err.Error(), "token") {
			t.Errorf("%v", err)
		}
	}
}

func TestSecretIsRefused(t *testing.T) {
	for _, text := range []string{"", "short", "whsec_", "whsec_*", "whsec_c2hvcnQ="} {
		if _, err := ReadSecret(secretFile(t, text)); err == nil {
			t.Errorf("%q is a secret", text)
		}
	}
	h := New(Options{URL: "http://127.0.0.1:1", SecretFile: filepath.Join(t.TempDir(), "none")})
	if err := h.Send(t.Context(), Message{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sent without a secret: %v", err)
	}
}
