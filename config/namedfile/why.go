package namedfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// causes are why the system refuses to read or write a file, in words.
var causes = []struct {
	is   error
	says string
}{
	{fs.ErrNotExist, "there is no such file or folder"},
	{syscall.EISDIR, "it is a folder"},
	{syscall.ENOTDIR, "a part of its path is no folder"},
	{syscall.EACCES, "this user may not (permission denied)"},
	{syscall.EPERM, "the system does not permit it (operation not permitted)"},
	{syscall.EROFS, "its disk can be read alone (read-only file system)"},
	{syscall.ELOOP, "its links lead in a circle"},
	{fs.ErrExist, "it is there already"},
	{syscall.ENOSPC, "the disk is full (no space left on device)"},
}

// WhyNot says in words why a call of the system about a file failed, and what the error
// says itself where there are none for it.
func WhyNot(err error) string {
	for _, c := range causes {
		if errors.Is(err, c.is) {
			return c.says
		}
	}
	return err.Error()
}

// WhyUnread says in words why the file of that name cannot be read: of a link that leads nowhere, where it leads.
func WhyUnread(name string, err error) string {
	if to, is := os.Readlink(name); is == nil && errors.Is(err, fs.ErrNotExist) {
		return "it is a link to " + to + ", which is not there"
	}
	return WhyNot(bare(err))
}

// bare leaves the call and the name out of an error of the system.
func bare(err error) error {
	if of, is := errors.AsType[*fs.PathError](err); is {
		return of.Err
	}
	return err
}

// Unread is an error that says of what cannot be read why, and what would be right: what is "the webhook's secret".
func Unread(what, name, right string, err error) error {
	return &unread{"cannot read " + what + ": " + name + ": " + WhyUnread(name, err) + "; right is " + right, err}
}

type unread struct {
	says string
	err  error
}

// Error says it.
func (u *unread) Error() string { return u.says }

// Unwrap is the error as it came.
func (u *unread) Unwrap() error { return u.err }
