package proxy

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// TestTurnedAwayIsBounded: however many tokens try however much, a minute's record is no longer than there is room for,
// and no call is left out of the count.
func TestTurnedAwayIsBounded(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	now := noon
	var noted []ledger.TurnedAway
	full := errors.New("the disk is full")
	away := newTurnedAway(func() time.Time { return now }, func(all []ledger.TurnedAway) error {
		noted = all
		return full
	})
	away.add(api.Refused{Why: api.WrongToken})
	for i := range 1000 {
		away.add(api.Refused{Why: api.Forbidden, Permission: access.Search, By: fmt.Sprint("token-", i)})
	}
	now = noon.Add(time.Minute)
	if err := away.keep(); !errors.Is(err, full) {
		t.Error(err)
	}
	var count, others uint64
	for _, one := range noted {
		if count += one.Count; one.Why == api.Forbidden && one.By == "" {
			others = one.Count
		}
		if !one.From.Equal(noon) || !one.To.Equal(now) {
			t.Errorf("%+v", one)
		}
	}
	if len(noted) != mostTurnedAway+1 || count != 1001 || others != 1000-mostTurnedAway+1 {
		t.Errorf("%d kinds, %d calls, %d of others", len(noted), count, others)
	}
	now = now.Add(time.Minute)
	if away.add(api.Refused{Why: api.TooMany}); away.keep() == nil || len(noted) != 1 ||
		!noted[0].From.Equal(noon.Add(time.Minute)) {
		t.Errorf("%+v", noted)
	}
}
