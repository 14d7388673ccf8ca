package webhook

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Why an attempt came to nothing. Those that say "dropped" are the message's last.
const (
	WhyDown    = "down"    // nobody is there: all messages to the receiver wait
	WhySecret  = "secret"  // the file of its secret does not do: likewise
	WhyGone    = "gone"    // 410: all wait until the receiver is another one, or a restart
	WhyLimited = "limited" // 429: likewise, for as long as it says
	WhyTimeout = "timeout" // it did not answer in time: this message waits, and with it later ones about the same person
	WhyBroken  = "broken"  // the connection ended without an answer: likewise
	WhyFailed  = "failed"  // the receiver says that it failed, or that it is elsewhere: likewise
	WhyRefused = "refused" // any other 4xx: likewise

	WhyTooOld     = "dropped_too_old"    // patience is over
	WhyFull       = "dropped_full"       // there is no room
	WhyUnreadable = "dropped_unreadable" // it cannot be opened
	WhyUnsendable = "dropped_unsendable" // it cannot be written as a request

	whyEnded = "ended" // the attempt was cut off by the end
	whyStore = "store" // the message cannot be read
)

// last tells whether a message is given up.
func last(why string) bool {
	return why == WhyTooOld || why == WhyFull || why == WhyUnreadable || why == WhyUnsendable
}

// ofItself tells whether a receiver can be told nothing, whatever the message.
func ofItself(why string) bool { return why == WhyDown || why == WhySecret }

// attempt sends a message once. After is how long the receiver asked to be let be.
func (o *Outbox) attempt(
	ctx context.Context, r *Receiver, body []byte, a *Act,
) (why string, after time.Duration, err error) {
	now := o.opts.Now()
	request, err := r.request(ctx, a, idOf(a, body), now)
	switch {
	case errors.Is(err, errSecret):
		return WhySecret, 0, err // that of everything that waits: somebody has to look at it
	case errors.Is(err, errNoAddress):
		return WhyDown, 0, err // likewise
	case err != nil:
		return WhyUnsendable, 0, err
	}
	client := o.opts.Client
	if r.opts.Private {
		client = o.opts.Private
	}
	status, header, connected, err := post(client, o.certificates.watched(request, r.Name()))
	switch {
	case status == 0 && !connected:
		return WhyDown, 0, err
	case status == 0 && timedOut(err):
		return WhyTimeout, 0, err
	case status == 0:
		return WhyBroken, 0, err
	case err == nil:
		return "", 0, nil
	}
	return meaning(status), retryAfter(header, now), err
}

func timedOut(err error) bool {
	of, ok := errors.AsType[net.Error](err)
	return ok && of.Timeout()
}

// meaning is what a status that is no success says. But for two of them it may say it of the message as well as of the
// receiver: which of both, what becomes of other messages tells.
func meaning(status int) string {
	switch {
	case status == http.StatusGone:
		return WhyGone
	case status == http.StatusTooManyRequests:
		return WhyLimited
	case status/100 == 4:
		return WhyRefused
	default:
		return WhyFailed
	}
}
