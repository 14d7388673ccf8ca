package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
)

// fixFiles writes files otherwise that say what is written otherwise since a version, or shows what it would write.
// Ends is true where the verb ends with that: 1 where there is something to write.
func fixFiles(t *terminal, file string, dry bool) (code int, ends bool) {
	source, err := config.Read(file)
	if err != nil {
		printf(t.out, "%v\n", err)
		return usage, true
	}
	all, unread := source.Fixes()
	for _, of := range all {
		for _, f := range of.Fixes {
			printf(t.out, "%s:%d: since %s: %s\n-%s\n", of.Path, f.Line, f.Since, f.Says, f.Before)
			if !f.Gone {
				printf(t.out, "+%s\n", f.After)
			}
		}
	}
	for _, path := range unread {
		printf(t.out, "%s cannot be read: whether something is written otherwise there nobody knows\n", path)
	}
	switch {
	case len(all) == 0 && len(unread) > 0:
		return findings, dry
	case len(all) == 0:
		printf(t.out, "nothing is written otherwise since\n")
		return fine, dry
	case dry:
		return findings, true
	}
	for i := range all {
		kept, err := rewriteFile(source, &all[i])
		if err != nil {
			t.fail("%v", err)
			return usage, true
		}
		printf(t.out, "wrote %s; as it was: %s\n", all[i].Path, kept)
	}
	return fine, false
}

// rewriteFile writes a file otherwise, and keeps it as it was beside, under a name that no policy
// folder reads. A link stays one: the file that it names is written. So do owner and group: where they
// cannot be kept, the file stays as it is.
func rewriteFile(source *config.Source, of *config.Fixed) (kept string, err error) {
	path, err := filepath.EvalSymlinks(of.Path)
	if err != nil {
		return "", fmt.Errorf("cannot write %s: %w", of.Path, err)
	}
	now, err := readNamed(path, mostNamed)
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", of.Path, err)
	}
	if !source.Same(of, now) {
		return "", fmt.Errorf("%s was changed meanwhile: it stays as it is, try again", of.Path)
	}
	about, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	kept, err = keepBeside(path, now, about)
	if err != nil {
		return "", fmt.Errorf("%s stays as it is, since it cannot be kept as it was beside: %w", of.Path, err)
	}
	if err := (durable.Files{}).Replace(path, of.Text, about.Mode().Perm()); err != nil {
		return "", fmt.Errorf("cannot write %s: %w", of.Path, err)
	}
	return kept, nil
}

// keepBeside keeps a file as it is beside it, with its mode, owner and group.
func keepBeside(path string, text []byte, about fs.FileInfo) (kept string, err error) {
	files, first := durable.Files{}, filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".before")
	kept = first
	for n := 2; ; n++ {
		_, err := files.New(kept, bytes.NewReader(text), about.Mode().Perm())
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		kept = fmt.Sprintf("%s-%d", first, n)
	}
	if err := durable.KeepOwner(kept, about); err != nil {
		return "", errors.Join(fmt.Errorf("it belongs to somebody else (run this as root, or as its owner): %w", err),
			files.Remove(kept))
	}
	return kept, nil
}
