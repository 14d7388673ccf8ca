package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
)

// errNotOfLines says that an index is another one than its segment's lines make.
var errNotOfLines = errors.New(
	"it says something else than its segment's lines do: whoever searches by it may miss records")

// checkIndexes holds the indexes beside segments against the lines that were read. They prove nothing, and
// whoever asks the ledger makes them again; but one that was made by hand hides records from whoever asks. So
// one is reported that is damaged, of another segment, or another one than the lines make; and one whose
// segment is gone, since it holds subjects.
func (v *verification) checkIndexes() error {
	for _, first := range v.indexes {
		path := ledger.IndexPath(v.dir, first)
		f := Finding{Kind: Changed, File: filepath.Base(path), Offset: -1}
		at := slices.IndexFunc(v.parts, func(p *part) bool { return p.first == first })
		err := v.checkIndex(path, at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // whoever writes its segment anew took it away
		case errors.Is(err, fs.ErrPermission):
			return err
		case err != nil:
			f.What = err.Error() + ": remove the file, it is made again"
		case at < 0 || v.read[at].gone:
			f.What = "its segment is gone, and it holds subjects: remove the file"
		default:
			continue
		}
		v.report.add(f)
	}
	return nil
}

// checkIndex tells what is wrong with the index of the part at a place; -1: there is none.
func (v *verification) checkIndex(path string, at int) error {
	x, err := index.Open(path)
	if err != nil {
		return err
	}
	of := x.Of()
	if err := errors.Join(x.Check(), x.Close()); err != nil || at < 0 || v.read[at].gone {
		return err
	}
	if sealed, err := ledger.ReadSealed(v.dir, v.parts[at].first); err == nil {
		if err := sealed.Fits(v.dir, of); err != nil {
			return err
		}
	}
	want := v.read[at].index
	if want == [sha256.Size]byte{} {
		return nil // what the lines are is reported themselves
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was read alone
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	if [sha256.Size]byte(sum.Sum(nil)) != want {
		return errNotOfLines
	}
	return nil
}
