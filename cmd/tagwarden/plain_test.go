package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tagwarden/tagwarden/config/strict"
)

// TestPlainly: errors of the system are said in words, each with its place once, whatever they stand in.
func TestPlainly(t *testing.T) {
	t.Parallel()
	_, gone := os.Open("no.such")
	_, folder := os.ReadFile(t.TempDir())
	_, below := os.Stat("main.go/x")
	there := os.Mkdir("testdata", 0o700)
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
	for want, err := range map[string]error{
		"no.such: there is no such file or folder":        gone,
		"--hit: no.such: there is no such file or folder": fmt.Errorf("--hit: %w", gone),
		"a no.such: there is no such file or folder b":    fmt.Errorf("a no.such: %w b", gone),
		": it is a folder":                           folder,
		"main.go/x: a part of its path is no folder": below,
		"y: denied": &os.LinkError{Op: "rename", Old: "x", New: "y", Err: errors.New("denied")},
		"other":     errors.New("other"),
		"--key: x: this user may not (permission denied)": fmt.Errorf("--key: %w", &fs.PathError{Op: "open", Path: "x",
			Err: syscall.EACCES}),
		"x: its links lead in a circle": &fs.PathError{Op: "open", Path: "x", Err: syscall.ELOOP},
		"for hits: 127.0.0.1:80: it is no address of this machine (cannot assign requested address)": fmt.Errorf(
			"for hits: %w", &net.OpError{
				Op: "listen", Net: "tcp", Addr: at, Err: os.NewSyscallError("bind", syscall.EADDRNOTAVAIL),
			}),
		"for hits: nobody knows an address of the name foo.invalid": fmt.Errorf("for hits: %w", &net.OpError{
			Op: "listen", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "foo.invalid", Server: "192.0.2.1:53",
				IsNotFound: true},
		}),
		"for hits: the name foo.invalid cannot be looked up (server misbehaving)": fmt.Errorf("for hits: %w", &net.OpError{
			Op: "listen", Net: "tcp", Err: &net.DNSError{Err: "server misbehaving", Name: "foo.invalid", Server: "192.0.2.1:53"},
		}),
		"testdata: it is there already": there,
		"d/e.jsonl: the disk is full (no space left on device)": &fs.PathError{Op: "write", Path: "d/.e.jsonl.0.new",
			Err: syscall.ENOSPC},
		"d/e: its links lead in a circle": &fs.PathError{Op: "open", Path: "d/e", Err: syscall.ELOOP},
		"it is full: the disk is full (no space left on device)": fmt.Errorf("it is full: %w",
			&os.SyscallError{Syscall: "write", Err: syscall.ENOSPC}),
		"no.such: there is no such file or folder; x: denied": errors.Join(gone, &fs.PathError{Op: "open", Path: "x",
			Err: errors.New("denied")}),
		"ledger: it is full; other": errors.Join(errors.New("ledger: it is full"),
			errors.New("it is full"), errors.New("other")),
		"begin: a; b": fmt.Errorf("begin: %w",
			errors.Join(errors.New("a"), errors.New("b"))),
		"127.0.0.1:80: nobody listens there (connection refused)": &net.OpError{
			Op: "dial", Net: "tcp", Addr: at, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
		},
		"for hits: 127.0.0.1:80: somebody listens there already (address already in use)": fmt.Errorf(
			"for hits: %w", &net.OpError{
				Op: "listen", Net: "tcp", Addr: at, Err: os.NewSyscallError("bind", syscall.EADDRINUSE),
			}),
	} {
		if got := plainly(err); got != want && (!strings.HasPrefix(want, ":") || !strings.HasSuffix(got, want)) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestCodeOf: what could not be read or written is another exit code than what was read and is not right.
func TestCodeOf(t *testing.T) {
	t.Parallel()
	_, gone := os.Open("no.such")
	for _, c := range []struct {
		err  error
		code int
	}{
		{gone, usage},
		{fmt.Errorf("it is not written: %w", &fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}), usage},
		{errors.Join(errors.New("it is not signed"), &os.LinkError{Op: "rename", Old: "x", New: "y", Err: syscall.ENOSPC}),
			usage},
		{strict.Faults{{File: "a", Msg: "wrong"}, {File: "b", Msg: "empty", Unread: true}}, usage},
		{strict.Faults{{File: "a", Msg: "wrong"}}, findings},
		{errors.New("version 2 was approved before"), findings},
	} {
		if got := codeOf(c.err); got != c.code {
			t.Errorf("%v: %d, want %d", c.err, got, c.code)
		}
	}
}

// TestFailsPlainly: what a verb fails with is said so, wherever it comes from.
func TestFailsPlainly(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	_, err := os.Open(filepath.Join(t.TempDir(), "x"))
	(&terminal{err: &out}).fail("cannot begin: %v", err)
	if got := out.String(); strings.Contains(got, "open ") ||
		!strings.HasSuffix(got, "/x: there is no such file or folder\n") {
		t.Error(got)
	}
}
