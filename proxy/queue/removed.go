package queue

// Removed tells whether files of the queue were removed while nobody had it open, notes or frames, by what else lies
// there: the log was asked for all that there is then. Which events those held, it alone knows.
func Removed(q *Queue) bool { return q.removed }

// Lost counts events as lost of which nothing is left here.
func Lost(q *Queue, events int) {
	q.mu.Lock()
	q.damaged += events
	q.mu.Unlock()
}

// lacks tells whether files are missing that were there: the notes, which each start takes, or the file that a key was
// made for, as its name says.
func (q opening) lacks(notes bool) bool {
	for _, s := range []*store{q.waiting, q.parked} {
		newest, alone := uint64(0), 0
		for _, k := range s.keys {
			newest = max(newest, k.id)
			if k.files == 0 && k.suffix == keySuffix {
				alone++
			}
		}
		if last := len(s.files) - 1; alone > 0 && last >= 0 && s.files[last].size == 0 && s.keys[newest].files == 0 &&
			s.keys[newest].suffix == keySuffix {
			alone-- // nothing was written below it, by a version that called it so at once
		}
		if alone > 0 || notes && len(s.keys)+len(s.files) > 0 {
			return true
		}
	}
	return false
}
