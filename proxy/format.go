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

// formatFile names, in a data folder, the forms in which its parts may be written, and the version that served it last:
// a line each, "ledger 3" and "by 0.2.0". It is the one place that is asked before any part is opened.
const formatFile = "format"

// by begins the line that says which version served the folder last.
const by = "by"

// formats are the newest forms that are known here, of every store of a data folder: objections
// (objections/objections.db), keys (keys/state), tokens (tokens.json), acts (acts), backup (backup.json). Each
// has its number in its own file as well.
var formats = map[string]int{"ledger": 3, "queue": 1, "objections": 6, "keys": 2, "tokens": 2,
	"acts": 1, "backup": copyForm}

// ErrNewer says that a newer version wrote a data folder.
var ErrNewer = errors.New("a newer version of tagwarden wrote this data folder, and alone can go on with it")

// DataFormat says in which forms a data folder is, and which version served it last, in words; "" where it does not
// say. The error is [ErrNewer] where a newer version did, and [ErrRestoring] where it is half of a copy.
func DataFormat(dir string) (said string, err error) {
	if err := WholeData(dir); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(dir, formatFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read which forms the data folder is in: %w", err)
	}
	var parts []string
	for line := range strings.Lines(string(text)) {
		if part := strings.TrimSpace(line); !strings.HasPrefix(part, by+" ") {
			parts = append(parts, part)
		}
	}
	said = strings.Join(parts, ", ")
	if version := servedBy(text); version != "" {
		said += "; tagwarden " + version + " served it last"
	}
	return said, checkFormat(dir)
}

// servedBy is the version that served a data folder last; "": that is not said.
func servedBy(text []byte) string {
	for line := range strings.Lines(string(text)) {
		if version, is := strings.CutPrefix(line, by+" "); is {
			return strings.TrimSpace(version)
		}
	}
	return ""
}

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
	err = formsKnown(path, text)
	if version := servedBy(text); errors.Is(err, ErrNewer) && version != "" {
		err = fmt.Errorf("%w; tagwarden %s served it last: start that version or a later one, or restore a copy that was "+
			"made before it began with the folder (tagwarden restore); keep a copy of this one", err, version)
	}
	return err
}

// formsKnown tells whether what the file says is known here.
func formsKnown(path string, text []byte) error {
	line := 0
	for said := range strings.Lines(string(text)) {
		line++
		part, number, _ := strings.Cut(strings.TrimSpace(said), " ")
		if part == by && number != "" {
			continue
		}
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

// writeFormat says in a data folder which forms it is in, and that a version serves it.
func writeFormat(dir, version string, disk durable.Disk) error {
	var lines strings.Builder
	if version != "" {
		fmt.Fprintf(&lines, "%s %s\n", by, version)
	}
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
