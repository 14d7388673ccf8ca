package proxy_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// unreadable puts something in a file's place that nobody can read, root neither: a link to itself. The
// function that it returns puts the file back.
func unreadable(t *testing.T, path string) (back func()) {
	t.Helper()
	if err := os.Rename(path, path+".aside"); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.Symlink(path, path); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".aside", path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// TestWhatCannotBeRead: each file that a server is made of cannot be read. A reload leaves what was there, says so and
// forwards as before; a start refuses, names the file, and leaves the folder to the next one.
func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	cert, key := filepath.Join(a.dir, "cert.pem"), filepath.Join(a.dir, "key.pem")
	pairCert, pairKey := pair(t, 1, c.now().AddDate(0, 0, -1), c.now().AddDate(0, 0, 30))
	write(t, cert, pairCert)
	write(t, key, pairKey)
	a.change(t, "tagwarden.yaml", func(text string) string { return text + "tls: { cert: ./cert.pem, key: ./key.pem }\n" })
	data := filepath.Join(a.dir, "data")
	write(t, filepath.Join(data, access.TokensFile), `{"version":1,"tokens":[]}`)
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	core, logged := observer.New(zap.ErrorLevel)
	r := start(t, a.file, c.option, func(o *proxy.Options) { o.Log = zap.New(core) })
	for _, one := range []struct {
		path string
		told string // by the log, where the policy is loaded all the same
	}{
		{a.file, ""},
		{filepath.Join(a.dir, "policy"), ""},
		{filepath.Join(a.dir, "policy/purposes.yaml"), ""},
		{filepath.Join(a.dir, assessmentFile), ""},
		{filepath.Join(a.dir, "policy/revocations.yaml"), ""},
		{filepath.Join(data, access.TokensFile), "the tokens that were there go on, and none can be made or taken back"},
		{cert, "the certificate on disk cannot be used: the one that was there goes on"},
		{key, "the certificate on disk cannot be used: the one that was there goes on"},
	} {
		before := r.Policy()
		back := unreadable(t, one.path)
		err := r.Reload()
		if one.told == "" && (err == nil || !strings.Contains(err.Error(), filepath.Base(one.path))) {
			t.Errorf("%s: %v", one.path, err)
		}
		if one.told != "" && (err != nil || logged.FilterMessage(one.told).Len() != 1) {
			t.Errorf("%s: %v; told: %v", one.path, err, logged.All())
		}
		logged.TakeAll()
		if r.Policy() != before || serving(t, r.hits) != 1 {
			t.Errorf("%s: something else is in force", one.path)
		}
		back()
	}
	r.reloaded(t)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(a.file)
	if err != nil {
		t.Fatal(err)
	}
	begin := func() error {
		s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Now: c.now})
		if err != nil {
			return err
		}
		return s.Release()
	}
	for _, path := range []string{
		filepath.Join(data, access.TokensFile), cert, key, data, filepath.Join(data, "lock"), filepath.Join(data, "keys"),
		filepath.Join(data, "keys", "state"), filepath.Join(data, "keys", "state.next"), filepath.Join(data, "objections"),
		filepath.Join(data, "objections", objection.FileName), filepath.Join(data, "ledger"), a.segments(t)[0],
	} {
		back := unreadable(t, path)
		if err := begin(); err == nil {
			t.Errorf("it starts without %s", path)
		}
		back()
	}
	if err := begin(); err != nil {
		t.Errorf("with all of it: %v", err)
	}
}

// TestNoDeliveryNoPolicy: where connections to the vendors cannot be made ready, no server starts, and a
// policy that is loaded changes nothing.
func TestNoDeliveryNoPolicy(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	file := folder(t, v.URL)
	failed := errors.New("no descriptors are left")
	var fails bool
	client := func(u []delivery.Upstream) (proxy.Deliverer, error) {
		if fails {
			return nil, failed
		}
		return delivery.New(delivery.Options{Upstreams: u})
	}
	r := start(t, file, func(o *proxy.Options) { o.Client = client })
	before := r.Policy()
	writePolicy(t, filepath.Dir(file), strings.Replace(policyText, "Measure the audience", "Follow the visitors", 1))
	fails = true
	if err := r.Reload(); !errors.Is(err, failed) || r.Policy() != before {
		t.Errorf("loaded: %v", err)
	}
	if !r.forwarded(t, v) {
		t.Error("nothing is forwarded any more")
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Client: client}); !errors.Is(err, failed) {
		t.Errorf("started: %v", err)
	}
	fails = false
	if start(t, file).Policy() == before {
		t.Error("the next start has the old policy")
	}
}

// TestWithoutKeysNothingIsAcknowledged: where the clock is so far ahead that there are no keys, nobody's objection is
// said to be taken, nor that none stands, and no link is given out. Keys are not replaced either.
func TestWithoutKeysNothingIsAcknowledged(t *testing.T) {
	t.Parallel()
	c := newClock("2026-11-24T12:00:00Z")
	r := start(t, folder(t, startVendor(t).URL), c.option)
	c.set("2036-11-24T12:00:00Z")
	if receipts, err := r.Act(t.Context(),
		objection.Acts{Acts: []objection.Act{{IDs: theVisitor,
			Change: objection.Change{Object: []string{"all"}}}}}); err == nil {
		t.Errorf("an objection is taken: %v", receipts)
	}
	if standing, err := r.Standing(theVisitor, nil); err == nil {
		t.Errorf("it is said what stands: %v", standing)
	}
	for path, body := range map[string]string{
		"/objections":       `{"ids":{"email":"jane@example.com"},"all":true}`,
		"/objections/check": `{"ids":{"email":"jane@example.com"}}`,
		"/objections/links": `{"objections":[{"ids":{"email":"jane@example.com"},"all":true,"site":"shop"}]}`,
	} {
		if w := r.operate("POST", path, body); w.Code < 500 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	dry := `{"objections":[{"ids":{"email":"a@example.com"},"all":true}],"import":{"file":"f","line":1,"dry_run":true}}`
	if w := r.operate("POST", "/objections", dry); w.Code == 200 && !strings.Contains(w.Body.String(), `"rejected":[{`) {
		t.Errorf("an import that is only looked at: %d %s", w.Code, w.Body)
	}
	if text, err := r.Rotate(everyKey); !errors.Is(err, pseudonym.ErrAhead) {
		t.Errorf("keys are replaced: %q, %v", text, err)
	}
	c.set("2026-11-24T12:00:01Z")
	if standing, err := r.Standing(theVisitor, nil); err != nil || len(standing) > 0 {
		t.Errorf("when the clock is right again: %v, %v", standing, err)
	}
}

// dice are random bytes that are not to be had any more when a test says so.
type dice struct{ gone atomic.Bool }

func (d *dice) Read(b []byte) (int, error) {
	if d.gone.Load() {
		return 0, errors.New("no randomness")
	}
	return rand.Read(b)
}

// TestAnActThatCannotBeTold: where what other systems are to be told cannot be kept the act is not taken: nobody
// acknowledges it, and it is not in force.
func TestAnActThatCannotBeTold(t *testing.T) {
	t.Parallel()
	file, d := folder(t, startVendor(t).URL), new(dice)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(filepath.Dir(file), "hook.key"), strings.Repeat("k", 32))
	write(t, file, string(text)+
		"webhooks: [{ name: crm, url: \"http://127.0.0.1:1\", private: true, events: [objection], secret_file: ./hook.key }]\n")
	act := objection.Acts{Acts: []objection.Act{{IDs: theVisitor, Change: objection.Change{Object: []string{"all"}}}}}
	for _, gone := range []bool{true, false} {
		d.gone.Store(false)
		r := start(t, file, func(o *proxy.Options) { o.Rand = d })
		d.gone.Store(gone)
		receipts, err := r.Act(t.Context(), act)
		standing, failed := r.Standing(theVisitor, nil)
		if failed != nil || (err == nil) == gone || (len(standing) == 0) != gone {
			t.Errorf("without randomness %v: %v, %v; in force are %v, %v", gone, receipts, err, standing, failed)
		}
		if text, err := r.Rotate(everyKey); (err == nil) == gone {
			t.Errorf("without randomness %v, keys are replaced: %q, %v", gone, text, err)
		}
		if err := r.stop(t); err != nil {
			t.Error(err)
		}
	}
}
