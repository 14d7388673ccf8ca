package proxy

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrLocked says that another process holds a data folder.
var ErrLocked = errors.New("the data folder is in use")

// Lock holds a data folder for one process, by an advisory lock on the file "lock" in it. It ends with the process, however that ends.
type Lock struct{ file *os.File }

// LockData takes a data folder, which is made where it does not exist. The error is ErrLocked where another process has it, and names that.
func LockData(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the data folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		text, _ := io.ReadAll(io.LimitReader(f, 20))
		_ = f.Close()
		return nil, fmt.Errorf("%w: process %s has %s; two would write over each other", ErrLocked, strings.TrimSpace(string(text)), dir)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(fmt.Sprintf("%-19d\n", os.Getpid())), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cannot lock the data folder: %w", err)
	}
	return &Lock{f}, nil
}

// Release gives the folder back. The file stays: who waits for it has it open.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}
