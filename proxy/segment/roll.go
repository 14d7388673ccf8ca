package segment

import (
	"errors"
	"os"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Roll ends the file, on disk, and begins another; a file without records goes on. Where the next
// one cannot be begun, this one goes on.
//
// Most is synced before, and the next file is begun under another name, while records are written as ever. Who comes
// then waits for what is left: one small sync, and a new name.
func (w *Writer) Roll() (Ended, error) {
	w.mu.Lock()
	if w.unsynced.bytes() > 0 && !w.syncing && !w.wanted && !w.lost {
		w.sync()
	}
	path := w.path
	empty := w.number == w.first && w.next.n == 0 && w.keptN == 0
	w.mu.Unlock()
	if empty {
		return Ended{}, nil
	}
	next, err := w.place.beside(path)
	if err != nil {
		return Ended{}, err
	}
	w.mu.Lock()
	var ended Ended
	if err = w.hold(); err == nil {
		ended, err = w.roll(next, path+BesideSuffix)
		w.release()
	}
	w.mu.Unlock()
	if ended.N == 0 {
		err = errors.Join(err, next.Close(), w.place.files.Remove(path+BesideSuffix))
	}
	return ended, err
}

// hold has the caller be who writes and syncs, and nobody else; until [Writer.release].
func (w *Writer) hold() error {
	for w.wanted {
		w.idle.Wait()
	}
	w.wanted = true
	for w.writing || w.syncing || w.lost && !w.waits() {
		if w.writing || w.syncing {
			w.idle.Wait()
		} else {
			w.sync()
		}
	}
	if err := w.refuses(); err != nil {
		w.wanted = false
		w.wake()
		return err
	}
	w.writing, w.syncing = true, true
	return nil
}

// release lets others go on.
func (w *Writer) release() {
	w.wanted, w.writing, w.syncing = false, false, false
	w.wake()
}

// wake wakes whoever waits to write or sync.
func (w *Writer) wake() {
	w.next.done.Broadcast()
	w.reached.Broadcast()
	w.idle.Broadcast()
}

// finish writes what was added, and syncs everything. The caller holds the writer. What is added meanwhile belongs to
// another era.
func (w *Writer) finish() error {
	b := w.take(w.number)
	w.era++
	if b.n > 0 {
		w.put(b)
	}
	err := b.err
	if b.n == 0 {
		b.written = true
		b.done.Broadcast()
	}
	w.recycle(b)
	if err != nil {
		return err
	}
	if w.syncFile(); w.lost {
		return w.err
	}
	return nil
}

// roll ends the file and goes on in the one that lies beside it. The caller holds the writer.
func (w *Writer) roll(next durable.File, beside string) (Ended, error) {
	if err := w.finish(); err != nil || w.number == w.first {
		return Ended{}, err
	}
	ended := Ended{w.path, w.first, w.number - w.first, w.size}
	path := w.place.pathOf(w.number)
	w.mu.Unlock()
	_, err := os.Lstat(path)
	if err == nil {
		err = os.ErrExist
	} else {
		err = w.place.named(beside, path)
	}
	w.mu.Lock()
	if err != nil {
		return Ended{}, err
	}
	old := w.file
	w.install(next, path, w.number, 0)
	w.mu.Unlock()
	_ = old.Close() // everything is synced
	err = w.place.files.SyncFolder(w.opts.Dir)
	w.mu.Lock()
	if err != nil { // the name may not be on disk
		w.fails(err)
		w.lost, w.tries = true, 1
	}
	return ended, nil
}

// Close writes and syncs everything, and ends the file. Nothing is taken afterwards; who still waits is told so.
func (w *Writer) Close() error {
	close(w.stop)
	w.over.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.hold()
	if err == nil {
		if err = w.finish(); w.lost {
			w.writeAgain()
			if err = nil; w.lost {
				err = w.err
			}
		}
		w.release()
	}
	w.closed = true
	w.fail(w.next, ErrClosed)
	w.wake()
	for w.writing || w.syncing {
		w.idle.Wait()
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	return err
}
