package publish

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
)

// told is what is told of copies.
type told struct {
	mu  sync.Mutex
	all []string // "ok", "failed", with "!" where that changed
}

func (w *told) copied(_ string, err error, changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := "ok"
	if err != nil {
		said = "failed"
	}
	if changed {
		said += "!"
	}
	w.all = append(w.all, said)
}

// linesOf are the checkpoints in a file of all of them.
func linesOf(t *testing.T, path string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(bytes.NewReader(text))
	for in.Scan() {
		var one Line
		if json.Unmarshal(in.Bytes(), &one) == nil {
			all = append(all, one.Checkpoint)
		}
	}
	return all
}

// run has copies made until the test has done something.
func run(t *testing.T, c *Copies, do func()) {
	ctx, end := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	do()
	end()
	<-done
}

// TestFiles: the newest stands in the file, all of them beside it, also what is offered at the end.
func TestFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "copy")
		c, w := New(Options{Places: []string{path}}), new(told)
		c.opts.OnCopied = w.copied
		var want []string
		run(t, c, func() {
			for n := range 3 {
				want = append(want, fmt.Sprintf("checkpoint %d\n", n))
				c.Offer([]byte(want[n]))
				synctest.Wait()
				if text, err := os.ReadFile(path); err != nil || string(text) != want[n] {
					t.Errorf("%v: %q", err, text)
				}
			}
		})
		want = append(want, "the last\n")
		c.Offer([]byte(want[3]))
		if err := c.Flush(); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != want[3] {
			t.Errorf("%v: %q", err, text)
		}
		if got := linesOf(t, path+LogSuffix); !slices.Equal(got, want) || !slices.Equal(w.all, []string{"ok", "ok", "ok"}) {
			t.Errorf("%q, %q", got, w.all)
		}
	})
}

// TestTheNewestAlone: while a place fails one checkpoint waits, the newest, and it is told once that it fails and once
// that it does so no more.
func TestTheNewestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		var up atomic.Bool
		client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			text, err := io.ReadAll(r.Body)
			if !up.Load() || err != nil {
				return nil, errors.New("no route to host")
			}
			got = append(got, string(text))
			return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
		})}
		w := new(told)
		c := New(Options{Places: []string{"https://audit.example/x"}, HTTP: client, OnCopied: w.copied})
		run(t, c, func() {
			for n := range 120 {
				up.Store(n >= 60)
				c.Offer(fmt.Appendf(nil, "%d", n))
				<-time.After(time.Second)
			}
			synctest.Wait()
		})
		if len(w.all) < 5 || w.all[0] != "failed!" || slices.Index(w.all[1:], "failed!") >= 0 {
			t.Errorf("%q", w.all)
		}
		if at := slices.Index(w.all, "ok!"); at < 1 || at > 8 || slices.Contains(w.all[at+1:], "ok!") {
			t.Errorf("%q", w.all)
		}
		if len(got) == 0 || got[0] < "60" || got[len(got)-1] != "119" {
			t.Errorf("%q", got)
		}
	})
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// hanging is a disk whose calls do not come to an end.
type hanging struct{ durable.Disk }

func (hanging) OpenFile(string, int, fs.FileMode) (durable.File, error) {
	<-make(chan struct{})
	return nil, nil
}

// TestAMountThatHangs: the end of the server does not wait for it.
func TestAMountThatHangs(t *testing.T) {
	t.Parallel()
	c := New(Options{Places: []string{filepath.Join(t.TempDir(), "copy")}, Files: durable.Files{Disk: hanging{}}})
	run(t, c, func() { c.Offer([]byte("one\n")) })
	c.Offer([]byte("two\n"))
	if err := c.Flush(); err != nil && !errors.Is(err, errStuck) {
		t.Error(err)
	}
}

// TestURL: what is sent, and which answers are taken.
func TestURL(t *testing.T) {
	t.Parallel()
	for status, fine := range map[int]bool{200: true, 201: true, 204: true, 307: false, 403: false, 500: false} {
		var method, kind, body string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			method, kind, body = r.Method, r.Header.Get("Content-Type"), string(text)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
		}))
		c := New(Options{Places: []string{server.URL + "/log"}})
		err := c.copyTo(t.Context(), c.places[0], []byte("signed\n"))
		if (err == nil) != fine || method != http.MethodPost || kind != "text/plain; charset=utf-8" || body != "signed\n" {
			t.Errorf("%d: %v; %s %s %q", status, err, method, kind, body)
		}
		if err != nil && strings.Contains(err.Error(), server.URL) {
			t.Errorf("the address is told: %v", err)
		}
		server.Close()
		if err := c.copyTo(t.Context(), c.places[0], []byte("signed\n")); err == nil ||
			strings.Contains(err.Error(), "/log") {
			t.Errorf("nobody is there: %v", err)
		}
	}
}

// TestCopiesLast: whichever step fails, the file holds one whole checkpoint, and no line that was there is lost.
func TestCopiesLast(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		if n > 50 {
			t.Fatal("there is no end of its steps")
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "copy")
		first := New(Options{Places: []string{path}})
		if err := first.copyTo(t.Context(), first.places[0], []byte("one\n")); err != nil {
			t.Fatal(err)
		}
		disk, err := crash.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		c := New(Options{Places: []string{path}, Files: durable.Files{Disk: disk}})
		disk.Fail(n)
		refused := c.copyTo(t.Context(), c.places[0], []byte("two\n"))
		for _, what := range crash.Left {
			into := t.TempDir()
			if err := disk.Leave(what, into); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(into, "copy"))
			lines := linesOf(t, filepath.Join(into, "copy"+LogSuffix))
			switch {
			case err != nil || string(text) != "two\n" && (string(text) != "one\n" || refused == nil):
				t.Errorf("step %d, %v left: %v, %q; it said %v", n, what, err, text, refused)
			case len(lines) == 0 || lines[0] != "one\n" || refused == nil && len(lines) != 2:
				t.Errorf("step %d, %v left: %q; it said %v", n, what, lines, refused)
			}
		}
		disk.Fail(0)
		if err := c.copyTo(t.Context(), c.places[0], []byte("two\n")); err != nil {
			t.Errorf("step %d, tried again: %v", n, err)
		}
		if lines := linesOf(t, path+LogSuffix); lines[len(lines)-1] != "two\n" {
			t.Errorf("step %d, tried again: %q", n, lines)
		}
		if refused == nil {
			break
		}
	}
}

// TestAllOfThemAreBounded: a file of all checkpoints is begun anew when it is large, and one of before stays.
func TestAllOfThemAreBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "copy")
	c := New(Options{Places: []string{path}})
	if err := os.WriteFile(path+LogSuffix, make([]byte, mostLog+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.copyTo(t.Context(), c.places[0], []byte("one\n")); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path + LogSuffix + olderSuffix); err != nil || info.Size() != mostLog+1 {
		t.Error(err)
	}
	if got := linesOf(t, path+LogSuffix); !slices.Equal(got, []string{"one\n"}) {
		t.Errorf("%q", got)
	}
	if err := os.WriteFile(path+LogSuffix, []byte(`{"time":`), 0o600); err != nil { // somebody died in the middle
		t.Fatal(err)
	}
	if err := c.copyTo(t.Context(), c.places[0], []byte("two\n")); err != nil {
		t.Fatal(err)
	}
	if got := linesOf(t, path+LogSuffix); !slices.Equal(got, []string{"two\n"}) {
		t.Errorf("behind a torn line: %q", got)
	}
}
