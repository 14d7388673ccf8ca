package proxy

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"
)

// Debounce is how long a folder must be left alone before it is read again; one that never is, is read after ten times
// that.
const Debounce = 300 * time.Millisecond

// Watch reloads whenever server file, policy folder or certificates change and have been left alone for [Debounce],
// until stop is closed.
func (s *Server) Watch(stop <-chan struct{}) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("cannot watch files: %w", err)
	}
	defer func() { _ = w.Close() }()
	s.watchFolders(w)
	quiet := time.NewTimer(0) // what changed between the start and the first look is read now
	var latest time.Time      // when reading is put off no longer
	refused := false
	for {
		select {
		case <-stop:
			return nil
		case e, ok := <-w.Events:
			if !ok {
				return nil
			}
			if e.Op == fsnotify.Chmod {
				continue
			}
			now := time.Now()
			if latest.IsZero() {
				latest = now.Add(10 * Debounce)
			}
			quiet.Reset(min(Debounce, latest.Sub(now)))
		case err, ok := <-w.Errors:
			if !ok {
				return nil
			}
			fault(s.opts.Log, "files cannot be watched", err)
		case <-quiet.C:
			latest = time.Time{}
			refused = s.reloadWatched(refused)
			if s.watchFolders(w) { // what was written into a new folder before it was watched is read as well
				quiet.Reset(Debounce)
			}
		}
	}
}

// reloadWatched reloads, and says how that went. It tells whether it was refused; before tells whether the last one
// was, for then it is said as well that the files say again what is serving.
func (s *Server) reloadWatched(before bool) (refused bool) {
	was := s.Policy()
	switch err := s.Reload(); {
	case errors.Is(err, ErrRefusedBefore):
		return true // who had them read then said so
	case err != nil:
		fault(s.opts.Log, "reload refused: the policy that was there goes on", err)
		return true
	}
	if now := s.Policy(); now != was {
		s.opts.Log.Info("policy reloaded", zap.String("policy", now))
	} else if before {
		s.opts.Log.Info("the files can be read again: the policy is the one that is serving", zap.String("policy", now))
	}
	return false
}

// watchFolders watches the folder of the server file, the policy folder with the folders in it, and the folders of the
// certificates, those of others included. One that is watched already stays so. It tells whether there were new ones.
func (s *Server) watchFolders(w *fsnotify.Watcher) bool {
	source := s.snapshot.Load().Loaded.Source
	folders := append([]string{filepath.Dir(source.Path), source.Dir}, s.certificate.folders()...)
	s.trusts.each(func(t *trusted) { folders = append(folders, foldersOf(t.file)...) })
	for _, name := range []string{"assessments", "tests", "tests/hits", "vendors"} {
		folders = append(folders, filepath.Join(source.Dir, filepath.FromSlash(name)))
	}
	before := len(w.WatchList())
	for _, folder := range folders {
		_ = w.Add(folder) // a folder that is not there holds nothing to watch
	}
	return len(w.WatchList()) > before
}
