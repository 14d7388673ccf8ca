package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/config/tarball"
	"github.com/tagwarden/tagwarden/rules"
)

// What keeps [CompileArchived] from the policy that a digest names.
var (
	ErrNotArchived    = errors.New("the policy is not in the archive")
	ErrArchiveDamaged = errors.New("the policy's archive is damaged")
	ErrCompilesToElse = errors.New("this version of tagwarden makes another policy of it")
)

// builtinPrefix is what the names of archives begin with that hold what comes with the program.
const builtinPrefix = "builtin-"

// Archive keeps in a folder, which is made where there is none, what the policy's digest is over: DIGEST.tar.zst, and
// what comes with the program once by a digest of its own, builtin-DIGEST.tar.zst. It is on disk when it returns. An
// archive that is there is left as it is; those that were damaged are replaced, and returned by name.
func (l *Loaded) Archive(disk durable.Files, dir string) (mended []string, err error) {
	if err := disk.Folder(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the policy cannot be archived: %w", err)
	}
	for _, each := range []struct {
		name  string
		files tarball.Files
	}{{builtinPrefix + l.digested.builtin.Digest(), l.digested.builtin}, {l.Policy.Digest(), l.digested.policy}} {
		was, err := tarball.Keep(disk, dir, each.name, each.files)
		if err != nil {
			return mended, fmt.Errorf("the policy cannot be archived: %w", err)
		}
		if was {
			mended = append(mended, each.name+tarball.Extension)
		}
	}
	return mended, nil
}

// ArchiveName is what the archive of a policy is called in its folder, by the policy's digest.
func ArchiveName(digest string) string { return digest + tarball.Extension }

// Archived are the digests of the policies that a folder keeps, in order. A folder that is not there keeps none.
func Archived(dir string) ([]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []string
	for _, f := range files {
		if name, is := strings.CutSuffix(f.Name(), tarball.Extension); is && !strings.HasPrefix(name, builtinPrefix) {
			all = append(all, name)
		}
	}
	return all, nil
}

var isDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// CompileArchived compiles the policy that a digest names, as a record of the ledger has it, from the archive alone and
// with what comes with this program. It is exactly that policy or none: the error is [ErrNotArchived],
// [ErrArchiveDamaged], [ErrCompilesToElse] with what is another now, or why it cannot be read.
//
// Tokens of servers that send and databases of regions are not in it: it takes nobody for such a server by a token, and
// knows no region by an address. What was recorded says both.
func CompileArchived(dir, digest string) (*rules.Policy, error) {
	loaded, err := LoadArchived(dir, digest)
	if err != nil {
		return nil, err
	}
	return loaded.Policy, nil
}

// LoadArchived is [CompileArchived] with what purposes and activities say beside the policy. What no policy's digest is
// over is not in it: of the controller the name alone, and no addresses.
func LoadArchived(dir, digest string) (*Loaded, error) {
	if !isDigest.MatchString(digest) {
		return nil, fmt.Errorf("%w: %q is no digest of a policy, 64 characters of 0 to 9 and a to f are", ErrNotArchived,
			strict.Shortened(digest))
	}
	files, err := tarball.Read(dir, digest, digest)
	switch {
	case errors.Is(err, tarball.ErrMissing):
		return nil, fmt.Errorf("%w: %w", ErrNotArchived, err)
	case errors.Is(err, tarball.ErrDamaged):
		return nil, fmt.Errorf("%w: %w", ErrArchiveDamaged, err)
	case err != nil:
		return nil, err
	}
	return loadArchived(files, digest)
}

// loadArchived compiles files that have the digest.
func loadArchived(files tarball.Files, digest string) (*Loaded, error) {
	loaded, err := Compile(archivedSource(files), parsePast(files[pastFile]))
	if err != nil {
		return nil, fmt.Errorf("%w: it refuses what is in the archive: %w", ErrCompilesToElse, err)
	}
	if loaded.Policy.Digest() != digest {
		return nil, fmt.Errorf("%w: %s", ErrCompilesToElse, whatDiffers(files, loaded.digested))
	}
	return loaded, nil
}

// whatDiffers says in what a policy that was archived is not the one that was made of it.
func whatDiffers(was tarball.Files, is digested) string {
	differ := tarball.Differing(was.Manifest(), is.policy.Manifest())
	if slices.Equal(differ, []string{builtinFile}) {
		return "other built-in data: " + strings.Join(tarball.Differing(was[builtinFile], is.policy[builtinFile]), ", ")
	}
	return "it reads otherwise: " + strings.Join(differ, ", ")
}

// archivedSource is the source of which files are the meaning.
func archivedSource(files tarball.Files) *Source {
	s := &Source{
		Path: digestedServer, Dir: "policy", server: files[digestedServer], policy: map[string][]byte{}, archived: true,
		regionDBs: map[string]besideFile{},
	}
	for name, text := range files {
		if inner, ok := strings.CutPrefix(name, "policy/"); ok {
			s.policy[inner] = text
		}
	}
	var faults strict.Faults
	if doc := s.parse(s.Path, s.server, &faults); doc != nil { // else Compile says what is wrong
		for _, id := range doc.Keys("sites") {
			if at := strict.Path("sites", id, "region", "database"); doc.Has(at...) {
				s.regionDBs[doc.Find(at).Value] = besideFile{elsewhere: true}
			}
		}
	}
	s.Digest = s.digest()
	return s
}
