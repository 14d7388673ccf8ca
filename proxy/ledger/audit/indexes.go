package audit

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
)

// checkIndexes reads the indexes beside segments. They prove nothing, and whoever asks the ledger makes them again; one
// that is damaged, or of another segment, is reported all the same, and so is one whose segment is gone: it holds subjects.
func (v *verification) checkIndexes(parts map[uint64]*part) error {
	for _, first := range v.indexes {
		path := ledger.IndexPath(v.dir, first)
		f := Finding{Kind: Changed, File: filepath.Base(path), Offset: -1}
		x, err := index.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // whoever writes its segment anew took it away
		}
		var of index.Of
		if err == nil {
			of = x.Of()
			err = errors.Join(x.Check(), x.Close())
		}
		sealed, failed := ledger.ReadSealed(v.dir, first)
		switch p := parts[first]; {
		case errors.Is(err, fs.ErrPermission):
			return err
		case err != nil:
			f.What = err.Error() + ": remove the file, it is made again"
		case p == nil || p.path == "":
			f.What = "its segment is gone, and it holds subjects: remove the file"
		case failed == nil && sealed.Of() != of:
			f.What = index.ErrOther.Error() + ": remove the file, it is made again"
		default:
			continue
		}
		v.report.add(f)
	}
	return nil
}
