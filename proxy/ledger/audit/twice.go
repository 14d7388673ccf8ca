package audit

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// twice looks at a segment that lies there in lines and packed, since packing was interrupted: the packed file, which
// counts for nothing and goes at the next start, holds the lines' beginning. Anybody who reads packed files reads it.
func (v *verification) twice(p *part) error {
	packed := part{first: p.first, path: strings.TrimSuffix(p.path, ledger.OpenSuffix) + ledger.PackedSuffix, packed: true}
	var with unpacker
	defer with.done()
	lines, err := v.open(p, new(unpacker))
	if errors.Is(err, fs.ErrNotExist) || p.packed {
		if err == nil {
			lines.Close()
		}
		return nil // a server went on with it meanwhile
	}
	if err != nil {
		return err
	}
	defer lines.Close()
	f := Finding{Kind: Changed, File: filepath.Base(packed.path), Offset: -1, Packed: true, First: p.first, End: p.first}
	again, err := v.open(&packed, &with)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		f.Kind, f.What = Unreadable, "it lies beside its lines, which count, and cannot be read: "+err.Error()
		v.report.add(f)
		return nil
	}
	defer again.Close()
	if at, same := sameBytes(lines, again); !same {
		f.Offset, f.What = at, "it lies beside its lines, which count, and holds others: remove it"
		v.report.add(f)
	}
	return nil
}

// sameBytes tells whether all that a second reader yields is what the first begins with, and where it is not.
func sameBytes(first, second io.Reader) (at int64, same bool) {
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(second, b)
		m, _ := io.ReadFull(first, a[:n])
		if !bytes.Equal(a[:m], b[:n]) {
			for i := range min(m, n) {
				if a[i] != b[i] {
					return at + int64(i), false
				}
			}
			return at + int64(m), false
		}
		at += int64(n)
		if err != nil {
			return at, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		}
	}
}
