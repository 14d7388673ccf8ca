// Package tarball keeps files for good under one digest: as NAME.tar.zst, which every system can open, the same bytes
// for the same files whoever writes them. Its digest is the SHA-256 of its first file, "manifest", whose lines are
// those of sha256sum over all others, so that who has tar, zstd and sha256sum needs nothing of ours to see that it
// holds what it is named by:
//
//	zstd -dc DIGEST.tar.zst | tar x && sha256sum manifest && sha256sum -c manifest
//
// It promises that what [Open] returns is what was kept, to the byte, and that it reads foreign bytes within bounds.
package tarball

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// Files are the files of an archive, by name: parts with slashes between them, as in policy/purposes.yaml.
type Files map[string][]byte

// The bounds of an archive.
const (
	MaxBytes = 32 << 20 // unpacked
	maxFiles = 4000
	maxName  = 1 << 10
)

// manifestName is the file that names all others.
const manifestName = "manifest"

// ErrDamaged is what an archive is that does not hold what it is named by, whatever it does hold.
var ErrDamaged = errors.New("the archive is damaged")

// Manifest is the list of the files: a line for each, sorted by name, as sha256sum writes it.
func (f Files) Manifest() []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(f)) {
		sum := sha256.Sum256(f[name])
		fmt.Fprintf(&b, "%x  %s\n", sum, name)
	}
	return b.Bytes()
}

// Digest names the files: hex SHA-256 of their manifest.
func (f Files) Digest() string {
	sum := sha256.Sum256(f.Manifest())
	return hex.EncodeToString(sum[:])
}

// Differing lists the files that two manifests do not have alike, sorted.
func Differing(a, b []byte) []string {
	lines := map[string]int{}
	for _, manifest := range [][]byte{a, b} {
		for line := range strings.Lines(string(manifest)) {
			lines[strings.TrimSuffix(line, "\n")]++
		}
	}
	names := map[string]bool{}
	for line, n := range lines {
		if _, name, found := strings.Cut(line, "  "); found && n == 1 {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Pack returns the archive of files. The error says which file cannot be in one.
func Pack(files Files) ([]byte, error) {
	text, err := files.tar()
	if err != nil {
		return nil, err
	}
	return compressed(text), nil
}

// Open returns the files of an archive of that digest. The error is [ErrDamaged] with what is wrong.
func Open(packed []byte, digest string) (Files, error) {
	text, err := unpacked(packed)
	if err != nil {
		return nil, err
	}
	files, err := untar(text)
	if err != nil {
		return nil, err
	}
	if got := files.Digest(); got != digest {
		return nil, fmt.Errorf("%w: it holds what has the digest %s", ErrDamaged, got)
	}
	return files, nil
}

func compressed(text []byte) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic("BUG: zstd: " + err.Error())
	}
	defer func() { _ = w.Close() }() // nothing was written to it as a stream
	return w.EncodeAll(text, nil)
}

func unpacked(packed []byte) ([]byte, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxBytes))
	if err != nil {
		panic("BUG: zstd: " + err.Error())
	}
	defer r.Close()
	text, err := r.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be unpacked: %w", ErrDamaged, err)
	}
	return text, nil
}

// tar writes the files, the manifest first: owner, times and modes are the same in each.
func (f Files) tar() ([]byte, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(name string, content []byte) error {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: time.Unix(0, 0)}
		if err := w.WriteHeader(h); err != nil {
			return fmt.Errorf("%q cannot be in an archive: %w", name, err)
		}
		_, err := w.Write(content)
		return err
	}
	if err := add(manifestName, f.Manifest()); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if err := add(name, f[name]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Check says why files cannot be in an archive; nil where they can.
func (f Files) Check() error {
	if len(f) > maxFiles {
		return fmt.Errorf("%d files are too many for an archive: %d at most", len(f), maxFiles)
	}
	size := len(f.Manifest()) + aroundFile
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !fits(name) {
			return fmt.Errorf("%q cannot be in an archive: give the file a plain name", name)
		}
		size += len(f[name]) + aroundFile
	}
	if size > MaxBytes {
		return fmt.Errorf("the files are too long for an archive: %d MiB at most", MaxBytes>>20)
	}
	return nil
}

// aroundFile is what a file takes in an archive beside its content, at most: its header, one that says a long name, and
// what fills blocks up.
const aroundFile = 8 << 10

// fits tells whether a file of that name may be in an archive: what unpacks it puts it where it belongs, and a line of
// the manifest means it alone.
func fits(name string) bool {
	return name != manifestName && len(name) <= maxName && !path.IsAbs(name) && path.Clean(name) == name &&
		name != "." && name != ".." && !strings.HasPrefix(name, "../") && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' })
}

// untar reads what [Files.tar] wrote. Files that it would write otherwise are damaged: one reading, or none.
func untar(text []byte) (Files, error) {
	files, left := Files{}, int64(len(text))
	damaged := func(why string) (Files, error) { return nil, fmt.Errorf("%w: %s", ErrDamaged, why) }
	for r := tar.NewReader(bytes.NewReader(text)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damaged("it is no tar file")
		}
		left -= h.Size // a sparse file may be longer than its bytes
		if h.Typeflag != tar.TypeReg || left < 0 || len(files) > maxFiles {
			return damaged("there is something else in it than files")
		}
		content := make([]byte, h.Size)
		if _, err := io.ReadFull(r, content); err != nil {
			return damaged("it ends in the middle of a file")
		}
		files[h.Name] = content
	}
	delete(files, manifestName) // it is written anew below
	again, err := files.tar()
	if err != nil || !bytes.Equal(again, text) {
		return damaged("it is not as it was written")
	}
	return files, nil
}
