package proxy

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// followed is the nth browser of a person.
func followed(person, n byte) follows {
	return follows{lead: objection.Subject{Hash: [16]byte{person}}, browser: objection.Subject{Hash: [16]byte{n, 1}}}
}

// startFollower runs a follower whose store is a function, within a bubble of time.
func startFollower(
	t *testing.T, follow func(context.Context, []objection.Follow) ([]objection.Followed, error),
) (f *follower, logged *observer.ObservedLogs, end func()) {
	core, logged := observer.New(zap.ErrorLevel)
	f = newFollower(followerOptions{
		Log: zap.New(core), Now: time.Now, Every: every, Metrics: metrics.New(), Follow: follow,
		Expire: func(context.Context) (bool, error) { return false, nil },
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); f.run(ctx) }()
	return f, logged, func() { stop(); <-ended }
}

// counted is how many identifiers of browsers had an outcome.
func (f *follower) counted(outcome string) (n float64) {
	families, err := f.opts.Metrics.Registry.Gather()
	if err != nil {
		panic(err)
	}
	for _, family := range families {
		for _, one := range family.GetMetric() {
			if family.GetName() == "tagwarden_objections_seen_with_total" && one.GetLabel()[0].GetValue() == outcome {
				n += one.GetCounter().GetValue()
			}
		}
	}
	return n
}

// TestWhatCannotBeWrittenIsSaid: where the store takes nothing, each act is counted, and it is said once a minute; when
// it takes again, the next hits bring it.
func TestWhatCannotBeWrittenIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		broken.Store(true)
		f, logged, end := startFollower(t, func(_ context.Context, all []objection.Follow) ([]objection.Followed, error) {
			if broken.Load() {
				return nil, errors.New("too little room")
			}
			became := make([]objection.Followed, len(all))
			for i := range became {
				became[i].New = len(all[i].Seen)
			}
			return became, nil
		})
		defer end()
		for n := range byte(5) {
			f.list.put(netip.Addr{}, followed(1, n))
			<-time.After(2 * time.Second) // in the bubble's time
		}
		if got := f.counted("failed"); got != 5 || logged.Len() != 1 {
			t.Errorf("%v are counted, said %d times", got, logged.Len())
		}
		<-time.After(time.Minute)
		broken.Store(false)
		f.list.put(netip.Addr{}, followed(1, 7))
		synctest.Wait()
		if got := f.counted("written"); got != 1 || logged.Len() != 1 {
			t.Errorf("%v are written, said %d times", got, logged.Len())
		}
	})
}

// TestWhoWaitsHoldsUpNobody: a group that is not in force yet, for something slow is leaving, does not hold up the
// next ones; what more than four wait is left in the list, and written when there is a place.
func TestWhoWaitsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var begun, done atomic.Int64
		f, _, end := startFollower(t, func(_ context.Context, all []objection.Follow) ([]objection.Followed, error) {
			begun.Add(int64(len(all)))
			<-release
			done.Add(int64(len(all)))
			return make([]objection.Followed, len(all)), nil
		})
		for n := range byte(8) {
			f.list.put(netip.AddrFrom4([4]byte{192, 0, 2, n}), followed(n, n))
			synctest.Wait()
		}
		if begun.Load() != groupsAtOnce || done.Load() != 0 {
			t.Errorf("%d have begun, %d are done", begun.Load(), done.Load())
		}
		close(release)
		<-time.After(time.Second)
		synctest.Wait()
		if done.Load() != 8 {
			t.Errorf("%d are done", done.Load())
		}
		end()
	})
}

// TestTheEndIsBounded: at the end what is left is written in one step, whatever networks had already; where that cannot
// begin in two seconds it is left, and counted.
func TestTheEndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := false
		written := 0
		f, logged, end := startFollower(t, func(ctx context.Context, all []objection.Follow) ([]objection.Followed, error) {
			if stuck {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			for _, one := range all {
				written += len(one.Seen)
			}
			return make([]objection.Followed, len(all)), nil
		})
		end()
		for n := range byte(250) {
			f.list.put(netip.Addr{}, followed(1, n))
		}
		if err := f.close(); err != nil || written != 250 {
			t.Errorf("%d are written, %v", written, err)
		}
		stuck = true
		f.list.put(netip.Addr{}, followed(1, 1))
		begun := time.Now()
		if err := f.close(); err != nil || time.Since(begun) != lastMoment || f.counted("failed") != 1 || logged.Len() != 1 {
			t.Errorf("%v after %s, %v failed, said %d times", err, time.Since(begun), f.counted("failed"), logged.Len())
		}
	})
}

// TestWhoIsRefusedIsNotAskedAgain: what the store refuses, for too many follow already, is not put before it again on
// the same day.
func TestWhoIsRefusedIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, end := startFollower(t, func(_ context.Context, all []objection.Follow) ([]objection.Followed, error) {
			return []objection.Followed{{Refused: 1}}, nil
		})
		defer end()
		one := followed(1, 1)
		f.list.put(netip.Addr{}, one)
		synctest.Wait()
		asked, ok := f.asked.Get(pair{one.lead.Hash, one.browser.Hash})
		if !ok || !asked.refused || asked.day != dayOf(time.Now()) || f.counted("refused") != 1 {
			t.Errorf("%+v, %v", asked, f.counted("refused"))
		}
	})
}
