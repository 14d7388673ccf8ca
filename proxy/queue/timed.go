package queue

import "container/heap"

// timed is a heap of entries: the first of them is first by some time. Each knows its place in it, so that it is taken
// out from wherever it stands.
type timed struct {
	all    []*entry
	before func(e, f *entry) bool
	place  func(e *entry) *int32
}

// byDue has those first that are due first, and of those that are due together, came first.
func byDue() timed {
	return timed{
		before: func(e, f *entry) bool { return e.due < f.due || e.due == f.due && e.name.Compare(f.name) < 0 },
		place:  func(e *entry) *int32 { return &e.inLater },
	}
}

// byExpiry has those first that have waited for too long first.
func byExpiry() timed {
	return timed{
		before: func(e, f *entry) bool {
			return e.expires < f.expires || e.expires == f.expires && e.name.Compare(f.name) < 0
		},
		place: func(e *entry) *int32 { return &e.inExpiring },
	}
}

func (t *timed) first() *entry {
	if len(t.all) == 0 {
		return nil
	}
	return t.all[0]
}

func (t *timed) add(e *entry)    { heap.Push(t, e) }
func (t *timed) remove(e *entry) { heap.Remove(t, int(*t.place(e))) }

// hasten has those that are due after a time be due then, and returns how many they are.
func (t *timed) hasten(now int64) (n int) {
	for _, e := range t.all {
		if e.due > now {
			e.due = now
			n++
		}
	}
	heap.Init(t)
	return n
}

// Len is that of heap.Interface.
func (t *timed) Len() int { return len(t.all) }

// Less is that of heap.Interface.
func (t *timed) Less(i, j int) bool { return t.before(t.all[i], t.all[j]) }

// Swap is that of heap.Interface.
func (t *timed) Swap(i, j int) {
	t.all[i], t.all[j] = t.all[j], t.all[i]
	*t.place(t.all[i]), *t.place(t.all[j]) = int32(i), int32(j)
}

// Push is that of heap.Interface.
func (t *timed) Push(x any) {
	e := x.(*entry)
	*t.place(e) = int32(len(t.all))
	t.all = append(t.all, e)
}

// Pop is that of heap.Interface.
func (t *timed) Pop() any {
	n := len(t.all) - 1
	e := t.all[n]
	t.all[n] = nil
	t.all = t.all[:n]
	return e
}
