package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// phase is something that happens to a cluster. It returns when the cause is over.
type phase struct {
	name       string
	short      bool          // it is in the short run too
	aboutNodes bool          // it is about a node that does not belong here, whatever waits
	heals      time.Duration // in which all nodes are current after it; 0: NATS takes as long as it takes
	do         func(context.Context, *run) error
}

// nodeHeals is how soon nodes are current when what was between them and the servers is over. (Half a second of it is
// for asking them.)
const nodeHeals = 1500 * time.Millisecond

// queueHeals is how much later than that nodes take hits again whose events wait on the cluster: they look every second
// how its queue stands.
const queueHeals = time.Second

// stoppedLonger is also in the short run of events that wait: another node goes on with what the stopped one had.
const stoppedLonger = "node stopped for longer"

var phases = []phase{
	{name: "nothing", short: true, do: func(ctx context.Context, r *run) error {
		wait(ctx, r.lasts(4*time.Second))
		return nil
	}},
	{name: "node killed", short: true, do: nodeKilled},
	{name: "node stopped for less than stale.after", do: func(ctx context.Context, r *run) error {
		return nodeStopped(ctx, r, r.o.stale/2)
	}},
	{name: stoppedLonger, heals: nodeHeals, do: func(ctx context.Context, r *run) error {
		return nodeStopped(ctx, r, r.o.stale+2*time.Second)
	}},
	{name: "node alone, refused", short: true, heals: nodeHeals, do: alone(cutOff, whole)},
	{name: "node alone, silent", heals: nodeHeals, do: alone(silent, whole)},
	{name: "node is not heard", heals: nodeHeals, do: alone(dumb, whole)},
	{name: "node does not hear", heals: nodeHeals, do: alone(deaf, whole)},
	{name: "connections reset in a storm", heals: nodeHeals, do: storm},
	{name: "follower killed", do: func(ctx context.Context, r *run) error {
		return serverKilled(ctx, r, r.servers.follower(), r.lasts(4*time.Second))
	}},
	{name: "leader killed", short: true, do: leaderKilled},
	{name: "leader stopped", do: leaderStopped},
	{name: "follower cut off from the servers", do: func(ctx context.Context, r *run) error {
		return isolated(ctx, r, r.servers.follower())
	}},
	{name: "leader cut off from the servers", do: func(ctx context.Context, r *run) error {
		return isolated(ctx, r, r.servers.leader())
	}},
	{name: "leader heard by one server only", do: asymmetric},
	{name: "no server hears another", do: shattered},
	{name: "a server's disk is full", do: diskFull},
	{name: "a node of another cluster", short: true, aboutNodes: true, do: stranger},
	{name: "wrong credentials", aboutNodes: true, do: wrongCredentials},
}

var errNoLeader = errors.New("no server leads")

// any is a node that something happens to.
func (r *run) any() int {
	r.load.mu.Lock()
	defer r.load.mu.Unlock()
	return r.load.random.IntN(len(r.nodes))
}

// all are all nodes.
func (r *run) all() []int {
	all := make([]int, len(r.nodes))
	for i := range all {
		all[i] = i
	}
	return all
}

func nodeKilled(ctx context.Context, r *run) error {
	i := r.any()
	r.books.cut(i)
	r.nodes[i].kill()
	wait(ctx, time.Second)
	return r.nodes[i].start()
}

func nodeStopped(ctx context.Context, r *run, lasts time.Duration) error {
	i := r.any()
	r.books.cut(i)
	r.nodes[i].signal(syscall.SIGSTOP)
	wait(ctx, lasts)
	r.nodes[i].signal(syscall.SIGCONT)
	return nil
}

// How a node is cut off, and what ends that.
func cutOff(l *relay) { l.cut(true) }
func silent(l *relay) { l.hold(there, back) }
func dumb(l *relay)   { l.hold(there) }
func deaf(l *relay)   { l.hold(back) }
func whole(l *relay)  { l.cut(false); l.hold() }

func alone(cut, heal func(*relay)) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		i := r.any()
		r.books.cut(i)
		for _, l := range r.nodes[i].relays {
			cut(l)
		}
		wait(ctx, r.o.stale+r.lasts(3*time.Second))
		for _, l := range r.nodes[i].relays {
			heal(l)
		}
		return nil
	}
}

// storm resets all connections of all nodes again and again.
func storm(ctx context.Context, r *run) error {
	r.books.cut(r.all()...)
	for range 20 {
		for _, n := range r.nodes {
			for _, l := range n.relays {
				l.cut(true)
				l.cut(false)
			}
		}
		wait(ctx, 150*time.Millisecond)
	}
	return nil
}

func serverKilled(ctx context.Context, r *run, i int, lasts time.Duration) error {
	if i < 0 {
		return errNoLeader
	}
	r.servers.all[i].kill()
	wait(ctx, lasts)
	return r.servers.all[i].start()
}

func leaderKilled(_ context.Context, r *run) error {
	i := r.servers.leader()
	if i < 0 {
		return errNoLeader
	}
	r.books.cut(r.all()...)
	r.servers.all[i].kill()
	r.untilTold()
	return r.servers.all[i].start()
}

func leaderStopped(_ context.Context, r *run) error {
	i := r.servers.leader()
	if i < 0 {
		return errNoLeader
	}
	r.books.cut(r.all()...)
	r.servers.all[i].signal(syscall.SIGSTOP)
	r.untilTold()
	r.servers.all[i].signal(syscall.SIGCONT)
	return nil
}

// untilTold waits until an objection is answered as one that the quorum has, and notes how long that took.
func (r *run) untilTold() {
	began := r.books.now()
	told := func() bool {
		if r.events != nil {
			return r.events.acceptedSince(began)
		}
		r.books.mu.Lock()
		defer r.books.mu.Unlock()
		for i := len(r.books.acts) - 1; i >= 0 && r.books.acts[i].sent > began; i-- {
			if a := r.books.acts[i]; a.acked > 0 && !a.untold {
				return true
			}
		}
		return false
	}
	if err := until(40*time.Second, "a quorum without the leader", told); err != nil {
		r.books.find("%v", err)
		return
	}
	r.books.mu.Lock()
	defer r.books.mu.Unlock()
	r.elections = append(r.elections, r.books.now()-began)
}

func isolated(ctx context.Context, r *run, i int) error {
	if i < 0 {
		return errNoLeader
	}
	r.books.cut(r.all()...) // those that are connected to it
	r.servers.isolate(i, true)
	wait(ctx, 12*time.Second)
	r.servers.isolate(i, false)
	return nil
}

// asymmetric has nothing of the leader come to one of the others any more, which it hears itself.
func asymmetric(ctx context.Context, r *run) error {
	i := r.servers.leader()
	if i < 0 {
		return errNoLeader
	}
	r.books.cut(r.all()...)
	j := (i + 1) % 3
	r.servers.routes[i][j].hold(there)
	r.servers.routes[j][i].hold(back)
	wait(ctx, 10*time.Second)
	r.servers.routes[i][j].hold()
	r.servers.routes[j][i].hold()
	return nil
}

func shattered(ctx context.Context, r *run) error {
	r.books.cut(r.all()...)
	for i := range r.servers.all {
		r.servers.isolate(i, true)
	}
	wait(ctx, r.o.stale+3*time.Second)
	for i := range r.servers.all {
		r.servers.isolate(i, false)
	}
	return nil
}

func diskFull(ctx context.Context, r *run) error {
	r.books.cut(r.all()...) // it may lead
	free, is := r.servers.fill()
	if !is {
		r.skipped = append(r.skipped, "a server's disk is full: no small file system could be mounted (root can)")
		return nil
	}
	wait(ctx, 12*time.Second)
	free()
	r.servers.all[2].kill() // a server that found its disk full takes nothing until it begins anew
	return r.servers.all[2].start()
}

// stranger is a node with the cluster's name, and with keys of its own.
func stranger(_ context.Context, r *run) error {
	n, err := newNode(r.starter, r.o, r.dir, "stranger", r.creds.right, r.servers, 0)
	if err != nil {
		return err
	}
	defer n.end()
	if err := n.start(); err != nil {
		return err
	}
	if !n.wait(20 * time.Second) {
		r.books.find("a node with other keys goes on")
	}
	if says := n.said(); !strings.Contains(says, "made with other keys") || !strings.Contains(says, "cluster join") {
		r.books.find("a node with other keys says %q", says)
	}
	return os.RemoveAll(filepath.Dir(n.file))
}

// wrongCredentials is a node of this cluster whose credentials are wrong: it says so, is not ready, and
// forwards nothing that one may object to.
func wrongCredentials(ctx context.Context, r *run) error {
	n, err := newNode(r.starter, r.o, r.dir, "denied", r.creds.wrong, r.servers, 0)
	if err != nil {
		return err
	}
	defer n.end()
	if _, err := n.verb("cluster", "join", "--from", r.backup); err != nil {
		return err
	}
	if err := n.start(); err != nil {
		return err
	}
	says := ""
	err = until(20*time.Second, "a node whose credentials are wrong says so", func() bool {
		var status int
		status, says, _ = n.get("/readyz")
		return status == 503 && strings.Contains(says, "credentials")
	})
	if err != nil {
		r.books.find("%v: %q", err, says)
		return nil
	}
	l := newLoad(r.o, r.books, []*node{n}, "")
	if number, answered := l.view(ctx, -1, 0); !answered || r.books.came(number) {
		r.books.find("a node whose credentials are wrong answered: %v, forwarded: %v", answered, r.books.came(number))
	}
	return os.RemoveAll(filepath.Dir(n.file))
}

// deleteStream deletes the stream behind the nodes' back.
func (r *run) deleteStream(ctx context.Context) error {
	i := r.servers.follower()
	nc, err := nats.Connect("nats://"+r.servers.all[i].client, nats.UserCredentials(r.creds.right))
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	return js.DeleteStream(ctx, "tagwarden-faults_objections")
}
