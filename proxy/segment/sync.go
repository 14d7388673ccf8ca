package segment

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// sync brings what was written to disk. The mutex is held on entry and on return, and let go of meanwhile.
//
// After a failed fsync(2) nothing says what of the file is on disk, and the next one would say that all is well: the file
// is closed, and neither read nor synced again. What it was to bring to disk is still in memory, and is written and synced in
// another file, under the same numbers, before anybody is answered.
func (w *Writer) sync() {
	w.syncing = true
	if !w.lost {
		w.syncFile()
	}
	if w.lost && (w.tries == 1 || !w.waits()) {
		w.writeAgain()
	}
	w.syncing = false
	for _, b := range w.unsynced {
		b.done.Broadcast()
	}
	w.next.done.Broadcast()
	w.idle.Broadcast()
}

// syncFile syncs the file.
func (w *Writer) syncFile() {
	n, file := len(w.unsynced), w.file
	if n == 0 {
		return
	}
	w.mu.Unlock()
	err := file.Sync()
	w.mu.Lock()
	if err != nil {
		w.fails(err)
		w.lost, w.tries = true, 1
		return
	}
	w.reached(n)
}

// reached marks the oldest batches as being on disk.
func (w *Writer) reached(n int) {
	for i, b := range w.unsynced[:n] {
		b.synced = true
		w.bytes -= len(b.frames)
		b.done.Broadcast()
		w.recycle(b)
		w.unsynced[i] = nil
	}
	w.unsynced = append(w.unsynced[:0], w.unsynced[n:]...)
}

// writeAgain writes what is not synced to another file, and syncs that. Where it fails it is tried again later; until then
// nothing is taken.
func (w *Writer) writeAgain() {
	for w.writing {
		w.idle.Wait()
	}
	w.writing = true
	again := w.unsynced
	from := w.number
	if len(again) > 0 {
		from = again[0].first
	}
	old := w.file
	w.mu.Unlock()
	err := w.another(old, from, again)
	w.mu.Lock()
	if w.writing = false; err != nil {
		w.fails(err)
		w.tries++
	} else {
		w.lost, w.err, w.tries = false, nil, 0
		w.reached(len(again))
	}
}

// another begins another file with what is to be on disk. One of that name holds nothing that is: its records are in memory.
func (w *Writer) another(old durable.File, from uint64, again []*batch) error {
	if old != nil {
		_ = old.Close() // what it says of the bytes is not known to be true
		w.file = nil
	}
	path := filepath.Join(w.opts.Dir, w.opts.Name(from))
	files := durable.Files{Disk: w.opts.Disk}
	if err := files.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := w.begin(from); err != nil {
		return err
	}
	for _, b := range again {
		n, err := w.file.Write(b.frames)
		if err == nil && n < len(b.frames) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
		w.size += int64(len(b.frames))
	}
	return w.file.Sync()
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
	if (w.keptN > 0 || w.next.n > 0) && !w.writing && !w.waits() && !w.behind() {
		w.write()
	}
	if w.unclean() && !w.syncing && !(w.lost && w.waits()) {
		w.sync()
	}
}

// unclean tells whether something is to be synced.
func (w *Writer) unclean() bool { return len(w.unsynced) > 0 || w.lost }

// Roll ends the file, on disk, and begins another; a file without records goes on. Where the next one cannot be begun, the
// one before has ended all the same: nothing is taken until a later try begins it.
func (w *Writer) Roll() (Ended, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.end(); err != nil {
		return Ended{}, err
	}
	if w.number == w.first {
		return Ended{}, nil
	}
	// The mutex is held until the next file is there: whoever comes meanwhile waits for it.
	ended := Ended{w.path, w.first, w.number - w.first, w.size}
	if err := w.another(w.file, w.number, nil); err != nil {
		w.fails(err)
		w.lost, w.tries = true, 1
		return ended, w.err
	}
	return ended, nil
}

// end writes and syncs everything. Nobody writes or syncs when it returns.
func (w *Writer) end() error {
	for {
		switch {
		case w.closed:
			return ErrClosed
		case w.writing || w.syncing:
			w.idle.Wait()
		case w.lost && w.waits():
			return w.err
		case w.unclean():
			w.sync()
		case w.keptN > 0 || w.next.n > 0:
			if w.waits() {
				return w.err
			}
			w.write()
		default:
			return nil
		}
	}
}

// Close writes and syncs everything, and ends the file. Nothing is taken afterwards; who still waits is told so.
func (w *Writer) Close() error {
	close(w.stop)
	w.over.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.end()
	w.closed = true
	for w.writing || w.syncing {
		w.idle.Wait()
	}
	for _, b := range w.unsynced {
		b.done.Broadcast()
	}
	w.fail(w.next, ErrClosed)
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	return err
}

// Next is the number of the next record, and Synced that of the first one that may not be on disk.
func (w *Writer) Next() (next, synced uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if synced = w.number; len(w.unsynced) > 0 {
		synced = w.unsynced[0].first
	}
	return w.number, synced
}

// SyncTo waits until every record before a number, which were written, is on disk.
func (w *Writer) SyncTo(number uint64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.unsynced) > 0 && w.unsynced[0].first < number {
		switch {
		case w.closed:
			return ErrClosed
		case w.lost && w.waits():
			return w.err
		case w.syncing:
			w.idle.Wait()
		default:
			w.sync()
		}
	}
	return nil
}
