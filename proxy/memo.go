package proxy

import (
	"maps"
	"sync"
	"sync/atomic"
)

// mostMemos is how many keys are remembered.
const mostMemos = 4096

// memo remembers what was once looked up, for keys of which there are few. Looking again takes no lock: the map is
// never changed, only replaced.
type memo[K comparable, V any] struct {
	known atomic.Pointer[map[K]V]
	mu    sync.Mutex // of those who replace it
}

// get returns what belongs to a key, looked up where it is not known yet.
func (m *memo[K, V]) get(key K, look func() V) V {
	if known := m.known.Load(); known != nil {
		if v, ok := (*known)[key]; ok {
			return v
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	next := map[K]V{}
	if known := m.known.Load(); known != nil {
		maps.Copy(next, *known)
	}
	v := look()
	if len(next) < mostMemos {
		next[key] = v
		m.known.Store(&next)
	}
	return v
}
