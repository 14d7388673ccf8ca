package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// unread is a folder of which one file cannot be read.
type unread struct {
	fstest.MapFS
	name string
}

func (u unread) Open(name string) (fs.File, error) {
	if name == u.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("input/output error")}
	}
	return u.MapFS.Open(name)
}

// ReadFile reads by Open, as nobody else's does.
func (u unread) ReadFile(name string) ([]byte, error) {
	if _, err := u.Open(name); err != nil {
		return nil, err
	}
	return u.MapFS.ReadFile(name)
}

func (u unread) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := u.Open(name); err != nil {
		return nil, err
	}
	return u.MapFS.ReadDir(name)
}

// TestPolicyFolder: so much is read, and what is more, or cannot be read, is said:
// a policy is read whole, or not at all.
func TestPolicyFolder(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte("a: 1\n")}
	deep := func(n int) fstest.MapFS { return fstest.MapFS{strings.Repeat("d/", n) + "a.yaml": file} }
	many := func(n int) fstest.MapFS {
		all := fstest.MapFS{}
		for i := range n {
			all[fmt.Sprintf("%d.md", i)] = file
		}
		return all
	}
	for what, c := range map[string]struct {
		folder fs.FS
		says   string // "": it is read
	}{
		"as deep as can be": {deep(maxPolicyDepth), ""},
		"deeper":            {deep(maxPolicyDepth + 1), "d/d/d/d/d lies more than 4 folders deep"},
		"as many as can be": {many(maxPolicyFiles), ""},
		"more":              {many(maxPolicyFiles + 1), "more than 2000 files"},
		"a pipe": {fstest.MapFS{"a.yaml": file, "b.yaml": {Mode: fs.ModeNamedPipe}},
			"b.yaml is no file"},
		"a socket": {fstest.MapFS{"b.yaml": {Mode: fs.ModeSocket}}, "b.yaml is no file"},
		"a device": {fstest.MapFS{"b.yaml": {Mode: fs.ModeDevice}}, "b.yaml is no file"},
		"a file that cannot be read": {unread{fstest.MapFS{"a.yaml": file, "b.yaml": file}, "b.yaml"},
			"cannot read b.yaml"},
		"a folder that cannot be read": {unread{fstest.MapFS{"a.yaml": file, "b/c.yaml": file}, "b"},
			"cannot read the policy folder"},
		// its name is all that is asked for
		"a note that cannot be read":    {unread{fstest.MapFS{"a.yaml": file, "b.md": file}, "b.md"}, ""},
		"a dot file that cannot be":     {unread{fstest.MapFS{"a.yaml": file, ".b.yaml": file}, ".b.yaml"}, ""},
		"nothing, as nothing is there":  {fstest.MapFS{}, ""},
		"nothing, as there is no place": {unread{fstest.MapFS{}, "."}, "cannot read the policy folder"},
	} {
		s := &Source{policy: map[string][]byte{}}
		err := s.readFolder(c.folder, func(name string) ([]byte, error) { return fs.ReadFile(c.folder, name) })
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", what, err, c.says)
		}
	}
}
