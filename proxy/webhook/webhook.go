// Package webhook tells other systems what happened, in signed requests as Standard Webhooks describes them
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), or in requests of
// their own. It promises that a message keeps its id over all attempts, that nothing of the receiver's answer but its
// status is looked at, that what names people is encrypted for as long as it waits, and that messages about one
// person reach a receiver in their order.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

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

// post sends a request. Of the answer nothing but status and headers is looked at; the status is 0 where there was
// none, and connected tells whether anybody was there. Any status but a 2xx is an error too.
func post(
	client *http.Client, request *http.Request,
) (status int, header http.Header, connected bool, err error) {
	var there atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { there.Store(true) }}
	response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if err != nil {
		if of, ok := errors.AsType[*url.Error](err); ok {
			err = of.Err // without the address: it may hold a token, or a person
		}
		return 0, nil, there.Load(), fmt.Errorf("the webhook was not reached: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection can be used again
	_ = response.Body.Close()
	if response.StatusCode/100 != 2 {
		err = fmt.Errorf("the webhook was answered with status %d", response.StatusCode)
	}
	return response.StatusCode, response.Header, true, err
}

// Sign returns the value of webhook-signature: version 1, HMAC-SHA256 over id, timestamp (in seconds) and body.
func Sign(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
