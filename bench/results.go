package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeDown puts a part of the results, from its title on ("# ..."), in place of the one with that title, or behind all
// others. Parts that were measured at another time stay as they are.
func writeDown(name, part string) error {
	if name == "-" {
		return nil
	}
	before, err := os.ReadFile(filepath.Clean(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot read the results of before: %w", err)
	}
	text := withPart(string(before), part)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		return fmt.Errorf("cannot write down the results: %w", err)
	}
	return os.Chmod(name, 0o644) // everybody may read them
}

// drawBeside writes a picture beside the results.
func drawBeside(results, name string, picture []byte) error {
	if results == "-" {
		return nil
	}
	name = filepath.Join(filepath.Dir(results), name)
	if err := os.WriteFile(name, picture, 0o600); err != nil {
		return fmt.Errorf("cannot draw: %w", err)
	}
	return os.Chmod(name, 0o644) // everybody may see it
}

func withPart(text, part string) string {
	part = strings.TrimRight(part, "\n") + "\n"
	title, _, _ := strings.Cut(part, "\n")
	var all []string
	placed := false
	for _, old := range parts(text) {
		if first, _, _ := strings.Cut(old, "\n"); first == title {
			if placed {
				continue
			}
			old, placed = part, true
		}
		all = append(all, strings.TrimRight(old, "\n")+"\n")
	}
	if !placed {
		all = append(all, part)
	}
	return strings.Join(all, "\n")
}

// parts are a text's, each from a line that begins with "# " on.
func parts(text string) (all []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# ") || len(all) == 0 {
			all = append(all, "")
		}
		all[len(all)-1] += line
	}
	return all
}
