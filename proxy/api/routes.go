package api

import (
	"errors"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// Base is the path that every call is below.
const Base = "/api/v1"

// call is one thing that can be asked for.
type call struct {
	method, path string
	may          access.Permission // that a token needs; "" for what is the operator's alone, anybody for what needs none
	do           func(h *handler, w http.ResponseWriter, r *http.Request, who caller) error
}

// calls are all that can be asked for, but what [OfLog] names.
var calls = []call{
	{http.MethodPost, "/objections", access.AddObjections, (*handler).object},
	{http.MethodDelete, "/objections", access.WithdrawObjections, (*handler).withdraw},
	{http.MethodGet, "/objections", access.ReadObjections, (*handler).feed},
	{http.MethodPost, "/objections/check", access.ReadObjections, (*handler).check},
	{http.MethodGet, "/objections/stats", access.ReadCounts, (*handler).stats},
	{http.MethodPost, "/objections/decisions", access.DecideObjections, (*handler).decide},
	{http.MethodDelete, "/objections/decisions", access.DecideObjections, (*handler).endDecision},
	{http.MethodGet, "/objections/decisions", access.ReadObjections, (*handler).decisions},
	{http.MethodPost, "/receipts", access.AddReceipts, receipt},
	{http.MethodGet, "/ledger/key", access.Proofs, logKey},
	{http.MethodGet, "/ledger/checkpoints", access.Proofs, logCheckpoints},
	{http.MethodGet, "/ledger/records", access.Search, searchRecords},
	{http.MethodPost, "/ledger/records", access.Search, searchInBody},
	{http.MethodPost, "/ledger/export", access.Export, exportRecords},
	{http.MethodGet, "/ledger/records/{n}", access.Search, oneRecord},
	{http.MethodGet, "/ledger/records/{n}/why", access.Search, why},
	{http.MethodGet, "/ledger/records/{n}/proof", access.Search, proof},
	{http.MethodPost, "/ledger/subject", access.ReadSubjects, subject},
	{http.MethodPost, "/ledger/subjects/hashes", "", logSubjects},
	{http.MethodPost, "/ledger/audit", access.Audit, startAudit},
	{http.MethodGet, "/ledger/audit", access.Audit, auditState},
	{http.MethodDelete, "/ledger/audit", access.Audit, stopAudit},
	{http.MethodGet, "/ledger/retention", access.ReadRetention, retention},
	{http.MethodPost, "/ledger/erase", "", eraseRecords},
	{http.MethodPost, "/ledger/readings", "", beginReading},
	{http.MethodPost, "/ledger/readings/end", "", endReading},
	{http.MethodGet, "/assessments", anybody, (*handler).assessments},
	{http.MethodGet, "/openapi.json", anybody, openAPI},
	{http.MethodGet, "/objections/progress", "", (*handler).progress},
	{http.MethodGet, "/objections/backup", "", (*handler).backup},
	{http.MethodGet, "/objections/feed-key", "", (*handler).feedKey},
	{http.MethodPost, "/objections/links", "", (*handler).links},
	{http.MethodGet, "/queue", access.ReadQueue, queueStatus},
	{http.MethodGet, "/queue/events", access.ChangeQueue, queueEvents},
	{http.MethodPost, "/queue/retry", access.ChangeQueue, queueRetry},
	{http.MethodPost, "/queue/purge", access.ChangeQueue, queuePurge},
	{http.MethodPost, "/tap", access.Tap, openTap},
	{http.MethodGet, "/tap", access.Tap, tapLines},
	{http.MethodDelete, "/tap", access.Tap, closeTap},
	{http.MethodPost, "/backup", "", backupAll},
	{http.MethodGet, "/cluster", access.ReadCluster, clusterStatus},
	{http.MethodPost, "/cluster/restore", "", clusterRestore},
	{http.MethodGet, "/tokens", access.ManageTokens, (*handler).listTokens},
	{http.MethodPost, "/tokens", access.ManageTokens, (*handler).createToken},
	{http.MethodDelete, "/tokens", access.ManageTokens, (*handler).revokeToken},
}

// anybody stands where a permission does: no token is needed.
const anybody access.Permission = "anybody"

// caller is who asks.
type caller struct {
	name     string // of the token, or "operator"
	operator bool
	token    *access.Token // nil: the operator, or anybody
}

// key makes of what a caller named something that no other caller can name.
func (w caller) key(name string) string {
	switch {
	case name == "":
		return ""
	case w.operator:
		return "operator " + name
	default:
		return "token " + w.name + " " + name
	}
}

// routes sorts the calls by path and method. What is the operator's alone is not there for anybody else.
func routes(operator bool) map[string]map[string]call {
	byPath := map[string]map[string]call{}
	for _, one := range calls {
		if one.may == "" && !operator {
			continue
		}
		if byPath[one.path] == nil {
			byPath[one.path] = map[string]call{}
		}
		byPath[one.path][one.method] = one
		if one.method == http.MethodGet {
			byPath[one.path][http.MethodHead] = one
		}
	}
	return byPath
}

// ServeHTTP answers a call. Whatever goes wrong is told as a problem, a panic too: it
// is a bug, and ends its own call alone.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &begun{ResponseWriter: w}
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if fault != http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this
			// What was caught may hold text of the call: only where it happened is said.
			h.opts.Report("a call of the API ended in a panic: this is a bug", errors.New(string(debug.Stack())))
			if !out.yes {
				answer(w, problem.New(http.StatusInternalServerError, "failed", "the call could not be carried out"))
				return
			}
		}
		panic(http.ErrAbortHandler) // what was sent must not be taken for the whole
	}()
	h.serve(out, r)
}

// begun knows whether an answer has begun.
type begun struct {
	http.ResponseWriter
	yes bool
}

// WriteHeader begins the answer.
func (b *begun) WriteHeader(status int) {
	b.yes = true
	b.ResponseWriter.WriteHeader(status)
}

// Write begins the answer where that was not done.
func (b *begun) Write(text []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(text)
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if OfLog(r.URL.Path) {
		h.serveLog(w, r)
		return
	}
	path, below := strings.CutPrefix(r.URL.Path, Base)
	pattern, _ := pathOf(path)
	methods := h.calls[pattern]
	if !below || methods == nil {
		answer(w, problem.New(http.StatusNotFound, "unknown", "there is nothing at this address"))
		return
	}
	one, known := methods[r.Method]
	if !known {
		answerMethod(w, slices.Sorted(maps.Keys(methods)))
		return
	}
	who, err := h.identify(r, one.may)
	if err == nil {
		err = one.do(h, w, r, who)
	}
	if err != nil {
		answer(w, problemFor(err))
	}
}

// answerMethod says which methods there are.
func answerMethod(w http.ResponseWriter, methods []string) {
	allowed := strings.Join(methods, ", ")
	w.Header().Set("Allow", allowed)
	answer(w, problem.New(http.StatusMethodNotAllowed, "method", "the method is none of "+allowed))
}

// changing takes a place among the calls that change something, which done gives back.
func (h *handler) changing() (done func(), err error) {
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	default:
		p := problem.New(http.StatusTooManyRequests, "busy",
			"too many calls are under way: try again in a moment, or put several objections into one call")
		p.Retry = 1
		return nil, p
	}
}
