package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// options are a run's.
type options struct {
	tagwarden, nats string // programs
	nodes           int
	lasts           time.Duration // the least
	short           bool          // only what the short run has, once
	queue           bool          // what waits is on the cluster, and it is events that are held against what was accepted
	stale           time.Duration
	every           time.Duration // between visitors, on average
	skew            time.Duration // of two servers' clocks
	seed            uint64
	results         string
	keep            bool
	sink            string // the vendor's address; filled in
	out             io.Writer
}

// run is a cluster, and what happens to it.
type run struct {
	o         *options
	dir       string
	backup    string
	starter   *starter
	servers   *servers
	creds     *credentials
	nodes     []*node
	books     *books
	load      *load
	elections []time.Duration // how long it took after a leader's end
	skipped   []string
	events    *eventBooks // nil: events do not wait
	accounts  map[string]*accounts
}

func (r *run) lasts(d time.Duration) time.Duration {
	if r.o.short {
		return d / 4
	}
	return d
}

// halves are what a run is about: objections, where events leave at once; and events that wait on the cluster.
var halves = []string{"objections", "queue"}

func main() {
	o := options{out: os.Stdout}
	minutes := flag.Float64("minutes", 10, "how long, at least; all phases happen once in any case")
	flag.StringVar(&o.tagwarden, "tagwarden", ".bin/faults/tagwarden", "the program, built with -tags faults")
	flag.StringVar(&o.nats, "nats-server", ".bin/faults/nats-server", "the NATS server")
	flag.IntVar(&o.nodes, "nodes", 3, "how many nodes")
	flag.DurationVar(&o.stale, "stale", 5*time.Second, "stale.after")
	flag.DurationVar(&o.every, "every", 500*time.Millisecond, "between visitors who object, on average")
	flag.Uint64Var(&o.seed, "seed", 0, "of choices; 0: a new one")
	flag.StringVar(&o.results, "results", "-", "file whose part is written anew; -: none")
	only := flag.String("only", "", "objections or queue; the default is one after the other, each for half of the time")
	flag.BoolVar(&o.keep, "keep", false, "keep the folders")
	flag.DurationVar(&o.skew, "skew", 0,
		"by how much the clock of one server is fast, and that of another slow: it has to be built with -overlay")
	overlay := flag.String("overlay", "",
		"only write into this folder what go build -overlay is given for the server, and say where")
	flag.Parse()
	if *overlay != "" {
		file, err := writeOverlay(*overlay)
		if err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "faults:", err)
			os.Exit(2)
		}
		_, _ = fmt.Println(file)
		return
	}
	o.lasts = time.Duration(*minutes * float64(time.Minute))
	if o.seed == 0 {
		o.seed = rand.Uint64() //nolint:gosec // a test's choices
	}
	o.lasts /= time.Duration(len(halves))
	anyBad := false
	for _, half := range halves {
		of := o
		if of.queue = half == "queue"; *only != "" && *only != half {
			continue
		}
		bad, err := faults(context.Background(), &of)
		if err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "faults:", err)
			os.Exit(2)
		}
		anyBad = anyBad || bad
	}
	if anyBad {
		os.Exit(1)
	}
}

// faults makes a run. Bad: something was not as it was promised.
func faults(ctx context.Context, o *options) (bad bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dir, err := os.MkdirTemp("", "tagwarden-faults-")
	if err != nil {
		return false, err
	}
	r := &run{o: o, dir: dir, starter: newStarter(ctx)}
	defer func() {
		r.end()
		if !o.keep && !bad && err == nil {
			err = errors.Join(err, os.RemoveAll(dir))
		} else {
			_, _ = fmt.Fprintln(o.out, "folders are kept:", dir)
		}
	}()
	if err := r.begin(ctx); err != nil {
		return false, err
	}
	visiting, stop := context.WithCancel(ctx)
	defer stop()
	visited := make(chan struct{})
	go func() {
		defer close(visited)
		if o.queue {
			r.events.goOn(visiting, r.nodes)
		} else {
			r.load.goOn(visiting)
		}
	}()
	for round := 0; round == 0 || !o.short && r.books.now() < o.lasts; round++ {
		for i := range phases {
			if err := r.happens(ctx, &phases[i]); err != nil {
				return false, err
			}
		}
	}
	stop()
	<-visited
	verify := r.verify
	if o.queue {
		verify = r.verifyQueue
	}
	if err := verify(ctx); err != nil {
		return false, err
	}
	return r.report(ctx)
}

// happens has a phase happen, and waits until the cluster is well again.
func (r *run) happens(ctx context.Context, p *phase) error {
	stops := r.o.queue && p.name == stoppedLonger // which the queue needs, however short the run
	if r.o.short && !p.short && !stops || r.o.queue && p.aboutNodes {
		return nil
	}
	r.books.enter(p.name)
	began := r.books.now()
	if err := p.do(ctx, r); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	over := r.books.now()
	for _, n := range r.nodes {
		if err := until(60*time.Second, n.name+" is current after: "+p.name, n.isReady); err != nil {
			_, ready, _ := n.get("/readyz")
			return fmt.Errorf("%w: %s: %s", err, ready, n.said())
		}
	}
	r.books.joined()
	took := r.books.now() - over
	r.books.healed(p.name, took)
	within := p.heals
	if r.o.queue {
		within += queueHeals
	}
	if p.heals > 0 && took > within {
		r.books.find("all nodes were current only %v after it was over", took)
	}
	_, _ = fmt.Fprintf(r.o.out, "%6.1f s  %-40s lasted %5.1f s, all current after %v\n", began.Seconds(), p.name,
		(over - began).Seconds(), took.Round(time.Millisecond))
	wait(ctx, r.lasts(2*time.Second)/2)
	return nil
}

var bearerPattern = regexp.MustCompile(`\btw_[A-Za-z0-9_-]+|\b[A-Za-z0-9_-]{30,}`)

// begin starts everything.
func (r *run) begin(ctx context.Context) (err error) {
	r.books = newBooks(r.o.nodes)
	r.books.enter("start")
	sink := newSink(r.books)
	if r.o.queue {
		sink.Close()
		r.events = newEventBooks(r.books, r.o.seed)
		sink = newVendors(r.events)
	}
	context.AfterFunc(ctx, sink.Close)
	r.o.sink = sink.Listener.Addr().String()
	if r.creds, err = newCredentials(r.dir); err != nil {
		return err
	}
	if r.servers, err = newServers(r.starter, r.o, r.dir, r.creds.servers); err != nil {
		return err
	}
	if r.o.queue {
		r.servers.stream = "_queue"
	}
	r.backup = filepath.Join(r.dir, "backup")
	token := ""
	clocks := []time.Duration{time.Hour, -time.Hour, 0}
	for i := range r.o.nodes {
		n, err := newNode(r.starter, r.o, r.dir, fmt.Sprint("node-", i), r.creds.right, r.servers, clocks[i%len(clocks)])
		if err != nil {
			return err
		}
		r.nodes = append(r.nodes, n)
		if i > 0 {
			if _, err := n.verb("cluster", "join", "--from", r.backup); err != nil {
				return err
			}
		}
		if err := n.start(); err != nil {
			return err
		}
		if err := until(60*time.Second, n.name+" is ready", n.isReady); err != nil {
			return fmt.Errorf("%w: %s", err, n.said())
		}
		if i > 0 {
			continue
		}
		said, err := n.verb("token", "create", "--name", "faults", "--role", "objections-add")
		if err != nil {
			return err
		}
		if token = bearerPattern.FindString(said); token == "" {
			return fmt.Errorf("no token in %q", said)
		}
		r.load = newLoad(r.o, r.books, r.nodes, token)
		if a := r.load.object(ctx, 4_000_000, 0); a.acked == 0 || a.untold { // a copy is of a place in the log
			return fmt.Errorf("the first objection was not taken: %s", n.said())
		}
		if _, err := n.verb("backup", r.backup); err != nil {
			return err
		}
	}
	r.load = newLoad(r.o, r.books, r.nodes, token)
	_, _ = fmt.Fprintf(r.o.out, "three NATS servers, %d nodes (clocks +1 h, -1 h, right), stale.after %v, seed %d\n",
		len(r.nodes), r.o.stale, r.o.seed)
	return nil
}

// verify looks, when everything is over, whether every objection that was acknowledged is in force on every node, over
// a restart too, and whether nodes hold the same; then it deletes the stream behind their back.
func (r *run) verify(ctx context.Context) error {
	r.books.enter("at the end")
	if err := r.nodes[0].stop(); err != nil {
		r.books.find("%v", err)
	}
	if err := r.nodes[0].start(); err != nil {
		return err
	}
	for _, n := range r.nodes {
		if err := until(60*time.Second, n.name+" is current at the end", n.isReady); err != nil {
			return err
		}
	}
	for _, a := range r.books.acts {
		for node := range r.nodes {
			if a.acked == 0 {
				continue
			}
			number, answered := r.load.view(ctx, a.visitor, node)
			if r.books.came(number) || !answered {
				r.books.find("LOST: visitor %d objected in %q at node %d (untold: %v), and at node %d that is answered %v, "+
					"forwarded %v",
					a.visitor, a.phase, a.node, a.untold, node, answered, r.books.came(number))
			}
		}
	}
	for node := range r.nodes { // that nothing was forwarded shows something only where something is
		if err := until(10*time.Second, "something is forwarded", func() bool { // a node may be stale for a moment
			number, _ := r.load.view(ctx, 1_000_000+node, node)
			return r.books.came(number)
		}); err != nil {
			r.books.find("at node %d nothing is forwarded at all", node)
		}
	}
	text, err := r.nodes[0].verb("cluster", "status")
	if err != nil || strings.Contains(text, "look at:") {
		r.books.find("cluster status: %v: %s", err, text)
	}
	_, _ = fmt.Fprint(r.o.out, text)
	return r.withoutStream(ctx)
}

// withoutStream deletes the stream: nodes refuse to go on, and let nothing go that one may object to.
func (r *run) withoutStream(ctx context.Context) error {
	r.books.enter("stream deleted")
	if err := r.deleteStream(ctx); err != nil {
		return err
	}
	for i, n := range r.nodes {
		err := until(r.o.stale+5*time.Second, n.name+" refuses a cluster whose log is gone", func() bool {
			_, text, err := n.get("/readyz")
			return err == nil && strings.Contains(text, "log is missing")
		})
		if err != nil {
			_, text, _ := n.get("/readyz")
			r.books.find("%v: %s", err, text)
		}
		if number, _ := r.load.view(ctx, 2_000_000+i, i); r.books.came(number) {
			r.books.find("%s forwards what one may object to", n.name)
		}
		if a := r.load.object(ctx, 3_000_000+i, i); a.acked == 0 || !a.untold {
			r.books.find("%s: an objection is acknowledged: %v, as one that the others do not know: %v", n.name,
				a.acked > 0, a.untold)
		}
	}
	for _, n := range r.nodes {
		if err := n.stop(); err != nil {
			r.books.find("%v", err)
		}
		if out, err := n.verb("logs", "verify"); err != nil {
			r.books.find("%s: %v", out, err)
		}
	}
	return nil
}

func (r *run) end() {
	for _, n := range r.nodes {
		n.end()
	}
	if r.servers != nil {
		r.servers.end()
	}
}
