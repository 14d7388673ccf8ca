package proxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy"
)

// until waits for something to become true, for a time that is far longer than it takes.
func until(t testing.TB, what string, true func() bool) {
	t.Helper()
	late := time.After(time.Minute)
	for tick := time.NewTicker(5 * time.Millisecond); !true(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: it did not happen", what)
		}
	}
}

// reloads are how many there were so far, by result.
func (r *running) reloads(t *testing.T, result string) string {
	return r.figure(t, `tagwarden_reloads_total{result="`+result+`"}`)
}

// TestFilesAreWatched: a change is taken up by itself, one that is broken is not, and
// folders that are new are looked into.
func TestFilesAreWatched(t *testing.T) {
	t.Parallel()
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	dir := filepath.Dir(r.file)
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- r.Watch(stop) }()

	before := r.Policy()
	profiles := filepath.Join(dir, "policy", "profiles.yaml")
	good := shopFiles["policy/profiles.yaml"]
	write(t, profiles, good+"  other: { classes: { event_name: keep } }\n")
	until(t, "a change", func() bool { return r.Policy() != before })
	changed := r.Policy()

	// A reading may fall between the truncation of a file and its writing, and be refused for
	// it: what counts is that one follows.
	refused := r.reloads(t, "refused")
	write(t, profiles, "profiles: {")
	until(t, "a broken change", func() bool { return r.reloads(t, "refused") != refused })
	if r.Policy() != changed {
		t.Error("a broken policy is serving")
	}
	write(t, profiles+".new", good)
	if err := os.Rename(profiles+".new", profiles); err != nil {
		t.Fatal(err)
	}
	until(t, "a file that is put in place", func() bool { return r.Policy() == before })

	// The folder is new, and the files in it come bit by bit.
	loaded := r.reloads(t, "loaded")
	refused = r.reloads(t, "refused")
	write(t, filepath.Join(dir, "policy", "tests", "hits", "page.http"), get("/matomo.php?idsite=1&rec=1", ""))
	write(t, filepath.Join(dir, "policy", "tests", "a.yaml"),
		"tests: [{ name: a, hit: hits/page.http, expect: { deny: no_consent } }]\n")
	until(t, "new folders", func() bool { return r.reloads(t, "loaded") != loaded || r.reloads(t, "refused") != refused })
	refused = r.reloads(t, "refused")
	write(t, filepath.Join(dir, "policy", "tests", "a.yaml"), "tests: [")
	until(t, "a file in a new folder", func() bool { return r.reloads(t, "refused") != refused })

	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	text := strings.Join(r.records(t, "reload"), "\n")
	if !strings.Contains(text, `"policy":"`+changed+`","text":"loaded"`) || !strings.Contains(text, `"policy":"`+changed+
		`","text":"refused`) {
		t.Errorf("the ledger says %s", text)
	}
}

// TestMendedFilesAreSaid: who broke a file, and puts it right, is told that it is.
func TestMendedFilesAreSaid(t *testing.T) {
	v := standIn(t)
	core, logged := observer.New(zap.InfoLevel)
	r := start(t, shop(t, v.Addr(), nil), func(o *proxy.Options) { o.Log = zap.New(core) })
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- r.Watch(stop) }()
	profiles := filepath.Join(filepath.Dir(r.file), "policy", "profiles.yaml")
	for _, c := range []struct{ text, said string }{
		{"profiles: {", "reload refused: the policy that was there goes on"},
		{shopFiles["policy/profiles.yaml"], "the files can be read again: the policy is the one that is serving"},
	} {
		write(t, profiles+".new", c.text)
		if err := os.Rename(profiles+".new", profiles); err != nil {
			t.Fatal(err)
		}
		until(t, c.said, func() bool { return logged.FilterMessage(c.said).Len() > 0 })
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestANoisyFolderIsReadAllTheSame: somebody writes a file beside the server file all the time.
func TestANoisyFolderIsReadAllTheSame(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	dir := filepath.Dir(r.file)
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- r.Watch(stop) }()
	noise := make(chan struct{})
	go func() {
		defer close(noise)
		for beat := time.NewTicker(proxy.Debounce / 10); ; {
			select {
			case <-stop:
				return
			case <-beat.C:
				_ = os.WriteFile(filepath.Join(dir, "noise.log"), []byte("noise"), 0o600)
			}
		}
	}()
	before := r.Policy()
	write(t, filepath.Join(dir, "policy", "profiles.yaml"), shopFiles["policy/profiles.yaml"]+
		"  other: { classes: { event_name: keep } }\n")
	until(t, "a change amid noise", func() bool { return r.Policy() != before })
	close(stop)
	<-noise
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestWhatOnlyARestartChanges is refused as a whole, with its key's name.
func TestWhatOnlyARestartChanges(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	text, err := os.ReadFile(r.file)
	if err != nil {
		t.Fatal(err)
	}
	before := r.Policy()
	for key, changed := range map[string]string{
		"listen":       strings.Replace(string(text), "listen: 127.0.0.1:0", "listen: 127.0.0.1:1", 1),
		"admin.listen": strings.Replace(string(text), "admin: { listen: 127.0.0.1:0 }", "admin: { listen: 127.0.0.1:1 }", 1),
		"data":         string(text) + "data: ./elsewhere\n",
		"keys":         string(text) + "keys: { root_command: [cat, root.key] }\n",
		"tls":          string(text) + "tls: { cert: a.pem, key: b.pem }\n",
		"ledger.sync":  string(text) + "ledger: { sync: 1s }\n",
		"ledger.seal":  string(text) + "ledger: { seal: 1m }\n",
	} {
		write(t, r.file, strings.Replace(changed, "depth: 32", "depth: 16", 1))
		if err := r.Reload(); err == nil || !strings.Contains(err.Error(), key+" changed") || r.Policy() != before {
			t.Errorf("%s: %v", key, err)
		}
	}
	write(t, r.file, strings.Replace(string(text), "body: 128KiB", "body: 1KiB", 1))
	large := post("/t/segment/v1/t", yes+"Content-Type: application/json\r\n",
		`{"type":"track","event":"x","anonymousId":"`+strings.Repeat("a", 2000)+`"}`)
	if a := r.ask(t, large); a.Status != 200 {
		t.Errorf("before: %d", a.Status)
	}
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	if a := r.ask(t, large); a.Status != 413 {
		t.Errorf("a limit that a reload lowered: %d", a.Status)
	}
}
