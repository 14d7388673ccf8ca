//go:build unix

package durable

import (
	"io/fs"
	"os"
	"syscall"
)

// KeepOwner gives a file the owner and the group of another, which is described. An error says that this
// process may not: then it stays its own.
func KeepOwner(path string, of fs.FileInfo) error {
	is, err := os.Stat(path)
	if err != nil {
		return err
	}
	want, known := of.Sys().(*syscall.Stat_t)
	has, hasOne := is.Sys().(*syscall.Stat_t)
	if !known || !hasOne || has.Uid == want.Uid && has.Gid == want.Gid {
		return nil
	}
	return os.Chown(path, int(want.Uid), int(want.Gid))
}
