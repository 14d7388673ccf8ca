package assess

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// The files of answers that are not an assessment yet, inside the folder of assessments. No policy is read from names
// that begin with a dot.
const (
	unfinishedName = ".new.yaml"     // what is being answered
	setAsideName   = ".new.old.yaml" // what was there when somebody began anew
)

// Unfinished is what was answered when asking ended early.
type Unfinished struct {
	Answers *Answers
	File    string
	At      time.Time // of the last answer
}

func unfinishedFile(l *config.Loaded, name string) string {
	return filepath.Join(l.Source.Dir, filepath.FromSlash(config.AssessmentsFolder), name)
}

// ReadUnfinished reads what was answered before; nil where nothing was.
func ReadUnfinished(l *config.Loaded) (*Unfinished, error) {
	path := unfinishedFile(l, unfinishedName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing was answered before
	}
	if err != nil {
		return nil, fmt.Errorf("cannot look for a draft: %w", err)
	}
	text, err := config.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the draft: %w", err)
	}
	answers, err := ReadAnswers(path, text)
	if err != nil {
		return nil, err
	}
	return &Unfinished{answers, path, info.ModTime()}, nil
}

// Keep puts the answers on disk as they are, for their owner alone, in the place of those of before. It returns the
// file's name.
func (a *Answers) Keep(l *config.Loaded) (string, error) {
	path := unfinishedFile(l, unfinishedName)
	if err := l.Files.Folder(filepath.Dir(path), 0o750); err != nil {
		return path, fmt.Errorf("cannot make a folder: %w", err)
	}
	text := append([]byte("# Answers that are no assessment yet: `tagwarden lia new` goes on with them.\n"), a.text()...)
	if err := l.Files.Replace(path, text, 0o600); err != nil {
		return path, fmt.Errorf("cannot keep the answers: %w", err)
	}
	return path, nil
}

// SetAside keeps what was answered before under another name, so that somebody can begin anew. It returns that name.
func (u *Unfinished) SetAside(l *config.Loaded) (string, error) {
	path := unfinishedFile(l, setAsideName)
	if err := l.Files.Rename(u.File, path); err != nil {
		return path, fmt.Errorf("cannot set the draft aside: %w", err)
	}
	return path, nil
}

// Finished takes away what was kept of answers, once they are an assessment.
func Finished(l *config.Loaded) error {
	if err := l.Files.Remove(unfinishedFile(l, unfinishedName)); err != nil {
		return fmt.Errorf("cannot remove the draft: %w", err)
	}
	return nil
}
