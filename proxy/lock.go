package proxy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tagwarden/tagwarden/config/durable"
)

// ErrLocked says that another process holds a data folder.
var ErrLocked = errors.New("the data folder is in use")

// Lock holds a data folder for one process, by an advisory lock on the file "lock" in it. It
// ends with the process, however that ends.
type Lock struct {
	file *os.File

	Shut string // what was done so that nobody but its owner can enter the folder; "": that was so
}

// LockData takes a data folder, which is made where it does not exist. One that others can enter is shut to them, or
// refused where it belongs to somebody else. The error is [ErrLocked] where another process has it, and names that;
// [ErrNewer] where a newer version wrote it; [ErrRestoring] where it is half of a copy.
func LockData(dir string) (*Lock, error) {
	if err := WholeData(dir); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return lockData(dir)
}

// WholeData tells whether a data folder is whole, or not there yet: [ErrRestoring] where it is half of a copy.
// Whoever opens anything in one asks it first.
func WholeData(dir string) error {
	_, err := os.Stat(filepath.Join(dir, restoringDir))
	switch {
	case err == nil:
		return ErrRestoring
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return fmt.Errorf("cannot look at the data folder: %w", err)
}

// lockData is LockData of a folder that may be half of one.
func lockData(dir string) (*Lock, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := (durable.Files{}).Folder(dir, 0o700); err != nil {
			return nil, fmt.Errorf("cannot make the data folder: %w", err)
		}
	}
	shut, err := shutFolder(dir, os.Geteuid())
	if err != nil {
		return nil, err
	}
	if err := checkFormat(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the data folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		text, _ := io.ReadAll(io.LimitReader(f, 20))
		_ = f.Close()
		return nil, fmt.Errorf("%w: process %s has %s; two would write over each other", ErrLocked,
			strings.TrimSpace(string(text)), dir)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(fmt.Sprintf("%-19d\n", os.Getpid())), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cannot lock the data folder: %w", err)
	}
	return &Lock{f, shut}, nil
}

// held tells whether a process holds a data folder. Nothing is written for that.
func held(dir string) bool {
	f, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // and with it what it locks
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// Shut says what was done so that nobody but its owner can enter the data folder; "" where that was so.
func (s *Server) Shut() string { return s.lock.Shut }

// shutFolder takes away what others may do with a folder of user's, and says so; "" where they could do nothing.
func shutFolder(dir string, user int) (said string, err error) {
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("cannot look at the data folder: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("cannot use the data folder: %s is none", dir)
	}
	mode := info.Mode().Perm()
	if mode&0o077 == 0 {
		return "", nil
	}
	if of, ok := info.Sys().(*syscall.Stat_t); !ok || int64(of.Uid) != int64(user) {
		return "", fmt.Errorf(
			"the data folder %s can be entered by others (mode %04o) and is not of the user that this runs as: "+
				"give it to that user and `chmod 700` it, or let data: name a folder inside it, which is made", dir, mode)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder has to be entered
		return "", fmt.Errorf("the data folder %s can be entered by others (mode %04o), and that cannot be changed: %w",
			dir, mode, err)
	}
	return fmt.Sprintf("the data folder %s could be entered by others (mode %04o): its mode is 0700 now", dir, mode), nil
}

// Release gives the folder back. The file stays: who waits for it has it open.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}
