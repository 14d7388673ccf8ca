package proxy

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config/durable"
)

// formatFile names, in a data folder, the forms in which its parts are written: a line each, "ledger 3".
const formatFile = "format"

// formats are the newest forms that are known here. Parts that are not named have a number of their own in their files.
var formats = map[string]int{"ledger": 3, "queue": 1}

// ErrNewer says that a newer version wrote a data folder.
var ErrNewer = errors.New("a newer version of tagwarden wrote this data folder, and alone can go on with it")

// checkFormat tells whether a data folder is in forms that are known here.
func checkFormat(dir string) error {
	path := filepath.Join(dir, formatFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read which forms the data folder is in: %w", err)
	}
	line := 0
	for said := range strings.Lines(string(text)) {
		line++
		part, number, _ := strings.Cut(strings.TrimSpace(said), " ")
		n, err := strconv.Atoi(number)
		known, is := formats[part]
		switch {
		case err != nil || n < 1:
			return fmt.Errorf("%s:%d: a part and the number of its form is right, such as \"ledger 3\"", path, line)
		case !is:
			return fmt.Errorf("%w: %s:%d: %q is not known here", ErrNewer, path, line, part)
		case n > known:
			return fmt.Errorf("%w: %s:%d: it has form %d of the %s, and %d is the newest known here", ErrNewer, path, line, n,
				part, known)
		}
	}
	return nil
}

// writeFormat says in a data folder which forms it is in.
func writeFormat(dir string, disk durable.Disk) error {
	var lines strings.Builder
	for _, part := range slices.Sorted(maps.Keys(formats)) {
		fmt.Fprintf(&lines, "%s %d\n", part, formats[part])
	}
	text := lines.String()
	path := filepath.Join(dir, formatFile)
	if there, err := os.ReadFile(path); err == nil && string(there) == text {
		return nil
	}
	if err := (durable.Files{Disk: disk}).Replace(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("cannot say which forms the data folder is in: %w", err)
	}
	return nil
}
