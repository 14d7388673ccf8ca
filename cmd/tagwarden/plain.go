package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/config/strict"
)

// plainly is what an error says, without the names of calls that Go's messages hold: of "open x: no such file or
// directory" that there is no file x. What stands in front already is not said twice.
func plainly(err error) string {
	text := err.Error()
	for _, of := range systemErrors(err) {
		path, why := placeOf(of)
		said := path + ": " + why
		if before, _, found := strings.Cut(text, of.Error()); found && path != "" && strings.HasSuffix(before, path+": ") {
			said = why
		}
		text = strings.Replace(text, of.Error(), strings.TrimPrefix(said, ": "), 1)
	}
	for _, parts := range joinedIn(err) {
		text = strings.Replace(text, strings.Join(parts, "\n"), onceEach(parts), 1)
	}
	return text
}

// joinedIn are what [errors.Join] put together in an error, each said [plainly].
func joinedIn(err error) (all [][]string) {
	for ; err != nil; err = errors.Unwrap(err) {
		of, is := err.(interface{ Unwrap() []error })
		if !is {
			continue
		}
		var parts []string
		for _, one := range of.Unwrap() {
			all = append(all, joinedIn(one)...)
			parts = append(parts, plainly(one))
		}
		return append(all, parts)
	}
	return all
}

// onceEach is several things that are wrong in one line, without those that another one says already.
func onceEach(parts []string) string {
	var said []string
	for i, part := range parts {
		if !slices.ContainsFunc(parts[:i], func(before string) bool { return strings.Contains(before, part) }) {
			said = append(said, part)
		}
	}
	return strings.Join(said, "; ")
}

// inWords has errors among what is printed said [plainly].
func inWords(args []any) []any {
	for i, arg := range args {
		if err, is := arg.(error); is {
			args[i] = plainly(err)
		}
	}
	return args
}

// systemErrors are those of the system in an error, and in all that it joins.
func systemErrors(err error) (all []error) {
	switch of := err.(type) { //nolint:errorlint // the tree is walked here
	case nil:
		return nil
	case *fs.PathError, *os.LinkError, *os.SyscallError, *net.OpError:
		return []error{err}
	case interface{ Unwrap() []error }:
		for _, one := range of.Unwrap() {
			all = append(all, systemErrors(one)...)
		}
		return all
	default:
		return systemErrors(errors.Unwrap(err))
	}
}

// placeOf is where a call of the system failed, and why.
func placeOf(err error) (place, why string) {
	switch of := err.(type) { //nolint:errorlint // as systemErrors found it
	case *fs.PathError:
		return lasting(of.Path), whyNot(of.Err)
	case *os.LinkError:
		return lasting(of.New), whyNot(of.Err)
	case *os.SyscallError:
		return "", whyNot(of.Err)
	case *net.OpError:
		if of.Addr != nil && of.Addr.String() != "" {
			place = of.Addr.String()
		}
		return place, whyNot(of.Err)
	}
	return "", err.Error()
}

// besideName is the name of a file that is written beside another one, whose name it gets when it is whole.
var besideName = regexp.MustCompile(`^\.(.+)\.[0-9]+\.new$`)

// lasting is the path of the file that was to be written: nobody knows those beside it.
func lasting(path string) string {
	dir, name := filepath.Split(path)
	if m := besideName.FindStringSubmatch(name); m != nil {
		return dir + m[1]
	}
	return path
}

// whyNot says why a call of the system failed.
func whyNot(err error) string {
	for _, c := range []struct {
		is   error
		says string
	}{
		{syscall.ECONNREFUSED, "nobody listens there (connection refused)"},
		{syscall.EADDRINUSE, "somebody listens there already (address already in use)"},
		{syscall.EADDRNOTAVAIL, "it is no address of this machine (cannot assign requested address)"},
	} {
		if errors.Is(err, c.is) {
			return c.says
		}
	}
	if name, is := errors.AsType[*net.DNSError](err); is {
		if name.IsNotFound {
			return "nobody knows an address of the name " + name.Name
		}
		return "the name " + name.Name + " cannot be looked up (" + name.Err + ")"
	}
	if call, is := errors.AsType[*os.SyscallError](err); is {
		err = call.Err
	}
	return namedfile.WhyNot(err)
}

// codeOf is the exit code of what failed: usage where a file could not be read or written, findings where it was
// read and something stands against it.
func codeOf(err error) int {
	if len(systemErrors(err)) > 0 || strict.Unread(err) {
		return usage
	}
	return findings
}
