package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// noon is when tests happen.
var noon = time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)

// feedKey is the key of the feed in tests.
var feedKey = func() pseudonym.Key { s := pseudonym.TestRoot.State(noon); return s.FeedKey() }()

// memory is an objector and its store in memory. An e-mail address without @ is a fault, and so is the site "nowhere".
type memory struct {
	mu       sync.Mutex
	log      []objection.Recorded
	standing map[[16]byte][]string
	keys     map[string]done
	progress map[string]uint64
	last     objection.Acts
	held     []objection.Held
	counted  objection.Stats
	decided  []objection.Decision
	err      error
	breaks   bool // the objector panics
	now      func() time.Time
	entered  chan struct{} // where not nil: told of each act, which then waits for leave
	leave    chan struct{}
}

type done struct {
	digest   [32]byte
	receipts []objection.Receipt
}

func newMemory() *memory {
	return &memory{standing: map[[16]byte][]string{}, keys: map[string]done{}, progress: map[string]uint64{},
		now: func() time.Time {
			return noon
		}}
}

func (m *memory) subjects(at int, ids []objection.ID) ([]objection.Subject, error) {
	var all []objection.Subject
	for _, id := range ids {
		form := pseudonym.Trimmed
		if id.Name == "email" {
			form = pseudonym.Mailbox
			if !strings.Contains(id.Value, "@") {
				return nil, &objection.Fault{Act: at, What: "ids.email", Err: errors.New("email: it holds no @")}
			}
		}
		normal := pseudonym.AppendNormal(nil, form, []byte(id.Value))
		all = append(all, objection.Subject{
			Space: id.Name, Hash: [16]byte(sumOf(id.Name, normal)), Feed: pseudonym.SubjectHash(
				feedKey.Hasher(), id.Name, normal),
		})
	}
	return all, nil
}

func sumOf(space string, id []byte) []byte {
	sum := sha256.Sum256([]byte(space + "\x00" + string(id)))
	return sum[:16]
}

func (m *memory) Act(ctx context.Context, acts objection.Acts) ([]objection.Receipt, error) {
	if m.breaks {
		panic("jane@example.com")
	}
	if m.entered != nil {
		m.entered <- struct{}{}
		<-m.leave
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.last = acts
	if before, used := m.keys[acts.Key]; used && acts.Key != "" {
		if before.digest != acts.Digest {
			return nil, objection.ErrReused
		}
		return before.receipts, nil
	}
	made := make([][]objection.Subject, len(acts.Acts))
	for i, one := range acts.Acts {
		var err error
		if made[i], err = m.subjects(i, one.IDs); err != nil {
			return nil, err
		}
		if one.Change.Site == "nowhere" {
			return nil, &objection.Fault{Act: i, What: "site", Err: errors.New("there is no such site")}
		}
	}
	receipts := []objection.Receipt{}
	for i, one := range acts.Acts {
		receipts = append(receipts, m.keep(one.Change, made[i]))
	}
	if acts.Progress != nil {
		m.progress[acts.Progress.File] = acts.Progress.Line
	}
	if acts.Key != "" {
		m.keys[acts.Key] = done{acts.Digest, receipts}
	}
	return receipts, nil
}

func (m *memory) keep(c objection.Change, subjects []objection.Subject) objection.Receipt {
	if c.EndDecision != 0 || c.Decide != nil {
		return m.decide(c, m.scopes(subjects))
	}
	isNew := false
	for _, s := range subjects {
		now := m.standing[s.Hash]
		for _, scope := range c.Object {
			if !slices.Contains(now, scope) {
				now, isNew = append(slices.Clone(now), scope), true
			}
		}
		kept := slices.DeleteFunc(slices.Clone(now), func(scope string) bool { return slices.Contains(c.TakeBack, scope) })
		isNew = isNew || len(kept) < len(now)
		m.standing[s.Hash] = kept
	}
	inForce := m.scopes(subjects)
	if isNew {
		c.Subjects = subjects
		if c.Time.IsZero() {
			c.Time = m.now()
		}
		m.log = append(m.log, objection.Recorded{Seq: uint64(len(m.log) + 1), Time: m.now(), Change: c, InForce: inForce})
	}
	return objection.Receipt{Seq: uint64(len(m.log)), Recorded: m.now(), New: isNew, InForce: inForce, Held: m.held}
}

// decide keeps a decision where something stands, or ends one.
func (m *memory) decide(c objection.Change, inForce []string) objection.Receipt {
	before := len(m.decided)
	if c.Decide == nil {
		m.decided = slices.DeleteFunc(m.decided, func(d objection.Decision) bool { return d.Number == c.EndDecision })
	} else if len(inForce) > 0 {
		d := *c.Decide
		d.Number, d.Made = uint64(before+1), m.now()
		m.decided = append(m.decided, d)
	}
	return objection.Receipt{Seq: uint64(before + 1), Recorded: m.now(), New: len(m.decided) != before, InForce: inForce}
}

func (m *memory) scopes(subjects []objection.Subject) []string {
	all := []string{}
	for _, s := range subjects {
		all = append(all, m.standing[s.Hash]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (m *memory) Standing(ids []objection.ID, _ []objection.Subject) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	subjects, err := m.subjects(0, ids)
	if err != nil {
		return nil, err
	}
	return m.scopes(subjects), m.err
}

func (m *memory) Held(ids []objection.ID, subjects []objection.Subject) ([]objection.Held, error) {
	_, err := m.Standing(ids, subjects)
	return m.held, err
}

func (m *memory) Decided(ids []objection.ID, _ []objection.Subject) ([]objection.Decision, error) {
	_, err := m.Standing(ids, nil)
	return m.decided, err
}

func (m *memory) Decisions() []objection.Decision { return m.decided }

func (m *memory) Changes(_ context.Context, since uint64, yield func(objection.Recorded) bool) error {
	if m.breaks {
		panic("jane@example.com")
	}
	m.mu.Lock()
	log := m.log
	m.mu.Unlock()
	for _, one := range log[min(since, uint64(len(log))):] {
		if !yield(one) {
			break
		}
	}
	return m.err
}

func (m *memory) Head() objection.Head {
	m.mu.Lock()
	defer m.mu.Unlock()
	return objection.Head{Size: uint64(len(m.log)), Root: sha256.Sum256(fmt.Append(nil, len(m.log)))}
}

func (m *memory) Stats() (objection.Stats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counted, m.err
}

func (m *memory) Progress(file string) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.progress[file], m.err
}

func (m *memory) Backup(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, "copy")
	return int64(n), errors.Join(err, m.err)
}

// api is the API with a token for each set of roles, and the operator's.
type api struct {
	*memory
	t        *testing.T
	data     string // the folder of tokens
	tokens   *access.Tokens
	face     http.Handler // behind tokens
	operator http.Handler
	bearer   string // with every role
	reports  []string
	refused  []string
	vouched  []vouched
	options  Options
	limited  *handler // of faceAt
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{memory: newMemory(), t: t, data: t.TempDir()}
	var err error
	if a.tokens, err = access.OpenTokens(a.data); err != nil {
		t.Fatal(err)
	}
	if a.bearer, err = a.tokens.Create(access.By{}, "crm", access.Roles(), nil, noon); err != nil {
		t.Fatal(err)
	}
	options := Options{
		Objector: a, Store: a, Tokens: a.tokens, Now: func() time.Time { return noon },
		Log:   newLog(t, 3, 5),
		Queue: &waitingRoom{}, Taps: tapped{},
		Restore: func(_ context.Context, begin bool) (ClusterRestored, error) {
			return ClusterRestored{Name: "eu1", Node: "a", Untold: 1, Logs: []RestoredLog{{
				Log: "objections", Gone: true, Acts: 7, Nodes: []NodeActs{{Node: "a", Acts: 7}}, Wrong: "w",
				Says: []string{"s"}, Begun: begin,
			}}}, nil
		},
		Cluster: func(context.Context) (ClusterStatus, error) {
			node := ClusterNode{Node: "a", Version: "1", Policy: "00", Root: "00", Since: noon, Fresh: 0.5,
				NotTaking: "it begins"}
			return ClusterStatus{
				Name: "eu1", Node: "a", Nodes: []ClusterNode{node}, Silent: []SilentNode{{Node: "b", Heard: 1.5}},
				Look: []string{"a policy"},
			}, nil
		},
		Vouch: func(_ context.Context, ids []objection.ID, c objection.Change) (counts, kept bool, err error) {
			if c.Site != "shop" {
				return false, false, &objection.Fault{What: "site", Err: errors.New("there is none of that id")}
			}
			a.vouched = append(a.vouched, vouched{ids, c})
			return true, false, nil
		},
		Scopes: func() []string { return []string{"all", "ads", "audience", "vendor:ga4"} },
		Link: func([]objection.ID, []string, string) (string, error) {
			return "https://shop.example/privacy/u/signed", nil
		},
		FeedKey:      func() [32]byte { return feedKey },
		PhoneCountry: func(site string) string { return map[string]string{"shop": "GB"}[site] },
		Report:       func(what string, err error) { a.reports = append(a.reports, what, fmt.Sprint(err)) },
		Refused:      func(of Refused) { a.refused = append(a.refused, of.Why) },
	}
	a.options = options
	a.face = New(options)
	options.Operator = true
	a.operator = New(options)
	return a
}

// faceAt is the API behind tokens with a clock of its own.
func (a *api) faceAt(now func() time.Time) http.Handler {
	if a.limited == nil {
		options := a.options
		options.Now = now
		a.limited = New(options).(*handler)
	}
	return a.limited
}

// call asks for something, with headers as "Name: value".
func (a *api) call(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if h == a.face {
		r.Header.Set("Authorization", "Bearer "+a.bearer)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	held(a.t, r, body, w)
	return w
}
