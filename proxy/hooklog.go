package proxy

import (
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/webhook"
)

// hookLog says what becomes of webhooks, each of which has its own share of the log: of each kind of failure the first,
// then once a minute how many there were.
type hookLog struct {
	log *zap.Logger
	now func() time.Time

	mu   sync.Mutex
	said map[[2]string]*hookFailures // by webhook, and why
}

// hookFailures are those of one kind.
type hookFailures struct {
	said  time.Time
	since int // failures that were not said
	last  error
}

// hookTexts say what happened, where that is not an attempt that failed and comes again.
var hookTexts = map[string]string{
	webhook.WhySecret: "the secret of a webhook cannot be used: its messages wait until it can; this is not said again " +
		"before it was told something",
	webhook.WhyGone: "a webhook says that it is gone, and is paused: its messages wait until its lines in the server " +
		"file change, or a restart",
	webhook.WhyFull:       "messages to a webhook are given up, the oldest first: too many wait",
	webhook.WhyTooOld:     "messages to a webhook are given up: they were not taken in time",
	webhook.WhyUnreadable: "a message to a webhook is given up: it cannot be read",
	webhook.WhyUnsendable: "a message to a webhook is given up: it cannot be written as its request",
}

// failed says that a webhook could not be told of something, unless that was said in the minute before.
func (h *hookLog) failed(to, why string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key, now := [2]string{to, why}, h.now()
	f := h.said[key]
	if f == nil {
		if h.said == nil {
			h.said = map[[2]string]*hookFailures{}
		}
		f = &hookFailures{}
		h.said[key] = f
	}
	f.since++
	f.last = err
	if first := f.said.IsZero(); first || why != webhook.WhySecret && now.Sub(f.said).Abs() >= time.Minute {
		h.say(key, f, now)
	}
}

// told forgets what is said once only.
func (h *hookLog) told(to string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.said, [2]string{to, webhook.WhySecret})
}

// sayRest says what was not, where the minute is over. It is to be called each minute.
func (h *hookLog) sayRest() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for key, f := range h.said {
		switch {
		case key[1] == webhook.WhySecret || now.Sub(f.said).Abs() < time.Minute:
		case f.since > 0:
			h.say(key, f, now)
		default:
			delete(h.said, key)
		}
	}
}

func (h *hookLog) say(key [2]string, f *hookFailures, now time.Time) {
	text := hookTexts[key[1]]
	if text == "" {
		text = "a webhook could not be told of something: it is tried again"
	}
	h.log.Warn(text, zap.String("webhook", key[0]), zap.String("why", key[1]), zap.Int("times", f.since),
		zap.Error(f.last))
	f.said, f.since, f.last = now, 0, nil
}
