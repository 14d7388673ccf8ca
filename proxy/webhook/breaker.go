package webhook

import "time"

// enoughInARow is after how many messages that failed one after another it is the receiver that is taken to fail.
const enoughInARow = 5

// breaker lets a receiver be that takes nothing. While it is open one message at a time is tried, each time another
// one, so that one which is never taken does not stand for all.
type breaker struct {
	row    int       // messages that failed since one was taken, each counted once
	number uint64    // of the row: goes up with each message that is taken
	opens  int       // failures since it was closed
	until  time.Time // it is let be until then; zero: the breaker is closed
	probe  *message  // that is tried while it is open
}

func (b *breaker) open() bool { return !b.until.IsZero() }

// taken closes it.
func (b *breaker) taken() { *b = breaker{number: b.number + 1} }

// failed notes that a message was not taken. Where that is the receiver's fault for sure, one is enough. It returns
// whether the failure may be the message's own.
func (b *breaker) failed(m *message, sure bool, after time.Duration, now time.Time, random float64) (own bool) {
	if m.row != b.number+1 {
		m.row = b.number + 1
		b.row++
	}
	switch {
	case b.open() && b.probe != m: // it began before that was known
		if own = !sure; own {
			return true
		}
	case b.open() || sure || b.row >= enoughInARow:
		own = !sure && !b.open()
		b.opens++
		b.until = now.Add(ofReceiver.Delay(b.opens, 0, random))
	default:
		return true
	}
	if !sure {
		after = min(after, ofReceiver.Most) // one message does not hold up all for longer
	}
	if until := now.Add(after); b.until.Before(until) {
		b.until = until
	}
	return own
}
