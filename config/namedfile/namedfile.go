// Package namedfile reads files that somebody names in a file of configuration. It promises to come back, with so many
// bytes at most: what is no file may have no end (a device), or no beginning (a pipe that nobody writes to), and a file
// may grow while it is read.
package namedfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// How long files are at most, in bytes.
const (
	Secret = 64 << 10 // of a secret, a token, credentials
	PEM    = 4 << 20  // of certificates, and of a key: those of all public authorities have a quarter of a million
)

// What is no file, and why that is not read.
var (
	ErrFolder = errors.New("it is a folder, and no file")
	ErrDevice = errors.New("it is a device, and no file: it may have no end")
	ErrPipe   = errors.New("it is a pipe, and no file: whoever reads it waits for somebody who writes")
	ErrSocket = errors.New("it is a socket, and no file")
	ErrNoFile = errors.New("it is no file")
	ErrStuck  = errors.New("it has whoever reads it wait, as no file does")
)

// TooLong says that a file has more bytes than are read of it.
type TooLong struct{ Most int64 }

// Error says so.
func (t *TooLong) Error() string { return "it has more than " + size(t.Most) + ", which are not read" }

// size writes bytes as people do.
func size(n int64) string {
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return fmt.Sprintf("%d %s", n/unit.bytes, unit.name)
		}
	}
	return plural.Of(n, "byte")
}

// Read reads a file that has so many bytes at most. The error is an [fs.PathError] of that name.
func Read(name string, most int64) ([]byte, error) {
	f, size, err := open(name)
	if err != nil {
		return nil, err
	}
	text, err := []byte(nil), error(nil)
	if size <= most { // else it is known before a byte is read
		text, err = read(f, most+1)
	}
	if err == nil && (size > most || int64(len(text)) > most) {
		text, err = nil, &TooLong{most}
	}
	return text, failed(name, errors.Join(err, f.Close()))
}

// Head reads the first bytes of a file, so many at most: whoever wants to know of more of them asks for one more.
func Head(name string, most int64) ([]byte, error) {
	f, _, err := open(name)
	if err != nil {
		return nil, err
	}
	text, err := read(f, most)
	return text, failed(name, errors.Join(err, f.Close()))
}

// Look says why what has that name is not read as a file that has so many bytes at most; nil where it can be, and where
// nothing can be found out, as there is none.
func Look(name string, most int64) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil
	case kind(info.Mode()) != nil:
		return kind(info.Mode())
	case info.Size() > most:
		return &TooLong{most}
	}
	return nil
}

// patience is how long a read may take of what calls itself a file, and has others wait as a pipe does: some of those
// that a kernel shows.
const patience = 10 * time.Second

// open opens a file. It waits for nobody who would write to a pipe, and does nothing to a device.
func open(name string) (f *os.File, size int64, err error) {
	info, err := os.Stat(name)
	if err == nil {
		err = kind(info.Mode())
	}
	if err == nil {
		f, err = os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	}
	if err != nil {
		return nil, 0, failed(name, err)
	}
	if info, err = f.Stat(); err == nil {
		err = kind(info.Mode()) // it may be another one by now
	}
	if err != nil {
		return nil, 0, failed(name, errors.Join(err, f.Close()))
	}
	_ = f.SetReadDeadline(time.Now().Add(patience)) // files of a disk have none, and need none
	return f, info.Size(), nil
}

// read reads so many bytes at most.
func read(f *os.File, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(f, most))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = ErrStuck
	}
	return text, err
}

// kind says why what has a mode is not read; nil: it is a file.
func kind(mode fs.FileMode) error {
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return ErrFolder
	case mode&fs.ModeDevice != 0:
		return ErrDevice
	case mode&fs.ModeNamedPipe != 0:
		return ErrPipe
	case mode&fs.ModeSocket != 0:
		return ErrSocket
	}
	return ErrNoFile
}

// failed is an error of a file of that name, as package os has them.
func failed(name string, err error) error {
	if err == nil {
		return nil
	}
	if of, is := errors.AsType[*fs.PathError](err); is {
		return of
	}
	return &fs.PathError{Op: "read", Path: name, Err: err}
}
