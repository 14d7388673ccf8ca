package config

import (
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Delivery says how events get to vendors.
type Delivery struct {
	Mode  string   `yaml:"mode" default:"direct" is:"enum=direct|queued" doc:"direct: one attempt, and the SDK is told how it went. queued: the SDK is answered as soon as what is permitted is on disk, and events are tried until their vendor took them, refused them, or ttl is over. Endpoints that are asked for an answer are direct in either."`
	TTL   Duration `yaml:"ttl" default:"24h" is:"min=1m,max=30d" doc:"How long a queued event is tried; then it is dropped and recorded as such."`
	Retry Retry    `yaml:"retry" doc:"How long it is until a queued event is tried again."`
	Queue Queue    `yaml:"queue" doc:"Where the queue is, and how much room it may take: where there is none, hits are answered with 503 and may come again. A reload does not change it."`
	Park  Park     `yaml:"park" doc:"What becomes of queued events that their vendor refused for good: they are parked, so that somebody can look at them, and have them tried again. A reload does not change it."`
}

// Retry is how long it is until an event is tried again: a random part of First after the first attempt, of twice that
// after the second, and so on, of Most at most.
type Retry struct {
	First Duration `yaml:"first" default:"500ms" is:"min=10ms,max=1h" doc:"The longest wait after the first attempt; each further one may be twice as long. How long it is in fact is drawn at random."`
	Most  Duration `yaml:"most" default:"15s" is:"min=10ms,max=1h" doc:"The longest wait after any attempt, but where the vendor itself asks for more (Retry-After; an hour at most)."`
}

// Queue is where the queue is, and how much room it may take.
type Queue struct {
	On      string `yaml:"on" default:"local" is:"enum=local|cluster" doc:"local: on this node's disk. cluster: on the NATS servers that cluster names, on three disks, where any node takes them: what was accepted outlasts a node's disk, and SDKs are answered when the servers' quorum has it."`
	Size    Size   `yaml:"size" default:"4GiB" is:"min=16MiB,max=1024GiB" doc:"How much of the disk events that wait may take; of each NATS server's as much again, where the queue is on the cluster."`
	Reserve Size   `yaml:"reserve" default:"1GiB" is:"min=1MiB,max=1024GiB" doc:"Room on the disk that is left free by the queue; not less than ledger.reserve, below which nothing is forwarded at all."`
}

// Park is how much of what vendors refused is kept, and for how long.
type Park struct {
	Size Size     `yaml:"size" default:"256MiB" is:"min=1MiB,max=64GiB" doc:"How much of the disk parked events may take; what does not fit is dropped and recorded as such."`
	For  Duration `yaml:"for" default:"7d" is:"min=1h,max=90d" doc:"How long an event is parked; then it is dropped and recorded as such."`
}

// deliveryCheck looks at how events get to vendors.
type deliveryCheck struct{ checks }

// run looks at it. What holds for the queue alone is looked at where there is one.
func (c deliveryCheck) run() {
	d := &c.loaded.Server.Delivery
	if d.Retry.Most < d.Retry.First {
		c.faults.At(c.server, c.written(strict.Path("delivery", "retry", "most"), strict.Path("delivery", "retry", "first")),
			"most (%s) is less than first (%s): make it at least that", d.Retry.Most, d.Retry.First)
	}
	if d.Mode != "queued" {
		c.warnUnused()
		return
	}
	if d.Queue.On == "cluster" && c.loaded.Server.Cluster == nil {
		c.faults.At(c.server, strict.Path("delivery", "queue", "on"),
			"no cluster is named whose NATS servers would keep what "+
				"waits: write one under cluster, or on: local")
	}
	ledger := &c.loaded.Server.Ledger
	if d.Queue.Reserve < ledger.Reserve {
		c.faults.At(c.server, c.written(strict.Path("delivery", "queue", "reserve"), strict.Path("ledger", "reserve")),
			"the queue leaves less room on the disk (%s) than ledger.reserve (%s), below which nothing is forwarded: make it "+
				"at least that", d.Queue.Reserve, ledger.Reserve)
	}
	// Whole segments are deleted: what an event that waits is accounted for by lies in one that is as old as it, and one
	// seal more, and how it ended in one that is sealed behind.
	if least := d.TTL + 2*ledger.Seal; ledger.Retain > 0 && ledger.Retain < least {
		c.faults.At(c.server, strict.Path("ledger", "retain"),
			"an event may wait for %s (delivery.ttl), and its records are needed until it has ended: keep them for %s at least "+
				"(ttl and twice ledger.seal)", d.TTL, wholeHours(least))
	}
}

// written is the first of the places that the file has; the last one where it has none.
func (c deliveryCheck) written(places ...[]any) []any {
	for _, at := range places {
		if c.server.Has(at...) {
			return at
		}
	}
	return places[len(places)-1]
}

// wholeHours is a span, rounded up so that it reads well.
func wholeHours(d Duration) Duration {
	const hour = Duration(time.Hour)
	return (d + hour - 1) / hour * hour
}

// warnUnused warns of what is about the queue, where nothing is queued.
func (c deliveryCheck) warnUnused() {
	warn := func(at ...any) {
		if c.server.Has(at...) {
			c.warnings.Key(c.server, at, "%s has no effect in delivery mode direct", at[len(at)-1])
		}
	}
	for _, key := range []string{"ttl", "retry", "queue", "park"} {
		warn("delivery", key)
	}
	for _, id := range c.server.Keys("vendors") {
		warn("vendors", id, "rate")
		warn("vendors", id, "concurrency")
	}
}
