package assess

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/files"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestRevokeThatCannotBeDone: a revocation that would not be in force is not written, and the file stays as it was.
func TestRevokeThatCannotBeDone(t *testing.T) {
	t.Parallel()
	fact := basis.Revocation{Assessment: "LIA-1", Version: 1, At: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC),
		Because: "it was sold"}
	for what, c := range map[string]struct{ there, private, says string }{
		"a key that is none": {"", "PRIVATE+KEY+x", ""},
		"a list in brackets": {"revocations: [{ assessment: LIA-9, version: 1, at: 2026-11-01T12:00:00Z, because: sold }]\n",
			"", "cannot be added to"},
	} {
		all := base(t)
		if c.there != "" {
			all["policy/"+config.RevocationsFile] = []byte(c.there)
		}
		loaded, err := config.Load(files.Written(t, all))
		if err != nil {
			t.Fatal(err)
		}
		if path, err := Revoke(loaded, fact, c.private); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: written to %s, %v", what, path, err)
		}
		text, err := os.ReadFile(filepath.Join(loaded.Source.Dir, config.RevocationsFile))
		if c.there == "" && !errors.Is(err, fs.ErrNotExist) || c.there != "" && string(text) != c.there {
			t.Errorf("%s: left is %q, %v", what, text, err)
		}
	}
}
