package webhook

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// attempt sends a message once. After is how long the receiver asked to be let be.
func (o *Outbox) attempt(
	ctx context.Context, r *Receiver, m *Waiting, a *Act,
) (why string, after time.Duration, err error) {
	request, err := r.request(ctx, a, idOf(a, m.Body), o.opts.Now())
	if errors.Is(err, errSecret) {
		return WhyDown, 0, err // that of everything that waits: somebody has to look at it
	}
	if err != nil {
		return WhyUnsendable, 0, err
	}
	status, header, err := post(o.opts.Client, request)
	switch {
	case status == 0:
		return WhyDown, 0, err
	case err == nil:
		return "", 0, nil
	}
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds > 0 {
		after = min(time.Duration(seconds)*time.Second, delays[len(delays)-1])
	}
	return meaning(status), after, err
}

// meaning is what a status that is no success says: of the receiver, or of this message alone.
func meaning(status int) string {
	switch status {
	case http.StatusGone:
		return WhyGone
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusMethodNotAllowed,
		http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return WhyDown
	}
	if status/100 == 4 {
		return WhyRefused
	}
	return WhyDown
}
