package proxy

import (
	"maps"
	"sync"
	"sync/atomic"
)

// mostFound is how many keys are remembered.
const mostFound = 4096

// found remembers what was once looked up, for keys of which there are few. Looking again takes no lock: the map is never changed, only
// replaced.
type found[K comparable, V any] struct {
	known atomic.Pointer[map[K]V]
	mu    sync.Mutex // of those who replace it
}

// get returns what belongs to a key, looked up where it is not known yet.
func (f *found[K, V]) get(key K, look func() V) V {
	if known := f.known.Load(); known != nil {
		if v, ok := (*known)[key]; ok {
			return v
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	next := map[K]V{}
	if known := f.known.Load(); known != nil {
		maps.Copy(next, *known)
	}
	v := look()
	if len(next) < mostFound {
		next[key] = v
		f.known.Store(&next)
	}
	return v
}
