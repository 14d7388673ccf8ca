package proxy

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
)

// TextsDir is where in a data folder the texts are that visitors choose by, each once, by its SHA-256 digest as records
// of choices have it: DIGEST.txt. They are those that the server file names, now or at any time: nothing takes one
// away, so that a consent can be shown for as long as its record is there.
func TextsDir(data string) string { return filepath.Join(data, "texts") }

// keepTexts keeps the texts that the server file names. It is on disk when it returns.
func keepTexts(loaded *config.Loaded, disk durable.Disk) error {
	texts := config.ChoiceTexts(loaded)
	if len(texts) == 0 {
		return nil
	}
	files, dir := durable.Files{Disk: disk}, TextsDir(loaded.Server.Data)
	if err := files.Folder(dir, 0o700); err != nil {
		return fmt.Errorf("the texts that visitors choose by cannot be kept: %w", err)
	}
	for digest, text := range texts {
		path := filepath.Join(dir, hex.EncodeToString(digest[:])+".txt")
		there, err := os.ReadFile(path)
		switch {
		case err == nil && bytes.Equal(there, text):
			err = files.SyncFolder(dir) // who gave it its name may have died before that was on disk
		case err == nil, errors.Is(err, fs.ErrNotExist):
			err = files.Replace(path, text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("a text that visitors choose by cannot be kept: %w", err)
		}
	}
	return nil
}
