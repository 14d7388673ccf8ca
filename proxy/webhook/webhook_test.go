package webhook

import (
	"errors"
	"net/http"
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

// signing makes a receiver of signed messages.
func signing(t *testing.T, address, secret string) *Receiver {
	t.Helper()
	r, err := NewReceiver(ReceiverOptions{Name: "tickets", URL: address, Events: []string{AssessmentDue},
		SecretFile: secret})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestErrorsHideTheAddress, which may hold a token.
func TestErrorsHideTheAddress(t *testing.T) {
	secret := secretFile(t, strings.Repeat("k", 32))
	for _, address := range []string{"http://127.0.0.1:1/token", "http://127.0.0.1:1/token\x7f"} {
		request, err := signing(t, address, secret).request(t.Context(), &Act{Notice: []byte("{}")}, "msg_1", time.Now())
		if err == nil {
			_, _, _, err = post(http.DefaultClient, request)
		}
		if err == nil || strings.Contains(err.Error(), "token") {
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
	r := signing(t, "http://127.0.0.1:1", filepath.Join(t.TempDir(), "none"))
	_, err := r.request(t.Context(), &Act{Notice: []byte("{}")}, "msg_1", time.Now())
	if !errors.Is(err, os.ErrNotExist) || !errors.Is(err, errSecret) {
		t.Errorf("sent without a secret: %v", err)
	}
}
