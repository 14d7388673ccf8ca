package ledger

import "go.uber.org/zap/zapcore"

// entry is a record that is not about an event.
type entry struct {
	kind    string
	members zapcore.ObjectMarshaler
}

// put records entries together, and waits until they are written.
func (l *Ledger) put(entries ...entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	now := l.opts.Now()
	for _, e := range entries {
		if err := l.add(now, e.kind, e.members); err != nil {
			return err
		}
	}
	return l.commit()
}
