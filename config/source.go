package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/config/strict"
)

// Limits on a policy folder.
const (
	maxPolicyFiles = 2000
	maxPolicyDepth = 4
)

// Source is the server file and the policy folder as bytes, read once. What [Compile] makes of it is made of these
// bytes alone, so a caller that watches for changes reads twice and takes the source only once two digests in a row
// agree.
type Source struct {
	Path      string                // the server file, as it was given
	Dir       string                // the policy folder
	Digest    string                // hex SHA-256 of the names and bytes of everything that was read
	server    []byte                // the server file
	regionDBs map[string]besideFile // databases of regions, by the path that the server file gives
	sheets    map[string]besideFile // style sheets, likewise
	logos     map[string]besideFile // logos, likewise
	tokens    map[string]besideFile // of servers that send, and secrets of receipts, likewise
	texts     map[string]besideFile // that visitors choose by, likewise
	odd       []oddFile             // what the server file names, and is not read by whoever needs it
	policy    map[string][]byte     // by slash-separated path inside the policy folder; hits of tests by name only
	archived  bool                  // it is of an archive: meanings, not what people wrote
}

// Read reads the server file and the policy folder that it names. An error is a [strict.Faults].
func Read(file string) (*Source, error) {
	s := &Source{Path: file, policy: map[string][]byte{}, regionDBs: map[string]besideFile{},
		sheets: map[string]besideFile{}, logos: map[string]besideFile{}, tokens: map[string]besideFile{},
		texts: map[string]besideFile{}}
	text, err := readGiven(file)
	if err != nil {
		return nil, strict.Faults{{File: file, Msg: "cannot read the server file: " + unreadable(file, err), Unread: true}}
	}
	s.server = text
	s.Dir = relativeTo(file, policyFolder(text))
	s.readBeside()
	if err := s.readFolder(os.DirFS(s.Dir), s.readPolicy); err != nil {
		return nil, s.withoutPolicy(err)
	}
	s.Digest = s.digest()
	return s, nil
}

// withoutPolicy is what is wrong where the policy folder cannot be read: first with the server file, which says where
// it is. Of one that is no YAML nobody knows.
func (s *Source) withoutPolicy(err error) strict.Faults {
	r := &reading{source: s}
	r.checks = checks{new(report), new(documents), &Loaded{}}
	r.readServer()
	faults := r.faults.Sorted()
	if r.server != nil {
		faults = append(faults, strict.Fault{File: s.Dir, Msg: err.Error(), Unread: true})
	}
	return faults
}

// besideFile is a file that the server file names, as it was read.
type besideFile struct {
	content   []byte
	err       error // why it could not be read, in words
	elsewhere bool  // it is not here, and was all right where the policy was compiled first
}

// readBeside reads the databases of regions, style sheets, logos and texts that sites of the server file name, and the
// tokens of vendors' senders and of receipts. Of one that cannot be read it keeps why.
func (s *Source) readBeside() {
	var ignored strict.Faults
	doc := strict.Parse("", s.server, &ignored)
	if doc == nil {
		return // Compile says what is wrong
	}
	for _, id := range doc.Keys("sites") {
		s.readWith(namedfile.Read, s.regionDBs, doc, strict.Path("sites", id, "region", "database"), maxRegionDBBytes)
		s.readInto(s.sheets, doc, strict.Path("sites", id, "privacy", "css"), maxSheetBytes+1)
		s.readInto(s.logos, doc, strict.Path("sites", id, "privacy", "logo"), maxLogoBytes+1)
		s.readChoices(doc, id)
	}
	for _, id := range doc.Keys("vendors") {
		s.readInto(s.tokens, doc, strict.Path("vendors", id, "senders", "token_file"), maxTokenBytes+1)
	}
	s.lookAtNamed(doc)
}

// readInto reads the beginning of a file: one that is longer than may be is told by it.
func (s *Source) readInto(files map[string]besideFile, doc *strict.Document, at []any, most int64) {
	s.readWith(namedfile.Head, files, doc, at, most)
}

func (s *Source) readWith(
	read func(name string, most int64) ([]byte, error), files map[string]besideFile,
	doc *strict.Document, at []any, most int64,
) {
	if !doc.Has(at...) {
		return
	}
	name := doc.Find(at).Value
	if _, known := files[name]; known || name == "" {
		return
	}
	path := relativeTo(s.Path, name)
	content, err := read(path, most)
	if err != nil {
		err = errors.New(namedfile.WhyUnread(path, err))
	}
	files[name] = besideFile{content: content, err: err}
}

// relativeTo finds a path that a file names relative to itself.
func relativeTo(file, named string) string {
	if filepath.IsAbs(named) {
		return filepath.Clean(named)
	}
	return filepath.Join(filepath.Dir(file), named)
}

// policyFolder returns what a server file says of `policy`, which is all that Read has to
// understand; Compile reports what is wrong.
func policyFolder(text []byte) string {
	const byDefault = "./policy"
	var ignored strict.Faults
	doc := strict.Parse("", text, &ignored)
	if doc == nil || !doc.Has("policy") {
		return byDefault
	}
	if folder := doc.Find(strict.Path("policy")).Value; folder != "" && !strings.ContainsRune(folder, 0) {
		return folder
	}
	return byDefault
}

// readFolder takes in every file of the policy folder, each as it is read; dot files are left out.
func (s *Source) readFolder(folder fs.FS, read func(name string) ([]byte, error)) error {
	return fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("cannot read the policy folder: %s", namedfile.WhyUnread(s.display(name), err))
		}
		if name != "." && strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			if isYAML(name) {
				return fmt.Errorf("%s is a folder, and is called as a file is: put the file in its place, or call it otherwise",
					name)
			}
			if strings.Count(name, "/") >= maxPolicyDepth {
				return fmt.Errorf("%s lies more than %d folders deep in the policy folder", name, maxPolicyDepth)
			}
			return nil
		}
		if entry.Type()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice) != 0 {
			return fmt.Errorf("%s is no file: move it out of the policy folder", name)
		}
		if len(s.policy) == maxPolicyFiles {
			return fmt.Errorf("the policy folder has more than %d files", maxPolicyFiles)
		}
		if !isYAML(name) {
			s.policy[name] = nil
			return nil
		}
		text, err := read(name)
		if err != nil {
			return fmt.Errorf("cannot read %s: %s", name, namedfile.WhyUnread(s.display(name), err))
		}
		s.policy[name] = text
		return nil
	})
}

func isYAML(name string) bool { return path.Ext(name) == ".yaml" || path.Ext(name) == ".yml" }

// readPolicy reads a file of the policy folder by its name inside it.
func (s *Source) readPolicy(name string) ([]byte, error) { return ReadFile(s.display(name)) }

// ReadFile reads a file as [Read] does: one byte further than [strict.Parse] accepts at most.
func ReadFile(name string) ([]byte, error) { return namedfile.Head(name, strict.MaxFileBytes+1) }

// readGiven is ReadFile of what somebody gives on a command line, which may be a pipe.
func readGiven(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, strict.MaxFileBytes+1))
	return text, errors.Join(err, f.Close())
}

func (s *Source) digest() string {
	h := sha256.New()
	h.Write(fmt.Appendf(nil, "%q %d\n", s.Path, len(s.server)))
	h.Write(s.server)
	for _, files := range []map[string]besideFile{s.regionDBs, s.sheets, s.logos, s.tokens, s.texts} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			file := files[name]
			h.Write(fmt.Appendf(nil, "%q %d %t\n", name, len(file.content), file.err == nil))
			h.Write(file.content)
		}
	}
	for i := range s.odd {
		h.Write(fmt.Appendf(nil, "%q %q\n", s.odd[i].at, s.odd[i].says))
	}
	for _, name := range slices.Sorted(maps.Keys(s.policy)) {
		h.Write(fmt.Appendf(nil, "%q %d\n", name, len(s.policy[name])))
		h.Write(s.policy[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// parse reads a file of the source.
func (s *Source) parse(name string, text []byte, faults *strict.Faults) *strict.Document {
	if s.archived {
		return strict.ParseBounded(name, text, longestMeaning, faults)
	}
	return strict.Parse(name, text, faults)
}

// names lists the YAML files of a folder of the policy, sorted.
func (s *Source) names(folder string) []string {
	var names []string
	for name := range s.policy {
		if path.Dir(name) == folder && path.Ext(name) == ".yaml" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Text is a YAML file of the policy folder, by its name inside it, with slashes; nil where there is none.
func (s *Source) Text(name string) []byte { return s.policy[name] }

// display is the name of a policy file as faults show it.
func (s *Source) display(name string) string { return filepath.Join(s.Dir, filepath.FromSlash(name)) }

// unreadable says why a server file cannot be read. Who names a folder is told of the server file in it.
func unreadable(file string, err error) string {
	if about, gone := os.Stat(file); gone != nil || !about.IsDir() {
		return namedfile.WhyUnread(file, err)
	}
	in := filepath.Join(file, "tagwarden.yaml")
	if _, gone := os.Stat(in); gone != nil {
		return "it is a folder, and has no tagwarden.yaml: name the server file itself"
	}
	return "it is a folder: " + in + " is the server file in it"
}
