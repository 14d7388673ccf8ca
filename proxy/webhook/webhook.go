// Package webhook tells other systems what happened, in signed requests as Standard Webhooks describes them
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), or in requests of their own. It promises
// that a message keeps its id over all attempts, that nothing of the receiver's answer but its status is looked at, that what names people
// is encrypted for as long as it waits, and that messages about one person reach a receiver in their order.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Options are what a Hook needs. Zero values take the defaults given.
type Options struct {
	URL        string
	SecretFile string                                           // read for every message, so that a secret can be changed; "whsec_" and base64, or the key as it is
	Now        func() time.Time                                 // the clock; time.Now
	Pause      func(ctx context.Context, d time.Duration) error // waits between attempts; on the clock
	Client     *http.Client                                     // one that follows no redirect and waits 10 s
}

// Hook is an address that is told.
type Hook struct{ opts Options }

// Message is what is told.
type Message struct {
	Key  string    // what it is about: the same one gives the same id, so that a receiver who saw it once knows it again
	Type string    // "assessment_due"
	Time time.Time // when it happened
	Data any
}

// pauses are waited for between attempts: there is one attempt more.
var pauses = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute}

// leastSecret is how many bytes a secret has at least; Standard Webhooks says 24 to 64.
const leastSecret = 24

// New makes a hook.
func New(o Options) *Hook {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Hook{o}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Send tells a message, in a few attempts with more and more time between them. It returns when the receiver took it (any 2xx), refused it
// for good (410), when there is no attempt left, or when the context is done.
func (h *Hook) Send(ctx context.Context, m Message) error {
	secret, err := ReadSecret(h.opts.SecretFile)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"type": m.Type, "timestamp": m.Time.UTC().Format(time.RFC3339), "data": m.Data})
	if err != nil {
		return fmt.Errorf("cannot write a message: %w", err)
	}
	sum := sha256.Sum256([]byte(m.Type + "\n" + m.Key))
	id := "msg_" + hex.EncodeToString(sum[:16])
	for attempt := 0; ; attempt++ {
		last, err := h.attempt(ctx, id, secret, body)
		if err == nil || last || attempt == len(pauses) {
			return err
		}
		if stop := h.opts.Pause(ctx, pauses[attempt]); stop != nil {
			return errors.Join(err, stop)
		}
	}
}

// attempt sends the message once. Last tells that there is no point in another attempt.
func (h *Hook) attempt(ctx context.Context, id string, secret, body []byte) (last bool, err error) {
	request, err := signed(ctx, h.opts.URL, id, h.opts.Now(), secret, body)
	if err != nil {
		return true, err
	}
	status, _, err := ask(h.opts.Client, request)
	if status == 0 {
		return ctx.Err() != nil, err
	}
	return err == nil || status == http.StatusGone, err
}

// errNoAddress says that an address cannot be asked. It is not repeated: it may hold a token, or a person.
var errNoAddress = errors.New("the webhook's address is none")

// signed makes a request as Standard Webhooks describes it.
func signed(ctx context.Context, address, id string, now time.Time, secret, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, errNoAddress
	}
	at := strconv.FormatInt(now.Unix(), 10)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "tagwarden",
		"Webhook-Id": id, "Webhook-Timestamp": at, "Webhook-Signature": Sign(secret, id, at, body),
	} {
		request.Header.Set(name, value)
	}
	return request, nil
}

// ask sends a request. Of the answer nothing but status and headers is looked at; the status is 0 where nobody answered. Any but a 2xx is an
// error too.
func ask(client *http.Client, request *http.Request) (status int, header http.Header, err error) {
	response, err := client.Do(request)
	if err != nil {
		if of, ok := errors.AsType[*url.Error](err); ok {
			err = of.Err // without the address: it may hold a token, or a person
		}
		return 0, nil, fmt.Errorf("the webhook was not reached: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection can be used again
	_ = response.Body.Close()
	if response.StatusCode/100 != 2 {
		err = fmt.Errorf("the webhook was answered with status %d", response.StatusCode)
	}
	return response.StatusCode, response.Header, err
}

// Sign returns the value of webhook-signature: version 1, HMAC-SHA256 over id, timestamp (in seconds) and body.
func Sign(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// ReadSecret reads a file that holds a secret: "whsec_" and base64, or the key as it is, without white space around it.
func ReadSecret(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the webhook's secret: %w", err)
	}
	secret := []byte(strings.TrimSpace(string(text)))
	if encoded, ok := strings.CutPrefix(string(secret), "whsec_"); ok {
		if secret, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, fmt.Errorf("%s: what follows whsec_ is no base64", file)
		}
	}
	if len(secret) < leastSecret {
		return nil, fmt.Errorf("%s: the secret has %d bytes: at least %d are right", file, len(secret), leastSecret)
	}
	return secret, nil
}
