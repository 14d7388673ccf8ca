package config

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/plural"
)

//go:embed example examples
var examples embed.FS

// mostListed is how many files that are in the way a message names.
const mostListed = 3

// The files that Init makes besides the example.
const (
	serverFile   = "tagwarden.yaml"
	rootKeyFile  = "root.key"
	approverFile = "approver.key"
	ignoreFile   = ".gitignore"
	schemaFolder = "policy/.schema/"

	assessmentFiles = "policy/" + AssessmentsFolder + "/"
	exampleApprover = "privacy"
)

// Init writes the example into a folder, which is made where it does not exist: the server file, the policy with its
// tests and schemas, a new root secret, and a new approver's key whose public half the server file lists. The
// example's assessment is not signed: it is true of nobody's site until somebody has read it and made it so. Its
// review is due a year from now. Nothing that exists is overwritten: if any of the files is there, nothing is
// written. Random may be nil for the system's.
func Init(dir string, random io.Reader, now time.Time) (Made, error) {
	return InitExample("", dir, random, now)
}

// Examples lists the examples that [InitExample] knows by name.
func Examples() []string {
	entries, err := examples.ReadDir("examples")
	if err != nil {
		panic("BUG: the embedded examples cannot be read: " + err.Error())
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

// InitExample is [Init] with the example of that name; "" is the one that Init writes.
func InitExample(name, dir string, random io.Reader, now time.Time) (Made, error) {
	return InitFor("", name, dir, random, now)
}

// InitFor is [InitExample] for a server that runs as one of the [Deployments]; "" is the machine of who tries it.
func InitFor(deployment, name, dir string, random io.Reader, now time.Time) (Made, error) {
	made, err := InitChanged(name, dir, random, now, func(files map[string][]byte) (err error) {
		files[serverFile], err = deployed(files[serverFile], deployment)
		return err
	}, deployment == "" || deployments[deployment].keeps)
	made.For = deployment
	return made, err
}

// InitChanged is [InitExample] with files that are changed before any is written: tagwarden.yaml, policy/purposes.yaml
// and so on, by name. Beside says that the server's data will be the folder data in there.
func InitChanged(name, dir string, random io.Reader, now time.Time, change func(files map[string][]byte) error,
	beside bool) (Made, error) {
	return initOn(durable.Files{}, name, dir, random, now, change, beside)
}

// initOn is [InitChanged] on a disk.
func initOn(
	on durable.Files, name, dir string, random io.Reader, now time.Time, change func(files map[string][]byte) error,
	beside bool,
) (Made, error) {
	if known := Examples(); name != "" && !slices.Contains(known, name) {
		return Made{}, fmt.Errorf("there is no example %q%s", strict.Shortened(name), strict.Suggestion(name, known))
	}
	if random == nil {
		random = rand.Reader
	}
	files, err := exampleFiles(name, random, now)
	if err != nil {
		return Made{}, err
	}
	if err := change(files); err != nil {
		return Made{}, err
	}
	var there []string
	for name := range files {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			there = append(there, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return Made{}, fmt.Errorf("cannot look at %s: %w", dir, err)
		}
	}
	if len(there) > 0 {
		slices.Sort(there)
		some := strings.Join(there[:min(len(there), mostListed)], ", ")
		if more := len(there) - mostListed; more > 0 {
			some += " and " + plural.Of(more, "more file")
		}
		return Made{}, fmt.Errorf("%s holds %s already: nothing was written; choose an empty folder", dir, some)
	}
	made := Made{
		Server: filepath.Join(dir, serverFile), RootKey: filepath.Join(dir, rootKeyFile), on: on,
	}
	if beside {
		made.Data = filepath.Join(dir, "data")
		_, err := os.Lstat(made.Data)
		made.freshData = errors.Is(err, fs.ErrNotExist)
	}
	if files[approverFile] != nil {
		made.ApproverKey = filepath.Join(dir, approverFile)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := made.write(dir, name, files[name]); err != nil {
			return Made{}, made.Undo(err)
		}
		if assessment, ok := strings.CutPrefix(name, assessmentFiles); ok {
			made.Assessments = append(made.Assessments, strings.TrimSuffix(assessment, ".yaml"))
		}
	}
	return made, nil
}

// exampleFiles makes the files of a new folder, by slash-separated name.
func exampleFiles(name string, random io.Reader, now time.Time) (map[string][]byte, error) {
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("cannot make a root secret: %w", err)
	}
	files := exampleTree(name)
	files[rootKeyFile] = []byte(base64.StdEncoding.EncodeToString(secret) + "\n")
	files[ignoreFile] = []byte("/data/\n/*.key\n")
	for _, kind := range SchemaKinds() {
		schema, err := Schema(kind)
		if err != nil {
			return nil, err
		}
		files[schemaFolder+kind+".json"] = schema
	}
	if !bytes.Contains(files[serverFile], []byte("APPROVER")) {
		return files, nil
	}
	private, public, err := note.GenerateKey(random, exampleApprover)
	if err != nil {
		return nil, fmt.Errorf("cannot make an approver's key: %w", err)
	}
	files[approverFile] = []byte(private + "\n")
	files[serverFile] = bytes.Replace(files[serverFile], []byte("APPROVER"), []byte(public), 1)
	reviewBy := basis.DayOf(now.AddDate(1, 0, 0)).String()
	for name, text := range files {
		if strings.HasPrefix(name, assessmentFiles) {
			files[name] = bytes.Replace(text, []byte("REVIEW_BY"), []byte(reviewBy), 1)
		}
	}
	return files, nil
}

// exampleTree reads an embedded example.
func exampleTree(name string) map[string][]byte {
	folder := "example"
	if name != "" {
		folder = "examples/" + name
	}
	files := map[string][]byte{}
	err := fs.WalkDir(examples, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := examples.ReadFile(name)
		files[strings.TrimPrefix(name, folder+"/")] = text
		return err
	})
	if err != nil {
		panic("BUG: the embedded example cannot be read: " + err.Error())
	}
	return files
}

// SourceOf is the source that [Read] would make of files in memory, by name: tagwarden.yaml, policy/purposes.yaml and
// so on.
func SourceOf(files map[string][]byte) *Source {
	s := &Source{Path: serverFile, Dir: "policy", server: files[serverFile], policy: map[string][]byte{}}
	for name, text := range files {
		if inner, ok := strings.CutPrefix(name, "policy/"); ok && !strings.HasPrefix(inner, ".") &&
			!strings.Contains(inner, "/.") {
			if !isYAML(inner) {
				text = nil
			}
			s.policy[inner] = text
		}
	}
	s.Digest = s.digest()
	return s
}
