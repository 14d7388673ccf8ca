package natslink

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// start starts a server that is alone. Everybody may do all on it but "reader", who may
// change no stream, and publish nothing.
func start(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
		SyncAlways: true,
		Users: []*server.User{{Username: "node", Password: "right"}, {Username: "reader", Password: "right",
			Permissions: &server.Permissions{
				Publish: &server.SubjectPermission{Deny: []string{"test.>", "$JS.API.STREAM.UPDATE.>"}}}}}}
	if change != nil {
		change(o)
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	return s
}

// told is a connection, and what was told of it.
type told struct {
	nc *nats.Conn
	js jetstream.JetStream

	mu   sync.Mutex
	what []string
}

func (w *told) add(what string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		what += ": " + err.Error()
	}
	w.what = append(w.what, what)
}

func (w *told) says(what string) func() bool {
	return func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return strings.Contains(strings.Join(w.what, "\n"), what)
	}
}

func connect(t *testing.T, url string) *told {
	t.Helper()
	w := new(told)
	err := Connect(Options{
		Client: "test", URLs: []string{url}, Subjects: []string{"test.a", "test.b"}, Retry: func(int) time.Duration {
			return time.Millisecond
		},
		Use: func(nc *nats.Conn, js jetstream.JetStream) { w.nc, w.js = nc, js },
		Up:  func() { w.add("up", nil) }, Down: func(err error) { w.add("down", err) },
		Refused: func(err error) {
			if !errors.Is(err, ErrUnauthorized) {
				t.Error(err)
			}
			w.add("refused", err)
		},
		Trouble: func(err error) { w.add("trouble", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.nc.Close)
	return w
}

// TestConnections tells what became of connections: each says so once, and in words.
func TestConnections(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	at := s.Addr().String()
	relay, err := natstest.NewRelay(func() string { return at })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.End)
	relay.Cut(true)
	late := connect(t, "nats://node:right@"+relay.Addr())
	natstest.Until(t, "it says that there is none", late.says("down: "))
	relay.Cut(false)
	natstest.Until(t, "it comes", late.says("up"))
	relay.Cut(true)
	natstest.Until(t, "it broke", func() bool { return !late.nc.IsConnected() })
	if err := late.nc.Publish("test.a", nil); !Unsent(err) {
		t.Errorf("what is not sent: %v", err)
	}
	if Unsent(nil) || Unsent(context.DeadlineExceeded) {
		t.Error("what may have been sent counts as not sent")
	}

	wrong := connect(t, "nats://node:wrong@"+at)
	natstest.Until(t, "it is refused",
		wrong.says("name the file of others (cluster.creds), that permit JetStream and the subjects test.a and test.b"))
	if wrong.says("down")() || wrong.says("wrong")() {
		t.Errorf("%q", wrong.what)
	}
	reader := connect(t, "nats://reader:right@"+at)
	natstest.Until(t, "it is there", reader.says("up"))
	if err := reader.nc.Publish("test.a", nil); err != nil {
		t.Fatal(err)
	}
	natstest.Until(t, "it is refused what it is not permitted",
		reader.says("refused: the cluster refuses this node's credentials"))
}

// TestOptionsThatAreNone are refused before anything is connected to.
func TestOptionsThatAreNone(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none.creds")
	other := filepath.Join(t.TempDir(), "other.creds")
	if err := os.WriteFile(other, []byte("no credentials"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		o    Options
		want error
	}{
		"no file":  {Options{Creds: none}, os.ErrNotExist},
		"no creds": {Options{Creds: other}, ErrBadCreds},
		"no URL":   {Options{URLs: []string{"nats://h:port"}}, nil},
	} {
		if err := Connect(one.o); err == nil || one.want != nil && !errors.Is(err, one.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReach tells what passes from what does not.
func TestReach(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	at := s.Addr().String()
	off := start(t, func(o *server.Options) { o.JetStream, o.Users = false, nil })
	for name, one := range map[string]struct {
		url    string
		want   error
		passes bool
	}{
		"right":        {url: "nats://node:right@" + at},
		"credentials":  {url: "nats://node:wrong@" + at, want: ErrUnauthorized},
		"no JetStream": {url: "nats://" + off.Addr().String(), want: ErrNoJetStream},
		"nobody":       {url: "nats://127.0.0.1:1", passes: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Reach(t.Context(), one.url, "", (*tls.Config)(nil))
			switch {
			case one.passes:
				if err == nil || !Passes(err) {
					t.Errorf("%v", err)
				}
			case !errors.Is(err, one.want) || err != nil && Passes(err):
				t.Errorf("%v, want %v", err, one.want)
			}
		})
	}
}

// TestStreams: of a stream that is there, what is lacking comes, and what is beyond stays.
func TestStreams(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	at := s.Addr().String()
	node, reader := connect(t, "nats://node:right@"+at), connect(t, "nats://reader:right@"+at)
	subjects := func(all ...string) jetstream.StreamConfig {
		return jetstream.StreamConfig{Name: "s", Subjects: all, Storage: jetstream.FileStorage}
	}
	sized := func(c jetstream.StreamConfig, bytes int64) jetstream.StreamConfig { c.MaxBytes = bytes; return c }
	for name, one := range map[string]struct {
		is, want jetstream.StreamConfig
		to       string // subjects
		bytes    int64
	}{
		"as it is wanted":         {subjects("a.>"), subjects("a.>"), "a.>", -1},
		"of an earlier version":   {subjects("a.>"), subjects("a.>", "b.>"), "a.> b.>", -1},
		"of a later version":      {subjects("a.>", "b.>"), subjects("a.>"), "a.> b.>", -1},
		"of another branch":       {subjects("a.>", "c.>"), subjects("a.>", "b.>"), "a.> c.> b.>", -1},
		"larger":                  {sized(subjects("a.>"), 1000), sized(subjects("a.>"), 2000), "a.>", 2000},
		"smaller":                 {sized(subjects("a.>"), 2000), sized(subjects("a.>"), 1000), "a.>", 1000},
		"whatever size there is":  {sized(subjects("a.>"), 2000), sized(subjects("a.>"), -1), "a.>", 2000},
		"larger, and of an older": {sized(subjects("a.>"), 1000), sized(subjects("a.>", "b.>"), 2000), "a.> b.>", 2000},
	} {
		made, err := Make(t.Context(), node.js, one.is)
		if err != nil {
			t.Fatal(err)
		}
		if n := made.CachedInfo().Config.Replicas; n != 1 {
			t.Errorf("a server that is alone has %d copies", n)
		}
		if _, err := node.js.Publish(t.Context(), "a.x", []byte("kept")); err != nil {
			t.Fatal(err)
		}
		there, err := Stream(t.Context(), reader.js, "s")
		if err != nil {
			t.Fatal(err)
		}
		is := there.CachedInfo().Config
		same := strings.Join(is.Subjects, " ") == one.to && is.MaxBytes == one.bytes
		soon, end := context.WithTimeout(t.Context(), 50*time.Millisecond) // nobody answers what is not permitted
		if _, err := Fit(soon, reader.js, there, one.want); (err == nil) != same {
			t.Errorf("%s: whoever may not change it: %v", name, err)
		} else if err != nil &&
			(!strings.Contains(err.Error(), "permit $JS.API.STREAM.UPDATE.s to this node's credentials") ||
				!strings.Contains(err.Error(), "or change it: `nats stream edit s --")) {
			t.Errorf("%s: it says %v", name, err)
		}
		end()
		got, err := Fit(t.Context(), node.js, there, one.want)
		if err != nil {
			t.Fatal(err)
		}
		c := got.CachedInfo().Config
		if to := strings.Join(c.Subjects, " "); to != one.to || c.MaxBytes != one.bytes {
			t.Errorf("%s: %s, %d bytes; want %s, %d", name, to, c.MaxBytes, one.to, one.bytes)
		}
		if m, err := got.GetLastMsgForSubject(t.Context(), "a.x"); err != nil || string(m.Data) != "kept" {
			t.Errorf("%s: what it held: %v", name, err)
		}
		if err := node.js.DeleteStream(t.Context(), "s"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Stream(t.Context(), node.js, "s"); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("one that is none: %v", err)
	}
}
