package api

import (
	"context"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/proxy/tap"
)

// Taps lets callers watch hits as they come. What they ask wrongly is a *[problem.Document]. It is safe for concurrent
// use.
type Taps interface {
	// Check says what of an ask there is not.
	Check(of tap.Ask) []problem.Fault
	// Open begins a tap. Begin is called once there is a place, and names it.
	Open(by tap.Watcher, of tap.Ask, begin func() (id string, err error)) (TapOpened, error)
	// Take hands out the lines that wait, once there are some, or after so long.
	Take(ctx context.Context, id string, by tap.Watcher, wait time.Duration) (TapLines, error)
	// Close ends a tap.
	Close(id string, by tap.Watcher) error
}

// TapOpened names a tap.
type TapOpened struct {
	Tap     string    `json:"tap"`
	Until   time.Time `json:"until"`             // it ends then
	Preview string    `json:"preview,omitempty"` // of one's own hits: the value of the cookie that they carry
}

// TapLines are what was to be seen since the call before.
type TapLines struct {
	Lines []tap.Line `json:"lines"`
	Lost  uint64     `json:"lost"` // lines for which there was no room
}

// tapWaits is how long a call waits for lines: listeners give an answer a few seconds.
const tapWaits = time.Second

// mostTapped is how many values of a member may be asked for.
const mostTapped = 64

// openTap begins a tap: POST /tap with endpoint, vendor, reason and own.
func openTap(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Taps == nil {
		return missing("no server takes hits here: there is nothing to watch")
	}
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	var f faults
	var of tap.Ask
	err := h.small(w, r, &f, "endpoint, vendor, reason, own", func(member string, v gjson.Result, at *place) bool {
		lists := map[string]*[]string{"endpoint": &of.Endpoints, "vendor": &of.Vendors, "reason": &of.Reasons}
		switch to := lists[member]; {
		case to != nil:
			list(v, at, &f, 1, mostTapped, func(v gjson.Result, at *place) {
				if text := readText(v, at, &f, 64); text != "" {
					*to = append(*to, text)
				}
			})
		case member == "own":
			of.Own = truth(v, at, &f)
		default:
			return false
		}
		return true
	})
	if err != nil {
		return err
	}
	f.add(h.opts.Taps.Check(of)...)
	if err := f.problem(); err != nil {
		return err
	}
	opened, err := h.opts.Taps.Open(watcher(h, who), of, func() (string, error) {
		return h.begins(who, Reading{Verb: VerbTap, Asked: of.Members()})
	})
	if err != nil {
		return err
	}
	return reply(w, opened)
}

// tapLines hands out what there is to see: GET /tap with tap.
func tapLines(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	id, err := tapAsked(h, r)
	if err != nil {
		return err
	}
	lines, err := h.opts.Taps.Take(r.Context(), id, watcher(h, who), tapWaits)
	if err != nil {
		return err
	}
	if lines.Lines == nil {
		lines.Lines = []tap.Line{}
	}
	return replyExact(w, http.StatusOK, lines)
}

// closeTap ends a tap: DELETE /tap with tap.
func closeTap(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	id, err := tapAsked(h, r)
	if err != nil {
		return err
	}
	if err := h.opts.Taps.Close(id, watcher(h, who)); err != nil {
		return err
	}
	return reply(w, struct{}{})
}

// tapAsked is which tap a call is about.
func tapAsked(h *handler, r *http.Request) (id string, err error) {
	if h.opts.Taps == nil {
		return "", missing("no server takes hits here: there is nothing to watch")
	}
	p := readParameters(r, []string{"tap"}, func(string) bool { return false })
	if id = p.text("tap"); id == "" {
		p.wrong("tap", "which tap is meant? what began it has named it")
	}
	return id, p.problem()
}

// watcher is a caller as one who watches.
func watcher(h *handler, who caller) tap.Watcher {
	return tap.Watcher{Key: who.key("tap"), Name: by(h, who).Name}
}
