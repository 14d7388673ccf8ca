package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
)

// fixFiles writes files otherwise that say what is written otherwise since a version, or shows what it would write. Ends is true where the
// verb ends with that: 1 where there is something to write.
func fixFiles(t *terminal, file string, dry bool) (code int, ends bool) {
	source, err := config.Read(file)
	if err != nil {
		printf(t.out, "%v\n", err)
		return usage, true
	}
	all := source.Fixes()
	for _, of := range all {
		for _, f := range of.Fixes {
			printf(t.out, "%s:%d: since %s: %s\n-%s\n", of.Path, f.Line, f.Since, f.Says, f.Before)
			if !f.Gone {
				printf(t.out, "+%s\n", f.After)
			}
		}
	}
	switch {
	case len(all) == 0:
		printf(t.out, "nothing is written otherwise since\n")
		return fine, dry
	case dry:
		return findings, true
	}
	for i := range all {
		kept, err := rewriteFile(source, &all[i])
		if err != nil {
			return t.failed(err), true
		}
		printf(t.out, "wrote %s; as it was: %s\n", all[i].Path, kept)
	}
	return fine, false
}

// rewriteFile writes a file otherwise, and keeps it as it was beside, under a name that no policy folder reads.
func rewriteFile(source *config.Source, of *config.Fixed) (kept string, err error) {
	now, err := os.ReadFile(of.Path)
	if err != nil {
		return "", err
	}
	if !source.Same(of, now) {
		return "", fmt.Errorf("%s was changed meanwhile: it stays as it is, try again", of.Path)
	}
	about, err := os.Stat(of.Path)
	if err != nil {
		return "", err
	}
	files := durable.Files{}
	beside := filepath.Join(filepath.Dir(of.Path), "."+filepath.Base(of.Path)+".before")
	kept = beside
	for n := 2; ; n++ {
		err := files.Write(kept, now, about.Mode().Perm())
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		kept = fmt.Sprintf("%s-%d", beside, n)
	}
	return kept, files.Replace(of.Path, of.Text, about.Mode().Perm())
}
