package webhook

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
)

// work sends to one receiver until the context ends, and returns when nothing is under way any more.
func (o *Outbox) work(ctx context.Context, l *line) {
	var under sync.WaitGroup
	for ctx.Err() == nil {
		o.expire(l)
		now := o.opts.Now()
		m, r, idle := l.next(now, o.opts.Rand())
		if m != nil {
			under.Go(func() { o.send(ctx, r, l, m) })
		}
		ids, soon := l.toAck(now, false)
		if len(ids) > 0 {
			under.Go(func() { o.ack(l, ids) })
		}
		if m == nil && len(ids) == 0 {
			o.wait(ctx, l.kick, min(idle, soon))
		}
	}
	under.Wait()
	if ids, _ := l.toAck(o.opts.Now(), true); len(ids) > 0 {
		o.ack(l, ids)
	}
}

// send tries to tell a receiver of a message, and says what became of that.
func (o *Outbox) send(ctx context.Context, r *Receiver, l *line, m *message) {
	event, out, err := o.try(ctx, r, m)
	if out.why != "" && !last(out.why) && ctx.Err() != nil {
		out.why = whyEnded
	}
	now := o.opts.Now()
	l.ended(m, out, now, o.opts.Rand())
	switch out.why {
	case "":
		o.opts.OnDelivered(l.name, event, m.age(now))
	case whyStore:
		o.opts.Fault(err)
	case whyEnded:
	default:
		o.opts.OnFailed(l.name, event, out.why, err)
	}
}

// try tries to tell a receiver of a message. The event is "" where it cannot be read.
func (o *Outbox) try(ctx context.Context, r *Receiver, m *message) (event string, out outcome, err error) {
	out.receiver = r
	body, err := o.opts.Store.Body(m.id)
	if err != nil {
		out.why = whyStore
		return "", out, err
	}
	act, err := o.open(r.Name(), body)
	if err != nil {
		out.why = WhyUnreadable
		return "", out, err
	}
	out.why, out.after, err = o.attempt(ctx, r, body, act)
	return act.Type, out, err
}

// ack acknowledges messages that are over.
func (o *Outbox) ack(l *line, ids []uint64) (done bool) {
	err := o.opts.Store.Ack(ids)
	l.acked(ids, err, o.opts.Now())
	if err != nil {
		o.opts.Fault(fmt.Errorf("what was sent, or given up, cannot be settled: nothing more is sent, and after a restart "+
			"it is sent again: %w", err))
	}
	return err == nil
}

// States tells how each receiver does, by name: those in force, and those that messages wait for.
func (o *Outbox) States() []State {
	var list []State
	for _, l := range o.all() {
		if s := l.state(); s.Known || s.Room.Messages > 0 {
			s.Ends = o.certificates.of(s.Name)
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b State) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
