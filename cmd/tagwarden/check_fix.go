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
	kept, err := rewriteFiles(t, source, all)
	if err != nil && !errors.Is(err, durable.ErrLeftOver) {
		t.fail("%v", err)
		return usage, true
	}
	for i := range kept {
		printf(t.out, "wrote %s; as it was: %s\n", all[i].Path, kept[i])
	}
	if err != nil {
		t.fail("%v", err)
		return usage, true
	}
	return fine, false
}

// rewriteFiles writes files otherwise, all of them or none, and keeps each as it was beside, under a name that no
// policy folder reads. A link stays one: the file that it names is written. So do owner and group: where they
// cannot be kept, the files stay as they are.
func rewriteFiles(t *terminal, source *config.Source, all []config.Fixed) (kept []string, err error) {
	t.endsTidily(leftAlone...) // all of it is written, or nothing
	defer func() {
		if err != nil && !errors.Is(err, durable.ErrLeftOver) {
			for _, path := range kept {
				err = errors.Join(err, durable.Files{}.Remove(path))
			}
		}
	}()
	var texts []durable.Text
	for i := range all {
		path, now, about, err := beforeFix(source, &all[i])
		if err != nil {
			return kept, err
		}
		beside, err := keepBeside(path, now, about)
		if err != nil {
			return kept, fmt.Errorf("%s stays as it is, since it cannot be kept as it was beside: %w", all[i].Path, err)
		}
		kept, texts = append(kept, beside), append(texts, durable.Text{Path: path, Text: all[i].Text})
	}
	if err := (durable.Files{}).ReplaceAll(texts, 0o600); err != nil {
		return kept, fmt.Errorf("cannot write them otherwise: %w", err)
	}
	return kept, nil
}

// beforeFix is a file as it is before it is written otherwise, and where it lies.
func beforeFix(source *config.Source, of *config.Fixed) (path string, now []byte, about fs.FileInfo, err error) {
	if path, err = filepath.EvalSymlinks(of.Path); err != nil {
		return "", nil, nil, fmt.Errorf("cannot write %s: %w", of.Path, err)
	}
	if now, err = readNamed(path, mostNamed); err != nil {
		return "", nil, nil, fmt.Errorf("cannot read %s: %w", of.Path, err)
	}
	if !source.Same(of, now) {
		return "", nil, nil, fmt.Errorf("%s was changed meanwhile: it stays as it is, try again", of.Path)
	}
	about, err = os.Stat(path)
	return path, now, about, err
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
