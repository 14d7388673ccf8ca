package proxy

import (
	"sync"
	"time"

	"go.uber.org/zap"
)

// minutely says faults once a minute at most: of what fails with every hit. Its zero value has said nothing.
type minutely struct {
	mu   sync.Mutex
	said time.Time
}

// fault says one, unless another was said in the minute before.
func (m *minutely) fault(log *zap.Logger, now time.Time, what string, err error) {
	m.mu.Lock()
	quiet := now.Sub(m.said).Abs() < time.Minute
	if !quiet {
		m.said = now
	}
	m.mu.Unlock()
	if !quiet {
		fault(log, what, err)
	}
}
