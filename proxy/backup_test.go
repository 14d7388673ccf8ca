package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// knownAgain is an event whose vendor knows it when it comes again.
const knownAgain = `{"type":"track","event":"x","anonymousId":"a",` +
	`"messageId":"ajs-next-0f1e2d3c4b5a69788796a5b4c3d2e1f0","timestamp":"2026-11-28T12:00:00Z"}`

// load sends hits, each with an event of a name of its own, until it is told to end.
type load struct {
	on   atomic.Bool
	all  sync.WaitGroup
	sent atomic.Int64
}

func (r *running) load(t *testing.T) *load {
	l := new(load)
	l.on.Store(true)
	for range 4 {
		l.all.Go(func() {
			for l.on.Load() {
				n := l.sent.Add(1)
				r.send(t, get(fmt.Sprintf("/t/g/collect?v=2&tid=G-1&cid=1234567890.1700000000&en=event_%d", n), consent))
			}
		})
	}
	return l
}

func (l *load) end() {
	l.on.Store(false)
	l.all.Wait()
}

// restored puts a copy into an empty data folder, of a server of the same files, whose vendor is where it is said.
func restored(t *testing.T, of, copied, upstream string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "policy"), os.DirFS(filepath.Join(filepath.Dir(of), "policy"))); err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).ReplaceAllString(read(t, of), upstream)
	file := filepath.Join(dir, "tagwarden.yaml")
	write(t, file, text)
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.Restore(loaded, copied, "", verified); err != nil {
		t.Fatal(err)
	}
	return file
}

// verified says what is wrong with a ledger.
func verified(dir string) error {
	report, err := audit.Verify(audit.Options{Dir: dir})
	if err == nil && len(report.Findings) > 0 {
		err = fmt.Errorf("%+v", report.Findings)
	}
	return err
}

// account is how the events of a ledger that were to wait stand: by their last outcome, "" where there is none.
func account(t *testing.T, records string) map[string]int {
	t.Helper()
	all, by := map[string]string{}, map[string]int{}
	for line := range strings.Lines(records) {
		of := gjson.Parse(line)
		switch of.Get("kind").Str {
		case "event":
			if of.Get("queued").Bool() && of.Get("decision").Str == "permit" {
				all[of.Get("hit").Raw+"."+of.Get("event").Raw] += ""
			}
		case "outcome":
			ledger.EachOf([]byte(line), func(hit uint64, event int) {
				all[fmt.Sprintf("%d.%d", hit, event)] = of.Get("outcome").Str + ":" + of.Get("why").Str
			})
		}
	}
	for _, outcome := range all {
		by[outcome]++
	}
	return by
}

var named = regexp.MustCompile(`en=event_\d+`)

// arrived counts how often each event arrived.
func (v *vendor) arrived() map[string]int {
	all := map[string]int{}
	for _, request := range v.got() {
		all[named.FindString(request)]++
	}
	return all
}

// TestBackupIsBegunWith: a copy that is made under load is a data folder: its ledger verifies, what was objected to is
// in force, each event that it knows of has ended or is pending, and none is sent twice, whatever the server that it
// was copied from sent since. What that one may have sent waits for somebody to say so.
func TestBackupIsBegunWith(t *testing.T) {
	for name, answers := range map[string]http.HandlerFunc{
		"its vendor takes all": nil,
		"its vendor is down":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"its vendor refuses":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := startVendor(t)
			v.answers(answers)
			file := queuedFolder(t, v.URL)
			writePolicy(t, filepath.Dir(file), strings.ReplaceAll(policyText, "revenue: keep", "revenue: keep, event_id: keep"))
			r := start(t, file)
			l := r.load(t)
			known := 0
			if a := r.send(t, post("/t/v1/t", consent+"Content-Type: application/json\r\n", knownAgain)); a.status != 200 {
				t.Fatal(a)
			}
			until(t, "hits come", func() bool { return l.sent.Load() > 100 })
			change := objection.Change{Object: []string{"all"}, Source: objection.API}
			person := []objection.ID{{Name: "email", Value: "jane@example.com"}}
			acts := objection.Acts{Acts: []objection.Act{{IDs: person, Change: change}}}
			if _, err := r.Act(context.Background(), acts); err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(t.TempDir(), "copy")
			w := r.operate("POST", "/backup", fmt.Sprintf(`{"dir":%q}`, to))
			if w.Code != 200 {
				t.Fatal(w.Code, w.Body)
			}
			before := l.sent.Load()
			until(t, "more hits come", func() bool { return l.sent.Load() > before+100 })
			l.end()
			if err := r.stop(t); err != nil {
				t.Fatal(err)
			}
			report, err := audit.Verify(audit.Options{Dir: filepath.Join(to, "ledger")})
			if err != nil || len(report.Findings) > 0 {
				t.Errorf("the copy's ledger: %v %+v", err, report)
			}
			v.answers(nil)
			sent := v.arrived()
			again := start(t, restored(t, r.file, to, v.URL))
			if in, err := again.Standing(person, nil); err != nil || len(in) == 0 {
				t.Errorf("in force: %v, %v", in, err)
			}
			var status gjson.Result
			until(t, "nothing waits", func() bool { // but what the vendor knows again
				status = gjson.Parse(again.operate("GET", "/queue", "").Body.String())
				return status.Get("waiting").Int() == 0
			})
			var by map[string]int
			until(t, "the ledger says what became of each", func() bool {
				by = account(t, again.ledger(t))
				return by[""] == 0
			})
			pending := by["parked:restored"] + by["parked:refused"]
			if got := int(status.Get("pending").Int()); got != pending {
				t.Errorf("%d are pending, and by the ledger %d: %v", got, pending, by)
			}
			if by["unknown:not_in_backup"] > 0 || by[""] > 0 || by["dropped:not_accepted"] > 0 || by["deferred:refused"] > 0 {
				t.Errorf("some neither wait nor have ended, or untruly: %v", by)
			}
			if name == "its vendor is down" {
				known = 1
			}
			// What its vendor knows again may have waited still when it was copied, whatever became of it then.
			if more := v.arrivedSince(sent); len(more) < known || len(more) > 1 || len(more) == 1 && more[""] != 1 {
				t.Errorf("arrived at the start: %v", more)
			}
			sent = v.arrived()
			// Somebody knows that they were not sent: each arrives, once.
			if got := again.queue(t, "POST", "/retry", `{}`, 200); int(got.Get("events").Int()) != pending {
				t.Errorf("not all of %d wait again: %s", pending, got.Raw)
			}
			until(t, "all are delivered", func() bool {
				return gjson.Get(again.operate("GET", "/queue", "").Body.String(), "pending").Int() == 0
			})
			until(t, "it is no copy any more", func() bool {
				_, err := os.Stat(filepath.Join(filepath.Dir(again.file), "data", "backup.json"))
				return err != nil
			})
			if name == "its vendor is down" {
				for event, n := range v.arrivedSince(sent) {
					if n != 1 {
						t.Errorf("%s arrived %d times", event, n)
					}
				}
			}
			if err := again.stop(t); err != nil {
				t.Fatal(err)
			}
			if by := account(t, again.ledger(t)); by["delivered:"] < pending || by["parked:restored"] > 0 {
				t.Errorf("after a retry: %v", by)
			}
			report, err = audit.Verify(audit.Options{Dir: filepath.Join(filepath.Dir(again.file), "data", "ledger")})
			if err != nil || len(report.Findings) > 0 {
				t.Errorf("the ledger: %v %+v", err, report)
			}
		})
	}
}

// arrivedSince counts how often each event arrived since.
func (v *vendor) arrivedSince(before map[string]int) map[string]int {
	all := v.arrived()
	for event, n := range before {
		all[event] = max(all[event]-n, 0)
		if all[event] == 0 {
			delete(all, event)
		}
	}
	return all
}

// TestBackupHoldsAll: whatever lies in a data folder is in its copy, or belongs to the process that serves.
func TestBackupHoldsAll(t *testing.T) {
	v := startVendor(t)
	v.answers(func(w http.ResponseWriter, _ *http.Request) { // so that the event waits all the while
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	r := start(t, queuedFolder(t, v.URL))
	r.send(t, get(pageView, consent))
	data := filepath.Join(filepath.Dir(r.file), "data")
	for name, text := range map[string]string{ // what parts leave that not every server has
		"export/siem.example.json": "{\"next\":3}\n", "texts/" + strings.Repeat("0", 64): "May we count?",
		"tokens.json": "{}\n",
	} {
		path := filepath.Join(data, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	to := filepath.Join(t.TempDir(), "copy")
	if w := r.operate("POST", "/backup", fmt.Sprintf(`{"dir":%q,"without_keys":true}`, to)); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	left := map[string]bool{"lock": true, "control": true, "keys/state": true}
	err := fs.WalkDir(os.DirFS(data), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		_, err = os.Stat(filepath.Join(to, name))
		if key, is := strings.CutSuffix(name, ".key"); is && err != nil { // so it was called when it was copied, perhaps
			_, err = os.Stat(filepath.Join(to, key+".coming"))
		}
		if (err == nil) == left[name] {
			t.Errorf("%s: %v", name, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBackupGoesWhereNothingIs: a copy is written over nothing, and nothing that looks whole is left of one that broke
// off.
func TestBackupGoesWhereNothingIs(t *testing.T) {
	r := start(t, queuedFolder(t, "http://127.0.0.1:1"))
	dir := t.TempDir()
	write(t, filepath.Join(dir, "full", "x"), "x")
	write(t, filepath.Join(dir, "file"), "x")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(filepath.Dir(r.file), "data")
	for to, want := range map[string]string{
		filepath.Join(dir, "full"): "not empty", filepath.Join(dir, "file"): "no folder",
		"copy": "no whole path", "/": "no whole path",
		filepath.Join(data, "copy"): "in the data folder", data: "in the data folder",
		filepath.Join(dir, "no", "copy"): "there is no folder", filepath.Join(dir, "empty"): "",
	} {
		w := r.operate("POST", "/backup", fmt.Sprintf(`{"dir":%q}`, to))
		code := map[bool]int{true: 200, false: 422}[want == ""]
		if w.Code != code || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", to, w.Code, w.Body)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%v, %v", entries, err)
	}
}

// brokenDisk fails at one step in a folder.
type brokenDisk struct {
	durable.Disk
	dir  string
	step atomic.Int64 // how many more succeed; less than 0: all do
}

var errBroken = errors.New("the disk is broken")

func (d *brokenDisk) fails(path string) bool {
	return strings.HasPrefix(path, d.dir) && d.step.Load() >= 0 && d.step.Add(-1) < 0
}

func (d *brokenDisk) OpenFile(path string, flag int, mode fs.FileMode) (durable.File, error) {
	if d.fails(path) {
		return nil, errBroken
	}
	f, err := d.Disk.OpenFile(path, flag, mode)
	if err == nil && d.fails(path) {
		return brokenFile{f}, nil
	}
	return f, err
}

func (d *brokenDisk) Rename(from, to string) error {
	if d.fails(to) {
		return errBroken
	}
	return d.Disk.Rename(from, to)
}

// brokenFile cannot be brought to disk.
type brokenFile struct{ durable.File }

func (brokenFile) Sync() error { return errBroken }

// TestBackupBreaksOff: at whichever step the disk fails, the copy has no name, nothing is left of it, and the server
// goes on.
func TestBackupBreaksOff(t *testing.T) {
	t.Parallel()
	d := &brokenDisk{Disk: durable.System, dir: t.TempDir()}
	d.step.Store(-1)
	r := start(t, queuedFolder(t, "http://127.0.0.1:1"), func(o *proxy.Options) { o.Disk = d })
	r.send(t, get(pageView, consent))
	to := filepath.Join(d.dir, "copy")
	for n := range int64(1000) {
		d.step.Store(n)
		w := r.operate("POST", "/backup", fmt.Sprintf(`{"dir":%q}`, to))
		broke := d.step.Swap(-1) < 0
		entries, err := os.ReadDir(d.dir)
		if err != nil {
			t.Fatal(err)
		}
		if !broke {
			if w.Code != 200 || len(entries) != 1 || n < 20 {
				t.Errorf("after %d steps: %d %s, %v", n, w.Code, w.Body, entries)
			}
			break
		}
		// Its name may be there where all but that was on disk.
		if renamed := len(entries) == 1 && entries[0].Name() == "copy"; w.Code != 503 || len(entries) > 0 && !renamed {
			t.Errorf("step %d: %d %s, %v", n, w.Code, w.Body, entries)
		}
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
	}
	if a := r.send(t, get(pageView, consent)); a.status != 204 {
		t.Error(a)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	body := strings.NewReader(fmt.Sprintf(`{"dir":%q}`, to))
	request := httptest.NewRequestWithContext(ctx, "POST", "/api/v1/backup", body)
	request.Header.Set("Content-Type", "application/json")
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	r.Operator().ServeHTTP(httptest.NewRecorder(), request)
	if entries, err := os.ReadDir(d.dir); err != nil || len(entries) > 0 {
		t.Errorf("of a copy that nobody waits for: %v, %v", entries, err)
	}
}
