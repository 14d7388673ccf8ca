// Package audit checks a ledger from its files and the log's public key alone, makes proofs of single records,
// and finds what is damaged. It opens nothing for writing, takes no lock and needs no key state: it works on a
// copy, and beside a server that writes.
//
// It promises that a record that stands before the newest checkpoint and is not, to the byte, what was signed, is
// found; and that what a server wrote and nobody touched is not found fault with.
package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Options say what is verified, and by what.
type Options struct {
	Dir string // the ledger's folder
	// Key is the log's public key, as log.pub holds it, from elsewhere; "": that in the folder, which whoever could write
	// to the folder could have replaced.
	Key        string
	Witnesses  []string    // public keys of witnesses, as the server file names them
	Checkpoint []byte      // one of the log that was kept elsewhere; nil: none. An empty one is no checkpoint
	Workers    int         // how many segments are read at once; 0: one a processor
	Progress   func(n int) // is told of each so many bytes that were read, by several goroutines; nil: nobody is
}

// ErrKeyMissing says that there is no key to verify with.
var ErrKeyMissing = errors.New("there is no " + ledger.KeyFile +
	" in the folder, and no key was given (--key): nothing can be verified")

// tries is how often a folder is read where something is found in it that a server may just have been writing.
const tries = 4

// Verify checks all files of a ledger. An error says that it could not: everything else is in the report.
func Verify(o Options) (*Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	for try := 1; ; try++ {
		before, err := listing(o.Dir)
		if err != nil {
			return nil, fmt.Errorf("cannot read the ledger's folder: %w", err)
		}
		report, err := verify(o)
		if err == nil && len(report.Findings) == 0 || try == tries {
			return report, err
		}
		after, listed := listing(o.Dir)
		if listed != nil || slices.Equal(before, after) {
			return report, err
		}
		o.Progress = nil // a server writes: what was found may be what it was about
	}
}

// listing is what lies in a folder.
func listing(dir string) ([]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range files {
		info, err := e.Info()
		if err != nil {
			continue // it went
		}
		all = append(all, fmt.Sprint(e.Name(), info.Size(), info.ModTime().UnixNano()))
	}
	return all, nil
}

// verification is one reading of a folder.
type verification struct {
	opts      Options
	dir       string
	key       note.Verifier
	witnesses []note.Verifier
	report    *Report

	signed  signedBy   // the newest tree that is signed; of size 0: there is none
	also    []signedBy // further trees that are signed
	parts   []*part    // in order, without a hole
	indexes []uint64   // first records of the segments that have one
	stored  hashFiles  // entries
	levels  levels     // nodes
	read    []*reading // by part
	acts    acts       // what records say of the log itself
}

// signedBy is a tree that somebody signed, and where that stands.
type signedBy struct {
	tlog.Tree
	file string
}

func verify(o Options) (*Report, error) {
	v := &verification{opts: o, dir: o.Dir, report: &Report{}}
	if err := v.keys(); err != nil {
		return nil, err
	}
	if err := v.checkpoints(); err != nil { // first: what is written meanwhile lies behind it
		return nil, err
	}
	if err := v.list(); err != nil {
		return nil, err
	}
	var err error
	if v.stored, err = listHashes(v.dir, 0); err != nil {
		return nil, err
	}
	if v.levels, err = readLevels(v.dir); err != nil {
		return nil, fmt.Errorf("cannot read the nodes of the tree: %w", err)
	}
	if err := v.readParts(); err != nil {
		return nil, err
	}
	if err := v.checkIndexes(); err != nil {
		return nil, err
	}
	if err := v.judge(); err != nil {
		return nil, err
	}
	v.account()
	v.summaries()
	if err := v.leftovers(); err != nil {
		return nil, err
	}
	v.format()
	v.figures()
	v.report.sort()
	return v.report, nil
}

// keys reads the log's key and those of witnesses.
func (v *verification) keys() error {
	path := filepath.Join(v.dir, ledger.KeyFile)
	text, err := readWhole(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot read the log's key: %w", err)
	}
	own := strings.TrimSpace(string(text))
	given := strings.TrimSpace(v.opts.Key)
	switch {
	case given == "" && v.opts.Key != "": // a key was meant: the folder's own does not stand in for it
		return fmt.Errorf("the key that was given is empty: %w", tree.ErrKey)
	case given == "" && text == nil:
		return ErrKeyMissing
	case given == "":
		given, v.report.Own = own, true
	case text == nil:
		v.report.add(Finding{Kind: Removed, File: ledger.KeyFile, Offset: -1, What: "the log's public key is not in its " +
			"folder"})
	case own != given:
		v.report.add(Finding{Kind: Changed, File: ledger.KeyFile, Offset: -1, What: "it is another key than the one that " +
			"was given"})
	}
	if v.key, err = tree.ParseKey(given); err != nil {
		if v.report.Own {
			return fmt.Errorf("%s: %w", path, err)
		}
		return err
	}
	if text != nil && string(text) != own+"\n" {
		v.report.add(Finding{Kind: Changed, File: ledger.KeyFile, Offset: -1, What: "it is more than a key and the end of " +
			"its line"})
	}
	v.report.Key, v.report.Origin = given, v.key.Name()
	for _, text := range v.opts.Witnesses {
		witness, err := logkey.ParseWitness(text)
		if err != nil {
			return fmt.Errorf("the key of a witness: %w", err)
		}
		v.witnesses = append(v.witnesses, witness)
	}
	return nil
}

// checkpoints reads what was signed.
func (v *verification) checkpoints() error {
	for _, name := range []string{ledger.CheckpointFile, witnessedFile} {
		text, err := readWhole(filepath.Join(v.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			if name == ledger.CheckpointFile {
				v.report.add(Finding{Kind: Removed, File: name, Offset: -1, What: "there is no checkpoint: nothing here is signed"})
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot read a checkpoint: %w", err)
		}
		v.signedIn(name, text)
	}
	if v.opts.Checkpoint != nil {
		v.signedIn("", v.opts.Checkpoint)
	}
	return nil
}

// keptElsewhere is how the checkpoint that was given is called.
const keptElsewhere = "the checkpoint that was given"

// signedIn reads a checkpoint.
func (v *verification) signedIn(name string, text []byte) {
	c, err := tree.OpenCheckpoint(text, v.key, v.witnesses...)
	if name == "" {
		name = keptElsewhere
	}
	if err != nil {
		v.report.add(Finding{Kind: Unsigned, File: name, Offset: -1, What: err.Error()})
		return
	}
	if len(c.Unknown) > 0 {
		v.report.note("%s: signatures by others say nothing here without their keys (--witness-key): %s", name,
			strings.Join(c.Unknown, ", "))
	}
	if by := c.Signed[1:]; len(by) > 0 {
		v.report.note("%s: of %s, signed by %s as well", name, plural.Of(c.Tree.N, "record"), strings.Join(by, " and "))
	}
	of := signedBy{c.Tree, name}
	if of.N > v.signed.N || v.signed.N == 0 {
		of, v.signed, v.report.Signed = v.signed, of, c.Signed
	}
	if of.N > 0 {
		v.also = append(v.also, of)
	}
}

// readParts reads all parts. Those whose summary stands before them are read at once; one behind
// another that has none is read after it.
func (v *verification) readParts() error {
	v.read = make([]*reading, len(v.parts))
	var groups [][2]int
	for i := range v.parts {
		if i > 0 && (v.parts[i-1].sum == nil || v.parts[i-1].sum.End != v.parts[i].first) {
			groups[len(groups)-1][1] = i + 1
			continue
		}
		groups = append(groups, [2]int{i, i + 1})
	}
	var wait sync.WaitGroup
	var next atomic.Int64
	failed := make([]error, v.opts.Workers)
	for w := range v.opts.Workers {
		wait.Go(func() {
			r := &reader{v: v, entries: entries{from: v.stored}}
			defer r.lines.done()
			defer r.unpacker.done()
			r.lines.reset(nil)
			for failed[w] == nil {
				g := int(next.Add(1)) - 1
				if g >= len(groups) {
					return
				}
				failed[w] = r.group(groups[g][0], groups[g][1])
			}
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}

// total is the number behind the last record that is there.
func (v *verification) total() uint64 {
	if len(v.read) == 0 {
		return 0
	}
	last := v.read[len(v.read)-1]
	return v.parts[len(v.parts)-1].first + last.n
}

// format looks at the file that makes older versions refuse the folder.
func (v *verification) format() {
	text, err := readWhole(filepath.Join(v.dir, ledger.FormatFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.report.add(Finding{Kind: Removed, File: ledger.FormatFile, Offset: -1,
			What: "the file is missing that makes older versions refuse the folder: the next start writes it"})
	case err == nil:
		err = ledger.CheckFormat(text)
		fallthrough
	default:
		if err != nil {
			v.report.add(Finding{Kind: Changed, File: ledger.FormatFile, Offset: -1, What: err.Error()})
		}
	}
}

// figures counts.
func (v *verification) figures() {
	r := v.report
	r.Size, r.Root, r.Records = uint64(v.signed.N), "", v.total()
	if v.signed.N > 0 {
		r.Root = v.signed.Hash.String()
	}
	if r.Records < r.Size {
		r.note("%s is of %s, and the folder holds %d: where this is a copy, made while the server wrote or before that "+
			"was signed, copy again, checkpoint and witnessed before all else", v.signed.file,
			plural.Of(r.Size, "record"), r.Records)
	}
	r.Unsigned = r.Records - min(r.Records, r.Size)
	for i, p := range v.parts {
		if p.path == "" {
			continue
		}
		r.Segments++
		if p.packed {
			r.Packed++
		}
		r.Bytes += v.read[i].bytes
		r.Aside += uint64(v.read[i].aside)
	}
}

// summaryName is the name of a part's summary.
func summaryName(p *part) string { return segment.FileName(p.first, ledger.SummarySuffix) }
