package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// covered are the places that some test comes by, by file.
type covered map[string][]block

// block is a stretch of code that a profile counts as one.
type block struct {
	fromLine, fromColumn, toLine, toColumn int
}

// has reports whether a place is executed by a test.
func (c covered) has(file string, line, column int) bool {
	for _, b := range c[filepath.ToSlash(file)] {
		after := line > b.fromLine || line == b.fromLine && column >= b.fromColumn
		before := line < b.toLine || line == b.toLine && column < b.toColumn
		if after && before {
			return true
		}
	}
	return false
}

// coverage runs the tests once, and sees which places of some packages they come by.
func coverage(ctx context.Context, of, tests []string) (covered, error) {
	profile, err := os.CreateTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	_ = profile.Close()
	defer func() { _ = os.Remove(profile.Name()) }()
	args := []string{"test", "-coverprofile", profile.Name(), "-coverpkg", strings.Join(dotted(of), ",")}
	args = append(args, dotted(tests)...)
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the tests fail before anything is changed: %w\n%s", err, out)
	}
	text, err := os.ReadFile(profile.Name())
	if err != nil {
		return nil, err
	}
	return readProfile(text)
}

// readProfile reads what go test -coverprofile writes: name.go:line.column,line.column statements count.
func readProfile(text []byte) (covered, error) {
	c := covered{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "mode:") {
			continue
		}
		file, rest, _ := strings.Cut(strings.TrimPrefix(line, module+"/"), ":")
		var b block
		var statements, count int
		_, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d",
			&b.fromLine, &b.fromColumn, &b.toLine, &b.toColumn, &statements, &count)
		if err != nil {
			return nil, fmt.Errorf("not a line of a coverage profile: %s", strconv.Quote(line))
		}
		if count > 0 {
			c[file] = append(c[file], b)
		}
	}
	return c, nil
}

// listPackages are the folders of packages, as the go command understands patterns.
func listPackages(ctx context.Context, patterns []string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "go", append([]string{"list", "-f", "{{.ImportPath}}"}, patterns...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", strings.Join(patterns, " "), err)
	}
	var folders []string
	for path := range bytes.FieldsSeq(out) {
		folders = append(folders, strings.TrimPrefix(string(path), module+"/"))
	}
	return folders, nil
}

// dotted are folders as patterns of packages.
func dotted(folders []string) []string {
	all := make([]string, len(folders))
	for i, folder := range folders {
		all[i] = "./" + strings.TrimPrefix(folder, "./")
	}
	return all
}
