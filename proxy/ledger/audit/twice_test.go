package audit_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestTwice: a segment lies there in lines and packed where a server died while it packed it. That is fine as long as
// both hold the same; where the packed one holds others, whoever reads packed files is told what is not so.
func TestTwice(t *testing.T) {
	t.Parallel()
	dir := small(t, 40)
	packed := names(t, dir, "*.jsonl.zst")
	if len(packed) == 0 {
		t.Fatal("nothing is packed")
	}
	text := unpack(t, read(t, packed[0]))
	put(t, strings.TrimSuffix(packed[0], ".zst"), text)
	fine(t, dir)
	for what, c := range map[string]struct {
		packed []byte
		told   string
	}{
		"another line": {pack(t, bytes.Replace(text, []byte(`"kind":"event"`), []byte(`"kind":"evenT"`), 1)), "holds others"},
		"a line more":  {pack(t, append(bytes.Clone(text), "{}\n"...)), "holds others"},
		"no zstd":      {[]byte("lines"), "cannot be read"},
		"two frames":   {append(pack(t, text), pack(t, []byte("{}\n"))...), "cannot be read"},
	} {
		put(t, packed[0], c.packed)
		r := verify(t, dir)
		if len(r.Findings) != 1 || r.Findings[0].File != filepath.Base(packed[0]) ||
			!strings.Contains(r.Findings[0].What, c.told) {
			t.Errorf("%s: %s", what, told(r))
		}
	}
	put(t, packed[0], pack(t, text[:bytes.IndexByte(text, '\n')+1]))
	fine(t, dir) // it counts for nothing
}
