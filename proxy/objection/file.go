package objection

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// dataFile is the file while it is open. One goroutine writes to it, in transactions of bbolt's; whoever reads meets
// what the last commit left, whole, and does not wait for the next one.
type dataFile struct {
	path     string
	db       *bolt.DB
	file     *os.File // the same file, to read pages from
	pageSize int
	mapped   int64                // at least so many bytes of the file are mapped
	view     atomic.Pointer[view] // of the last commit; nil: there is none, the file is closed or not yet open
	closed   atomic.Bool          // nobody begins to read any more
}

// openFile locks the file, looks whether it is whole, and only then has it mapped into so much address space, or more.
// It waits for another process that has it. Where it fails, nothing stays open.
func openFile(path string, mapped int, wait time.Duration) (f *dataFile, found layout, err error) {
	var file *os.File
	if info, err := os.Stat(path); err == nil && info.Size() > int64(mapped)/2 {
		mapped = int(2 * info.Size())
	}
	f = &dataFile{path: path, mapped: int64(mapped)}
	err = guarded(func() error {
		f.db, err = bolt.Open(path, 0o600, &bolt.Options{
			InitialMmapSize: mapped, FreelistType: bolt.FreelistArrayType, NoStatistics: true, Timeout: time.Second,
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				if file, err = os.OpenFile(name, flag, mode); err != nil {
					return nil, err
				}
				if err := lock(file, wait); err != nil {
					_ = file.Close()
					return nil, fmt.Errorf("%w: %s: end that one first, or give this one a data folder of its own", err, name)
				}
				if found, err = inspect(file); err != nil {
					_ = file.Close()
					return nil, err
				}
				return file, nil
			},
		})
		return err
	})
	if errors.Is(err, ErrDamaged) {
		if file != nil {
			_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) // a map that a panic left keeps the file open
			_ = file.Close()
		}
		return nil, layout{}, fmt.Errorf("%w (%s): %s", err, path, whatToDo)
	}
	if err != nil {
		return nil, layout{}, fmt.Errorf("cannot open the store of objections: %w", err)
	}
	f.pageSize = found.pageSize
	if f.file, err = os.Open(path); err != nil {
		return nil, layout{}, fmt.Errorf("cannot read the store of objections: %w", errors.Join(err, f.db.Close()))
	}
	return f, found, nil
}

// lock takes the file for this process. bbolt takes the same lock on the same open file, and then has it already.
func lock(file *os.File, wait time.Duration) error {
	for end := time.Now().Add(wait); ; time.Sleep(10 * time.Millisecond) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if time.Now().After(end) {
			return ErrLocked
		}
	}
}

// close ends reading, and closes the file once those are done who read.
func (f *dataFile) close() error {
	f.closed.Store(true)
	f.show(nil)
	return errors.Join(f.db.Close(), f.file.Close())
}

// whyNot is the error for one of bbolt's.
func whyNot(err error) error {
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// read calls do in a read transaction of its own.
func (f *dataFile) read(do func(tx *bolt.Tx) error) error {
	if f.closed.Load() {
		return ErrClosed
	}
	tx, err := f.db.Begin(false)
	if err != nil {
		return whyNot(err)
	}
	defer func() { _ = tx.Rollback() }()
	return guarded(func() error { return do(tx) })
}

// standing reads what stands for a subject. It never waits for a writer.
func (f *dataFile) standing(hash [16]byte) (found standing, err error) {
	v, err := f.held()
	if err != nil {
		return standing{}, err
	}
	defer v.release()
	err = guarded(func() error {
		value := v.subjects.Get(hash[:])
		if value == nil {
			return nil
		}
		r, d, err := parseInForce(hash[:], value)
		if err == nil {
			found = standing{r.scopes, r.past(), actingFrom(&r, d), r.chosen.scopes()}
		}
		return err
	})
	if err != nil {
		return standing{}, err
	}
	return found, nil
}

// inPlace looks whether the file that is open is still the one in its place. An error is an ErrGone, or ErrClosed.
func (f *dataFile) inPlace() error {
	open, err := f.file.Stat()
	if err != nil {
		return ErrClosed
	}
	there, err := os.Stat(f.path)
	switch {
	case err != nil:
		return fmt.Errorf("%w: there is nothing that can be read at %s", ErrGone, f.path)
	case !os.SameFile(open, there):
		return fmt.Errorf("%w: another file is at %s", ErrGone, f.path)
	}
	return nil
}

// guarded calls f, and returns as ErrDamaged what bbolt panics with, and what the kernel signals where a page of the
// map cannot be read.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, why)
		}
	}()
	return f()
}
