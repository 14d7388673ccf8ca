package segment

import (
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// sync brings what was written to disk. The mutex is held on entry and on return, and let go of meanwhile.
//
// After a failed fsync(2) nothing says what of the file is on disk, and the next one would say that all is well: the
// file is closed, and neither read nor synced again. What it was to bring to disk is still in memory, and is written
// and synced in another file, under the same numbers, before anybody is answered.
func (w *Writer) sync() {
	w.syncing = true
	if !w.lost {
		w.syncFile()
	}
	if w.lost && (w.tries == 1 || !w.waits()) {
		for w.writing {
			w.idle.Wait()
		}
		w.writing = true
		w.writeAgain()
		w.writing = false
	}
	w.syncing = false
	w.reached.Broadcast()
	w.next.done.Broadcast()
	w.idle.Broadcast()
}

// syncFile syncs the file. The caller is who syncs.
func (w *Writer) syncFile() {
	if !w.unsynced.syncs() {
		return
	}
	file := w.file
	w.mu.Unlock()
	err := syncTimed(&w.opts, file)
	w.mu.Lock()
	if err != nil {
		w.fails(err)
		w.lost, w.tries = true, 1
		return
	}
	w.unsynced.synced()
}

// syncTimed syncs a file, and tells how long that took.
func syncTimed(o *Options, file durable.File) error {
	if o.Synced == nil {
		return file.Sync()
	}
	begun := o.Elapsed()
	err := file.Sync()
	if err == nil {
		o.Synced(o.Elapsed() - begun)
	}
	return err
}

// writeAgain writes what is not synced to another file, and syncs that. Where it fails it is tried again later; until
// then nothing is taken. The caller is who writes.
func (w *Writer) writeAgain() {
	old := w.file
	w.file = nil
	first, parts := w.unsynced.all()
	w.mu.Unlock()
	if old != nil {
		_ = old.Close() // what it says of the bytes is not known to be true
	}
	path := w.place.pathOf(first)
	file, err := w.place.another(path, parts)
	if err == nil && w.opts.Moved != nil {
		w.opts.Moved(path, first)
	}
	w.mu.Lock()
	if err != nil {
		w.fails(err)
		w.tries++
		return
	}
	w.install(file, path, first, int64(len(parts[0])+len(parts[1])))
	w.unsynced.allSynced()
	w.lost, w.err, w.tries = false, nil, 0
}

// tick writes what nobody waited for, syncs what was written, and tries again what failed.
func (w *Writer) tick() {
	defer w.over.Done()
	t := time.NewTicker(w.opts.Sync)
	defer t.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-t.C:
			w.mu.Lock()
			w.flush()
			w.mu.Unlock()
		}
	}
}

// flush writes and syncs, as far as nobody else does.
func (w *Writer) flush() {
	if (w.keptN > 0 || w.next.n > 0) && !w.writing && !w.wanted && !w.waits() && !w.behind() {
		w.write()
	}
	if unclean := w.lost || w.unsynced.bytes() > 0; unclean && !w.syncing && !w.wanted && (!w.lost || !w.waits()) {
		w.sync()
	}
}

// Next is the number of the next record, and Synced that of the first one that may not be on disk.
func (w *Writer) Next() (next, synced uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.number, w.unsynced.begin()
}

// SyncTo waits until every record before a number, which were written, is on disk.
func (w *Writer) SyncTo(number uint64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.unsynced.begin() < number {
		switch {
		case w.closed:
			return ErrClosed
		case w.lost && w.waits():
			return w.err
		case w.syncing || w.wanted:
			w.reached.Wait()
		default:
			w.sync()
		}
	}
	return nil
}
