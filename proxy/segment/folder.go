package segment

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// File is a file of records in a folder.
type File struct {
	Path  string
	First uint64 // number of its first record
	// End is the number behind its last record, as the next file has it; 0: nothing says so. Records from there on were
	// written once more, to that file, because a sync of this one had failed: here they may be anything.
	End uint64
}

// digits is how long the number in a file's name is.
const digits = 16

// FileName is the name of the file whose first record has a number.
func FileName(first uint64, suffix string) string {
	return fmt.Sprintf("%0*d%s", digits, first, suffix)
}

// List lists the files of a folder, oldest first. Suffixes are the ends of their names; of two files of one number the
// first suffix that fits counts.
func List(dir string, suffixes ...string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the folder: %w", err)
	}
	var files []File
	rank := map[uint64]int{}
	for _, e := range entries {
		name := e.Name()
		at := slices.IndexFunc(suffixes, func(s string) bool {
			return len(name) == digits+len(s) && strings.HasSuffix(name, s)
		})
		if at < 0 || e.IsDir() {
			continue
		}
		first, err := strconv.ParseUint(name[:digits], 10, 64)
		if err != nil {
			continue
		}
		next := File{Path: filepath.Join(dir, name), First: first}
		if before, there := rank[first]; !there {
			files = append(files, next)
		} else if at < before {
			i := slices.IndexFunc(files, func(f File) bool { return f.First == first })
			files[i] = next
		} else {
			continue
		}
		rank[first] = at
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.First, b.First) })
	for i := range files[:max(len(files)-1, 0)] {
		files[i].End = files[i+1].First
	}
	return files, nil
}
