package proxy

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules"
)

// relayRefusal gives the status with which the vendor refused the hit, when to come again where it says so, and its
// body where the catalog knows that the SDK acts on it: there it says which events of the batch were at fault.
func (h *hitContext) relayRefusal() {
	status := h.outcome.Status
	h.ctx.SetStatusCode(status)
	if after, ok := waitFor(h.answer.Header.Peek(fasthttp.HeaderRetryAfter), h.in.Now); ok {
		h.ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, strconv.Itoa(after))
	}
	if !h.j.Route.Endpoint.Relays(status) {
		return
	}
	if body, ok := h.relayed(h.answer.Body()); ok {
		confine(h.ctx)
		h.ctx.Response.Header.SetContentType("application/json")
		h.ctx.SetBody(body)
	}
}

// waitFor reads a Retry-After as seconds from now, as SDKs read it: none reads dates.
func waitFor(value []byte, now time.Time) (int, bool) {
	wait, ok := delivery.RetryAfter(value, now)
	return int((wait + time.Second - 1) / time.Second), ok
}

// relayed is the body of a refusal as the SDK may read it: JSON, in which events are counted as in the SDK's own batch.
// The vendor counts those that it was sent. Where events were cut out and the catalog does not say where the body
// counts, there is none.
func (h *hitContext) relayed(body []byte) ([]byte, bool) {
	if len(body) == 0 || !json.Valid(body) {
		return nil, false
	}
	var sent []int // by number of the event at the vendor: its number in the SDK's batch
	for i := range h.j.Verdicts {
		if h.j.Verdicts[i].Decision == rules.Permit {
			sent = append(sent, i)
		}
	}
	if len(sent) == len(h.j.Verdicts) {
		return body, true
	}
	paths := h.j.Route.Endpoint.Indices
	if len(paths) == 0 {
		return nil, false
	}
	return renumber(body, paths, sent)
}

// renumber puts other numbers of events into JSON, at the paths where they stand. A value there that is none of them
// means that the paths do not fit: then the body says nothing that can be relied on.
func renumber(body []byte, paths [][]string, sent []int) ([]byte, bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil, false
	}
	for _, path := range paths {
		var ok bool
		if value, ok = renumbered(value, path, sent); !ok {
			return nil, false
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return nil, false
	}
	return bytes.TrimSuffix(out.Bytes(), []byte{'\n'}), true
}

// renumbered returns a value with the numbers below it exchanged. It goes no deeper than the path. What is not there is
// not missed.
func renumbered(value any, path []string, sent []int) (any, bool) {
	if value == nil {
		return nil, true
	}
	if len(path) == 0 {
		number, ok := value.(json.Number)
		if !ok {
			return nil, false
		}
		at, err := strconv.Atoi(number.String())
		if err != nil || at < 0 || at >= len(sent) {
			return nil, false
		}
		return sent[at], true
	}
	ok := true
	each := func(inner any) any {
		changed, fits := renumbered(inner, path[1:], sent)
		ok = ok && fits
		return changed
	}
	if path[0] == "[]" {
		list, is := value.([]any)
		for i := range list {
			list[i] = each(list[i])
		}
		return list, is && ok
	}
	members, is := value.(map[string]any)
	for name := range members {
		if path[0] == name || path[0] == "*" {
			members[name] = each(members[name])
		}
	}
	return members, is && ok
}
