package tarball

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// some are files such as archives hold.
func some() Files {
	return Files{
		"server.yaml": []byte("version: 1\n"), "policy/purposes.yaml": []byte("purposes: {}\n"), "limits": {},
		"policy/vendors/ü b.yaml": []byte("id: x\n"), "policy/" + strings.Repeat("long/", 60) + "x": []byte("x"),
	}
}

// TestDigestIsPinned: archives that were kept are found by their digests, whatever version looks for them.
func TestDigestIsPinned(t *testing.T) {
	t.Parallel()
	files := Files{"a": []byte("1\n"), "b/c": []byte("2\n")}
	const manifest = "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865  a\n" +
		"53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3  b/c\n"
	if got := string(files.Manifest()); got != manifest {
		t.Errorf("the manifest is\n%s, want\n%s", got, manifest)
	}
	if got, want := files.Digest(), "10580d4f3baa984e94c50bca4c2cfc156416da7e36cfd7283e5f04fda195cf32"; got != want {
		t.Errorf("the digest is %s, want %s", got, want)
	}
}

// TestPackOpen: what comes out is what went in; packed again it is the same bytes, whatever the order was.
func TestPackOpen(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]Files{"some": some(), "none": {}, "one": {"x": []byte("y")}} {
		packed, err := Pack(files)
		if err != nil {
			t.Fatal(name, err)
		}
		for range 5 {
			again := Files{}
			maps.Copy(again, files)
			if other, err := Pack(again); err != nil || !bytes.Equal(packed, other) {
				t.Errorf("%s: other bytes for the same files, %v", name, err)
			}
		}
		got, err := Open(packed, files.Digest())
		if err != nil || got.Digest() != files.Digest() || len(got) != len(files) {
			t.Errorf("%s: %d files of %s, %v", name, len(got), got.Digest(), err)
		}
		for name, text := range files {
			if !bytes.Equal(got[name], text) {
				t.Errorf("%s is %q, want %q", name, got[name], text)
			}
		}
	}
}

// TestEachByte: whichever byte of the files or of their tar is another, the digest or the archive is.
func TestEachByte(t *testing.T) {
	t.Parallel()
	files := some()
	text, err := files.tar()
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		text[i] ^= 1
		if _, err := untar(text); !errors.Is(err, ErrDamaged) {
			got, _ := untar(text)
			if got.Digest() == files.Digest() {
				t.Fatalf("byte %d of the tar was turned, and nobody noticed: %v", i, err)
			}
		}
		text[i] ^= 1
	}
	packed := compressed(text)
	for i := range packed {
		packed[i] ^= 0x10
		got, err := Open(packed, files.Digest())
		if err == nil {
			for name, content := range files {
				if !bytes.Equal(got[name], content) {
					t.Fatalf("byte %d of the archive was turned, and %s is another", i, name)
				}
			}
		} else if !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: %v", i, err)
		}
		packed[i] ^= 0x10
	}
}

// TestDiffering: of two sets of files those that are not alike are named.
func TestDiffering(t *testing.T) {
	t.Parallel()
	a, b := some(), some()
	a["here"], b["there"], b["limits"] = nil, nil, []byte("another")
	if got := strings.Join(Differing(a.Manifest(), b.Manifest()), " "); got != "here limits there" {
		t.Errorf("%s differ", got)
	}
}

// TestForeign: what is no archive of ours is damaged, whatever it would unpack to.
func TestForeign(t *testing.T) {
	t.Parallel()
	one := func(h tar.Header, content string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		manifest := string(Files{h.Name: []byte(content)}.Manifest())
		for _, f := range []struct {
			tar.Header
			content string
		}{{tar.Header{Typeflag: tar.TypeReg, Name: manifestName, Mode: 0o600}, manifest}, {h, content}} {
			f.Size = int64(len(f.content))
			if err := errors.Join(w.WriteHeader(&f.Header), second(w.Write([]byte(f.content)))); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	plain := tar.Header{Typeflag: tar.TypeReg, Name: "x", Mode: 0o600}
	with := func(change func(h *tar.Header)) tar.Header {
		h := plain
		change(&h)
		return h
	}
	if files, err := untar(one(plain, "y")); err != nil || string(files["x"]) != "y" {
		t.Fatalf("the plain one: %v", err)
	}
	for name, text := range map[string][]byte{
		"a path that leads out":  one(with(func(h *tar.Header) { h.Name = "../x" }), "y"),
		"an absolute path":       one(with(func(h *tar.Header) { h.Name = "/etc/x" }), "y"),
		"a path that turns back": one(with(func(h *tar.Header) { h.Name = "a/../x" }), "y"),
		"a name with a line end": one(with(func(h *tar.Header) { h.Name = "a\nb" }), "y"),
		"a symbolic link":        one(with(func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeSymlink, "/etc/x" }), ""),
		"a folder":               one(with(func(h *tar.Header) { h.Typeflag, h.Name = tar.TypeDir, "x/" }), ""),
		"another mode":           one(with(func(h *tar.Header) { h.Mode = 0o777 }), "y"),
		"an owner":               one(with(func(h *tar.Header) { h.Uid, h.Uname = 0, "root" }), "y"),
		"more behind its end":    append(one(plain, "y"), make([]byte, 512)...),
		"cut short":              one(plain, "y")[:1600],
		"nothing":                nil,
		"no tar":                 []byte(strings.Repeat("x", 2048)),
	} {
		if _, err := untar(text); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	bomb := w.EncodeAll(make([]byte, MaxBytes+1), nil)
	if _, err := Open(bomb, some().Digest()); !errors.Is(err, ErrDamaged) {
		t.Errorf("what unpacks to more than %d bytes: %v", MaxBytes, err)
	}
}

func second(_ int, err error) error { return err }

// TestTooMuch: what would not be read again is not written.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	many := Files{}
	for i := range maxFiles + 1 {
		many[strings.Repeat("x", i%100)+hex.EncodeToString([]byte{byte(i), byte(i >> 8)})] = nil
	}
	for name, files := range map[string]Files{
		"files": many, "bytes": {"x": make([]byte, MaxBytes)}, "name": {strings.Repeat("x", maxName+1): nil},
		"manifest": {manifestName: nil}, "back": {"..": nil}, "nameless": {"": nil}, "slash": {"a/": nil},
		"backslash": {`a\b`: nil},
	} {
		if _, err := Pack(files); err == nil {
			t.Errorf("%s: packed", name)
		}
	}
}

// FuzzOpen: whatever it is given, it is read in one way or not at all, and never more than it may be.
func FuzzOpen(f *testing.F) {
	for _, files := range []Files{some(), {}, {"x": []byte("y")}} {
		text, err := files.tar()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, false)
		f.Add(compressed(text), true)
	}
	f.Add([]byte("\x28\xb5\x2f\xfd"), true)
	f.Fuzz(func(t *testing.T, text []byte, packed bool) {
		if packed {
			if text, _ = unpacked(text); len(text) > MaxBytes {
				t.Fatalf("unpacked to %d bytes", len(text))
			}
		}
		files, err := untar(text)
		if err != nil {
			if !errors.Is(err, ErrDamaged) || files != nil {
				t.Fatalf("%d files, %v", len(files), err)
			}
			return
		}
		again, err := Pack(files)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(again, files.Digest()); err != nil {
			t.Fatal(err)
		}
	})
}
