package cluster

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// operator is somebody with rights on the servers, and a stream that lets its messages be deleted.
type operator struct {
	t  *testing.T
	nc *nats.Conn
	js jetstream.JetStream
}

func newOperator(t *testing.T, c *servers) operator {
	nc, err := nats.Connect("nats://" + c.clientAddr(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return operator{t, nc, js}
}

const someStream = "00112233445566778899aabbccddeeff"

// makes makes a cluster's stream, in which messages may be deleted.
func (o operator) makes(name string, meta map[string]string) jetstream.Stream {
	o.t.Helper()
	m := map[string]string{metaFormat: "1", metaCluster: name, metaKind: "objections", metaID: someStream,
		metaIdentity: "keys-1"}
	maps.Copy(m, meta)
	s, err := o.js.CreateStream(o.t.Context(),
		jetstream.StreamConfig{Name: namesOf(name, "objections").stream, Replicas: 3,
			Subjects: []string{namesOf(name, "objections").all}, AllowMsgTTL: true, Metadata: m})
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

// publishes puts bytes where entries stand.
func (o operator) publishes(name string, payload []byte) {
	o.t.Helper()
	if _, err := o.js.Publish(o.t.Context(), namesOf(name, "objections").acts, payload); err != nil {
		o.t.Fatal(err)
	}
}

func named(name string) func(*Options) { return func(o *Options) { o.Name = name } }

func appendActs(t *testing.T, m *member, n int) {
	t.Helper()
	for i := range n {
		if _, err := m.Append(t.Context(), id(i), []byte("act")); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "its own acts", m.has(n))
}

func refusedWith(t *testing.T, m *member, want error) {
	t.Helper()
	until(t, want.Error(), func() bool { return errors.Is(m.Err(), want) })
	if !m.Stale(time.Now()) {
		t.Errorf("%v, and the node is not stale", want)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	op := newOperator(t, c)

	t.Run("what the stream is", func(t *testing.T) {
		for name, test := range map[string]struct {
			meta   map[string]string
			change func(*Options)
			want   error
			says   string
		}{
			"cluster":  {meta: map[string]string{metaCluster: "us1"}, want: ErrOtherCluster, says: "cluster.name"},
			"kind":     {meta: map[string]string{metaKind: "tokens"}, want: ErrOtherCluster, says: "cluster.name"},
			"identity": {meta: map[string]string{metaIdentity: "keys-2"}, want: ErrOtherIdentity, says: "cluster join"},
			"keys": {meta: map[string]string{metaIdentity: "keys-2"}, want: ErrOtherIdentity,
				says:   "nats stream rm tagwarden-is-keys_objections",
				change: func(o *Options) { o.At = Position{Stream: strings.Repeat("a", 32), Seq: 3} }},
			"base":   {meta: map[string]string{metaBase: "12 changes"}, want: ErrOtherBase, says: "from a copy"},
			"format": {meta: map[string]string{metaFormat: "3"}, want: ErrNewer, says: "upgrade"},
			"marks":  {meta: map[string]string{metaFormat: ""}, want: ErrNotOurs, says: "another name"},
			"id":     {meta: map[string]string{metaID: "x"}, want: ErrNotOurs, says: "another name"},
			"stream": {change: func(o *Options) { o.At = Position{Stream: strings.Repeat("a", 32)} }, want: ErrOtherLog,
				says: "cluster join --again"},
			"behind": {change: func(o *Options) {
				o.At, o.Wait = Position{Stream: someStream, Seq: 1, Entry: 9}, time.Second
			}, want: ErrBehind,
				says: "cluster restore"},
		} {
			op.makes("is-"+name, test.meta)
			_, err := tryJoin(t, c, "a", func(o *Options) {
				o.Name = "is-" + name
				if test.change != nil {
					test.change(o)
				}
			})
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: %v, want %v and %q", name, err, test.want, test.says)
			}
		}
	})

	t.Run("deleted", func(t *testing.T) {
		a := join(t, c, "a", named("deleted"))
		appendActs(t, a, 3)
		if err := op.js.DeleteStream(t.Context(), a.names.stream); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, a, ErrMissing)
		_, at := a.applied()
		_, err := tryJoin(t, c, "b", named("deleted")) // one that begins does not make another stream either
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "the node a has come some way in") {
			t.Errorf("%v, want %v", err, ErrMissing)
		}
		b := join(t, c, "c", func(o *Options) { o.Name, o.At = "deleted", at }) // the log can be begun anew from it
		refusedWith(t, b, ErrMissing)
	})

	for name, lost := range map[string]int{"first": 0, "middle": 1, "last": 2} {
		t.Run("lost "+name, func(t *testing.T) {
			s := op.makes("lost-"+name, nil)
			a := join(t, c, "a", named("lost-"+name))
			appendActs(t, a, 3)
			acts, at := a.applied()
			seqs := entrySequences(t, s)
			if len(seqs) != len(acts) {
				t.Fatalf("%d entries of %d acts", len(seqs), len(acts))
			}
			if err := s.DeleteMsg(t.Context(), seqs[lost]); err != nil {
				t.Fatal(err)
			}
			refused := func(node string, at Position) { // at once, or when it has read so far
				t.Helper()
				b, err := tryJoin(t, c, node, func(o *Options) { o.Name, o.At, o.Wait = "lost-"+name, at, time.Second })
				if err == nil {
					refusedWith(t, b, ErrLost)
				} else if !errors.Is(err, ErrLost) {
					t.Fatal(err)
				}
			}
			refused("b", Position{})
			if name == "last" {
				refused("a2", at)
				if _, err := a.Append(within(t, 4*time.Second), id(9), nil); err == nil {
					t.Error("an act was appended to what is not there any more")
				}
				refusedWith(t, a, ErrLost)
			}
		})
	}

	t.Run("other acts", func(t *testing.T) {
		a := join(t, c, "a", named("other-acts"))
		appendActs(t, a, 2)
		_, at := a.applied()
		at.Sum[0]++
		b, err := tryJoin(t, c, "b", func(o *Options) { o.Name, o.At = "other-acts", at })
		if err != nil {
			t.Fatal(err)
		}
		refusedWith(t, b, ErrDiverged)
	})

	t.Run("messages", func(t *testing.T) {
		a := join(t, c, "a", named("messages"))
		appendActs(t, a, 2)
		op.publishes("messages", []byte("what no node wrote"))
		_, at := a.applied()
		fork := &entry{by: writing{n: 1}, node: "x", first: 2, parent: [32]byte{1}, acts: []carried{{}}}
		op.publishes("messages", marshalEntry(fork)) // beside the chain: void
		if n, err := a.Append(t.Context(), id(3), nil); err != nil || n != at.Seq+1 {
			t.Errorf("act %d: %v", n, err)
		}
		until(t, "three acts", a.has(3))
		newer := marshalEntry(fork)
		newer[3] = format + 1
		op.publishes("messages", newer)
		refusedWith(t, a, ErrNewer)
		if acts, _ := a.applied(); len(acts) != 3 {
			t.Errorf("%d acts, want 3", len(acts))
		}
	})

	t.Run("damaged", func(t *testing.T) {
		a := join(t, c, "a", named("damaged"))
		appendActs(t, a, 1)
		_, at := a.applied()
		bad := marshalEntry(&entry{node: "x", first: 2, parent: at.Sum, acts: []carried{{body: []byte("act")}}})
		bad[len(bad)-40] ^= 1
		op.publishes("damaged", bad)
		refusedWith(t, a, ErrDamaged)
	})

	t.Run("in the wrong place", func(t *testing.T) {
		a := join(t, c, "a", named("place"))
		appendActs(t, a, 1)
		op.publishes("place", marshalEntry(&entry{node: "x", first: 2, parent: [32]byte{1}, acts: []carried{{}}}))
		refusedWith(t, a, ErrDiverged)
	})
}

// entrySequences returns where the entries of a stream stand.
func entrySequences(t *testing.T, s jetstream.Stream) (seqs []uint64) {
	t.Helper()
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := info.State.FirstSeq; n <= info.State.LastSeq; n++ {
		m, err := s.GetMsg(t.Context(), n)
		if err == nil && strings.HasSuffix(m.Subject, ".acts") {
			seqs = append(seqs, n)
		}
	}
	return seqs
}

func TestApplyThatFailsIsAskedAgain(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a, b := join(t, c, "a", nil), join(t, c, "b", nil)
	caughtUp(t, a, b)
	b.failWith(errors.New("no space left"))
	appendActs(t, a, 5)
	until(t, "a stale node", func() bool { return b.Stale(time.Now()) })
	if acts, _ := b.applied(); len(acts) != 0 {
		t.Errorf("%d acts", len(acts))
	}
	if b.Status().Reconnects != 0 {
		t.Error("the node left a server that is not to blame")
	}
	b.failWith(nil)
	until(t, "a fresh node", b.isFresh)
	sameActs(t, a, b)

	t.Run("positions", func(t *testing.T) {
		_, at := a.applied()
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Append(t.Context(), id(0), nil); !errors.Is(err, ErrNotAppended) || !errors.Is(err, ErrClosed) {
			t.Errorf("an append to a closed log: %v", err)
		}
		if _, err := a.Append(t.Context(), id(6), []byte("later")); err != nil {
			t.Fatal(err)
		}
		for node, at := range map[string]Position{"whole": at, "short": {Stream: at.Stream, Seq: at.Seq}} {
			m := join(t, c, node, func(o *Options) { o.At = at })
			caughtUp(t, m)
			if acts, to := m.applied(); len(acts) != 1 || acts[0].ID != id(6) || to.Seq != 6 {
				t.Errorf("%s: %d acts, to %s", node, len(acts), to)
			}
		}
		short := join(t, c, "ahead", func(o *Options) { o.At = Position{Stream: at.Stream, Seq: 100} })
		refusedWith(t, short, ErrBehind)
	})

	t.Run("nodes", func(t *testing.T) {
		x := join(t, c, "x", func(o *Options) { o.Answer = func() []byte { return []byte("policy") } })
		caughtUp(t, x)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		nodes, err := a.Nodes(ctx)
		if err != nil || len(nodes) < 2 {
			t.Fatalf("%+v, %v", nodes, err)
		}
		found := map[string]NodeStatus{}
		for _, n := range nodes {
			found[n.Node] = n
		}
		if n := found["x"]; string(n.Body) != "policy" || n.Stale || n.At.Seq != 6 {
			t.Errorf("%+v", n)
		}
		if n, there := found["a"]; !there || n.At.Seq != 6 {
			t.Errorf("%+v", n)
		}
	})

	t.Run("same name", func(t *testing.T) {
		_ = join(t, c, "a", nil)
		until(t, "a note", func() bool {
			a.mu.Lock()
			defer a.mu.Unlock()
			for _, e := range a.events {
				if e.What == SameName {
					return true
				}
			}
			return false
		})
	})
}

// One server on its own takes a stream of one copy; it refuses who lacks its password, or a permission.
func TestOneServerWithAPassword(t *testing.T) {
	t.Parallel()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true,
		StoreDir: t.TempDir(), SyncAlways: true, Users: []*server.User{{Username: "tagwarden", Password: "right"},
			{Username: "reader", Password: "right", Permissions: &server.Permissions{Publish: &server.SubjectPermission{
				Deny: []string{"tagwarden.*.log.>"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	with := func(user string) func(*Options) {
		return func(o *Options) {
			o.URLs, o.Wait = []string{"nats://" + user + "@" + s.Addr().String()}, 5*time.Second
		}
	}
	c := &servers{t: t}
	wrong := join(t, c, "wrong", func(o *Options) { with("tagwarden:wrong")(o); o.Wait = time.Millisecond })
	refusedWith(t, wrong, ErrUnauthorized)
	if says := wrong.Err().Error(); strings.Contains(says, "wrong") || !strings.Contains(says, "cluster.creds") {
		t.Errorf("it says %q", says)
	}
	right := join(t, c, "right", with("tagwarden:right"))
	appendActs(t, right, 3)
	caughtUp(t, right)
	reader := join(t, c, "reader", with("reader:right"))
	refusedWith(t, reader, ErrUnauthorized)
	if says := reader.Err().Error(); !strings.Contains(says, reader.names.all) {
		t.Errorf("it says %q", says)
	}
}

func TestOptionsThatAreNone(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"name":       func(o *Options) { o.Name = "EU 1" },
		"kind":       func(o *Options) { o.Kind = "a.b" },
		"node":       func(o *Options) { o.Node = "a b" },
		"no node":    func(o *Options) { o.Node = "" },
		"no servers": func(o *Options) { o.URLs = nil },
		"a URL":      func(o *Options) { o.URLs = []string{"nats://h:port"} },
		"identity":   func(o *Options) { o.Identity = "" },
		"stale":      func(o *Options) { o.Stale = time.Millisecond },
		"apply":      func(o *Options) { o.Apply = nil },
		"position":   func(o *Options) { o.At.Stream = "x" },
		"creds":      func(o *Options) { o.Creds = filepath.Join(t.TempDir(), "none.creds") },
	} {
		o := Options{Name: "eu1", Node: "a", Kind: "objections", Identity: "k", URLs: []string{"nats://127.0.0.1:1"}, Wait: 1,
			Apply: func([]Act, Position) error { return nil }}
		change(&o)
		if l, err := Open(t.Context(), o); err == nil {
			t.Errorf("%s: it is opened: %v", name, l.Close())
		}
	}
}

func TestBodiesThatAreTooLong(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a := join(t, c, "a", nil)
	if _, err := a.Append(t.Context(), id(1), make([]byte, MaxBody+1)); !errors.Is(err, ErrNotAppended) {
		t.Errorf("too long: %v", err)
	}
	var all sync.WaitGroup
	for i := range 8 { // more than one entry takes
		all.Go(func() {
			if _, err := a.Append(t.Context(), id(i), make([]byte, MaxBody)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	until(t, "all", a.has(8))
}
