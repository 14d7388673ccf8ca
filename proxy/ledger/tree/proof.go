package tree

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Keys are what a proof is checked with. The zero Keys prove nothing.
type Keys struct {
	Log       note.Verifier   // the log's
	Witnesses []note.Verifier // those whose signatures may stand below a checkpoint as well
	// Erases tells whether a record, given by its line, says that the record of a number was erased: nil, or what it says
	// instead. nil: the proof of a record that was erased is refused.
	Erases func(line []byte, number int64) error
}

// Wanted is a record that is to be proved to be in the log.
type Wanted struct {
	Number int64
	Line   []byte  // as it stands in the log, without its end; nil: it was erased
	By     *Wanted // the record that erased it, with its line; nil where Line is there
}

// Proof is what a file proves.
type Proof struct {
	Number     int64
	Line       []byte      // nil: it was erased
	Entry      Entry       // SHA-256 of the line, also of one that was erased
	By         *Wanted     // the record that erased it
	Checkpoint *Checkpoint // the tree that it is in, and who signed that

	path, byPath tlog.RecordProof
	signed       string // the checkpoint as it stands
}

// format is the first member of a proof file: what it is, and in which version.
const format = "tagwarden proof 1"

// MakeProof makes a file by which anybody who has the log's public key can check that a record is in the log, and
// nothing else is needed. The checkpoint is one of the log as it is now or was before; tiles are the log's. Of the
// checkpoint's signatures those stay that the keys verify. It refuses a record that is not in the tree as it is given.
func MakeProof(w Wanted, checkpoint []byte, keys Keys, tiles *Tiles) ([]byte, error) {
	if keys.Log == nil {
		return nil, fmt.Errorf("%w: no key of a log was given", ErrProof)
	}
	signed, err := keep(checkpoint, append([]note.Verifier{keys.Log}, keys.Witnesses...)...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c, err := OpenCheckpoint(signed, keys.Log, keys.Witnesses...)
	if err != nil {
		return nil, err
	}
	p := &Proof{Number: w.Number, Line: w.Line, Entry: EntryOf(w.Line), Checkpoint: c, signed: string(signed)}
	if w.Number < 0 || w.Number >= c.Tree.N {
		return nil, fmt.Errorf("record %d is not in the log's checkpoint, which has %s", w.Number,
			plural.Of(c.Tree.N, "record"))
	}
	hashes := tiles.Hashes(c.Tree)
	if p.path, err = tlog.ProveRecord(c.Tree.N, w.Number, hashes); err != nil {
		return nil, fmt.Errorf("cannot read the tree: %w", err)
	}
	if w.Line == nil {
		if p.By = w.By; p.By == nil || p.By.Number < 0 || p.By.Number >= c.Tree.N {
			return nil, fmt.Errorf("record %d has no line, and no record of the log's checkpoint is given that erased it",
				w.Number)
		}
		if err := tiles.Entries.HashesAt(p.Entry[:], w.Number); err != nil {
			return nil, fmt.Errorf("cannot read the tree: %w", err)
		}
		if p.byPath, err = tlog.ProveRecord(c.Tree.N, w.By.Number, hashes); err != nil {
			return nil, fmt.Errorf("cannot read the tree: %w", err)
		}
	}
	file := p.file()
	if _, err := CheckProof(file, keys); err != nil {
		return nil, err
	}
	return file, nil
}

// file writes the proof down, in the one form that it has.
func (p *Proof) file() []byte {
	b := fmt.Appendf(nil, "{\n  \"format\": %q,\n  \"number\": %d,\n", format, p.Number)
	if p.By == nil {
		b = fmt.Appendf(b, "  \"record\": %s,\n", p.Line)
	} else {
		b = fmt.Appendf(b, "  \"entry\": %q,\n", base64.StdEncoding.EncodeToString(p.Entry[:]))
		b = fmt.Appendf(b, "  \"erased_by\": {\n    \"number\": %d,\n    \"record\": %s,\n", p.By.Number, p.By.Line)
		b = append(b, "    \"proof\": ["...)
		b = append(appendHashes(b, p.byPath, "    "), "]\n  },\n"...)
	}
	b = append(b, "  \"proof\": ["...)
	b = append(appendHashes(b, p.path, "  "), "],\n  \"checkpoint\": \""...)
	for _, c := range []byte(p.signed) {
		switch c {
		case '\n':
			b = append(b, `\n`...)
		case '"', '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return append(b, "\"\n}\n"...)
}

// appendHashes appends the items of a list, one a line.
func appendHashes(b []byte, list tlog.RecordProof, indent string) []byte {
	for i, h := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "\n%s  %q", indent, h.String())
	}
	if len(list) > 0 {
		b = append(append(b, '\n'), indent...)
	}
	return b
}

// String says what is proved.
func (p *Proof) String() string {
	what := fmt.Sprintf("record %d is in the log %s, which had %s when %s signed it",
		p.Number, p.Checkpoint.Origin, plural.Of(p.Checkpoint.Tree.N, "record"), strings.Join(p.Checkpoint.Signed, " and "))
	if p.By != nil {
		what += fmt.Sprintf("; its line was erased by record %d, which is in the log as well", p.By.Number)
	}
	return what
}

// ErrProof says that a file proves nothing.
var ErrProof = errors.New("this is no proof")

// mostProof is how long a proof file is at most, in bytes.
const mostProof = 4 << 20

// CheckProof tells what a file proves. It refuses whatever is not as [MakeProof] writes it, to the last byte: a member
// too much, too few, twice or changed, base64 in another form, a signature that the keys do not verify, bytes behind
// the end. The error wraps [ErrProof] and says what is wrong.
func CheckProof(file []byte, keys Keys) (*Proof, error) {
	if keys.Log == nil {
		return nil, fmt.Errorf("%w: no key of a log was given", ErrProof)
	}
	if len(file) > mostProof {
		return nil, fmt.Errorf("%w: it has %s, and may have %d", ErrProof, plural.Of(len(file), "byte"), mostProof)
	}
	p, err := readProof(file)
	if err == nil {
		err = asWritten(file, p.file())
	}
	if err == nil {
		err = p.check(keys)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return p, nil
}

// asWritten tells whether a file is as it would be written, and where it is not.
func asWritten(file, written []byte) error {
	if bytes.Equal(file, written) {
		return nil
	}
	at := 0
	for at < min(len(file), len(written)) && file[at] == written[at] {
		at++
	}
	line := bytes.Count(file[:at], []byte{'\n'}) + 1
	column := at - bytes.LastIndexByte(file[:at], '\n')
	return fmt.Errorf("line %d, byte %d: it does not stand in the form in which proofs are written", line, column)
}

// check checks what was read.
func (p *Proof) check(keys Keys) error {
	c, err := OpenCheckpoint([]byte(p.signed), keys.Log, keys.Witnesses...)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if len(c.Unknown) > 0 {
		return fmt.Errorf("checkpoint: it carries a signature by %s, whose key was not given: "+
			"give that key, or ask for a proof without it", c.Unknown[0])
	}
	p.Checkpoint = c
	if err := included(c.Tree, p.Number, p.Entry, p.path); err != nil {
		return err
	}
	if p.By == nil {
		return nil
	}
	switch by := p.By; {
	case by.Number <= p.Number:
		return fmt.Errorf("erased_by: record %d comes before record %d, and cannot have erased it", by.Number, p.Number)
	case keys.Erases == nil:
		return errors.New("erased_by: nothing can tell here what that record says")
	default:
		if err := included(c.Tree, by.Number, EntryOf(by.Line), p.byPath); err != nil {
			return fmt.Errorf("erased_by: %w", err)
		}
		if err := keys.Erases(by.Line, p.Number); err != nil {
			return fmt.Errorf("erased_by: record %d does not say that record %d was erased: %w", by.Number, p.Number, err)
		}
	}
	return nil
}

// included checks that an entry is in a tree.
func included(in tlog.Tree, number int64, e Entry, path tlog.RecordProof) error {
	if number >= in.N {
		return fmt.Errorf("number: record %d is not in the checkpoint's tree, which has %s", number,
			plural.Of(in.N, "record"))
	}
	if tlog.CheckRecord(path, in.N, in.Hash, number, e.Leaf()) != nil {
		return fmt.Errorf("the record given is not record %d of the checkpoint's tree: the record, its number, the proof "+
			"or the checkpoint was changed", number)
	}
	return nil
}

// readNumber reads a number of a record.
func readNumber(raw json.RawMessage) (int64, error) {
	if raw == nil {
		return 0, errors.New(`the member "number" is missing`)
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != string(raw) {
		return 0, errors.New("number: a whole number from 0 on is right")
	}
	return n, nil
}
