package assess

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Revoke takes the version of an assessment that stands in the policy back, and those before it: it adds a line to the
// file of revocations. A running server takes it up by itself, and keeps it for good. Private may be ""; else it is the
// key that signs.
func Revoke(l *config.Loaded, fact basis.Revocation, private string) (string, error) {
	signature := ""
	if private != "" {
		var err error
		if signature, err = fact.Sign(private); err != nil {
			return "", err
		}
		if fact.SignedBy(signature, l.Approvers) == "" {
			return "", errors.New(
				"the key is none of the approvers' in the server file: take one that is, or leave --key off")
		}
	}
	text := l.Source.Text(config.RevocationsFile)
	if text == nil {
		text = []byte("# yaml-language-server: $schema=.schema/revocations.json\n" +
			"# Assessments that were taken back. `tagwarden lia revoke` adds to this file; what a server has read here " +
			"holds for good.\nrevocations:\n")
	}
	var out strings.Builder
	out.WriteString(strings.TrimRight(string(text), "\n") + "\n")
	fmt.Fprintf(&out,
		"  - assessment: %s\n    version: %d\n    at: %s\n    because: %s\n", strconv.Quote(fact.Assessment),
		fact.Version,
		fact.At.UTC().Format("2006-01-02T15:04:05Z"), yamlText(strings.Join(strings.Fields(fact.Because), " ")))
	if signature != "" {
		out.WriteString("    signature: |\n")
		for line := range strings.SplitSeq(strings.TrimRight(signature, "\n"), "\n") {
			if line != "" {
				out.WriteString("      " + line)
			}
			out.WriteString("\n")
		}
	}
	path := filepath.Join(l.Source.Dir, config.RevocationsFile)
	after, err := l.With(config.RevocationsFile, []byte(out.String()))
	if err != nil {
		return "", fmt.Errorf(
			"%s cannot be added to: write its list with one entry a dash, indented by two: %w", path, err)
	}
	if !after.Past.Void(fact.Assessment, fact.Version) {
		return "", errors.New("BUG: the revocation has no effect")
	}
	return path, replaceFile(l, path, []byte(out.String()))
}

// replaceFile puts a file of the policy in place as a whole, with the mode of the one that was there. It is on disk
// when that has succeeded: what was revoked must not carry again after a power cut, nor what was approved be missing
// from the history.
func replaceFile(l *config.Loaded, path string, text []byte) error {
	if err := l.Files.Folder(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("cannot make a folder: %w", err)
	}
	if err := l.Files.Replace(path, text, 0o644); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// yamlText writes a text so that YAML reads it back, in quotes where it needs them.
func yamlText(text string) string {
	out, err := yaml.Marshal(text)
	if err != nil {
		panic("BUG: a text is no YAML: " + err.Error())
	}
	return strings.TrimRight(string(out), "\n")
}

// writeNew writes a file of the policy that does not exist yet.
func writeNew(l *config.Loaded, path string, text []byte) error {
	if err := l.Files.Folder(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("cannot make a folder: %w", err)
	}
	if _, err := l.Files.New(path, bytes.NewReader(text), 0o644); err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	return nil
}
