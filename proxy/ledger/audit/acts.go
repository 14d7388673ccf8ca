package audit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tidwall/gjson"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// act is a record that is about the log itself.
type act struct {
	number     uint64
	kind       string
	first, end uint64 // records that it is about
	segment    string // sealed: digest of its lines, hex
	summary    string // sealed: digest of its summary, hex
	digest     string // set_aside: of the file that says which lines, hex
	key, was   string
	tree       tlog.Tree
	because    string
	erasure    *ledger.Erasure // which lines are to go; nil: it says nothing of that, or nothing that can be understood
}

// acts are those of a log, in order.
type acts []act

// act notes a record that is about the log itself. One that is not signed yet accounts for nothing: whoever
// takes lines away could have written it.
func (r *reader) act(number uint64, line []byte, got *reading) {
	if number >= uint64(r.v.signed.N) {
		return
	}
	switch string(ledger.KindOf(line)) {
	case ledger.KindErasure:
		if of, err := ledger.ParseErasure(line); err == nil {
			got.acts = append(got.acts, act{number: number, kind: ledger.KindErasure, first: of.Segment, erasure: &of})
		}
	case ledger.KindErased:
		said := gjson.GetManyBytes(line, "segment", "digest")
		got.acts = append(got.acts, act{number: number, kind: ledger.KindErased, first: said[0].Uint(), digest: said[1].Str})
	case ledger.KindSealed, ledger.KindRetention, ledger.KindSetAside, ledger.KindRestored, ledger.KindLogKey:
		said := gjson.GetManyBytes(line, "first", "end", "segment", "summary", "key", "was", "size",
			"root", "because", "digest")
		a := act{
			number: number, kind: string(ledger.KindOf(line)), first: said[0].Uint(), end: said[1].Uint(), segment: said[2].Str,
			summary: said[3].Str,
			key:     said[4].Str, was: said[5].Str, because: said[8].Str, digest: said[9].Str,
		}
		a.tree.N = said[6].Int()
		a.tree.Hash, _ = tlog.ParseHash(said[7].Str) // zero is no tree's
		got.acts = append(got.acts, a)
	}
}

// last is the last act of a kind about records from one on; nil: there is none.
func (a acts) last(kind string, first uint64) (found *act) {
	for i := range a {
		if a[i].kind == kind && a[i].first == first {
			found = &a[i]
		}
	}
	return found
}

// erasedBefore is the number before which retention has deleted lines: it deletes from the oldest on.
func (a acts) erasedBefore() (end uint64) {
	for i := range a {
		if a[i].kind == ledger.KindRetention {
			end = max(end, a[i].end)
		}
	}
	return end
}

// Erases tells whether a record, given by its line, says that the line of the record of a number is gone: nil, or what
// it says instead. Retention deletes from the oldest record on: what lies before its first one went earlier.
func Erases(line []byte, number int64) error {
	kind := string(ledger.KindOf(line))
	if kind == ledger.KindErasure {
		of, err := ledger.ParseErasure(line)
		if err == nil && (number < 0 || !of.Covers(uint64(number))) {
			err = fmt.Errorf("it says of other records that their lines were to go, among records %d to %d", of.First, of.End-1)
		}
		return err
	}
	if kind != ledger.KindRetention && kind != ledger.KindSetAside {
		return fmt.Errorf("it is a record of kind %q", kind)
	}
	said := gjson.GetManyBytes(line, "first", "end")
	first, end := said[0].Uint(), said[1].Uint()
	switch {
	case !gjson.ValidBytes(line):
		return errors.New("it is no record")
	case kind == ledger.KindRetention && uint64(number) < end:
		return nil
	case kind == ledger.KindSetAside && uint64(number) >= first && uint64(number) < end:
		return nil
	}
	return fmt.Errorf("it is about records %d to %d", first, end-1)
}

// account tells whether records say why lines are missing, and whether what they say of the log is so.
func (v *verification) account() {
	for i := range v.read {
		v.acts = append(v.acts, v.read[i].acts...)
	}
	erased := v.acts.erasedBefore()
	for i, p := range v.parts {
		if v.read[i].gone && p.end > p.first {
			v.accountGone(p, erased)
		}
		if p.aside != nil {
			v.accountAside(p, v.read[i])
		}
		if !v.read[i].gone {
			v.accountErased(p, v.read[i])
		}
	}
	var key *act
	for i := range v.acts {
		if a := &v.acts[i]; a.kind == ledger.KindLogKey {
			key = a
		}
	}
	if key != nil && key.key != v.report.Key {
		v.report.add(Finding{Kind: Changed, File: ledger.KeyFile, Offset: -1, First: key.number, End: key.number,
			What: fmt.Sprintf("record %d says that the log's key is %s", key.number, key.key)})
	}
}

// accountGone accounts for a part that has no lines.
func (v *verification) accountGone(p *part, erased uint64) {
	if p.end <= erased {
		v.report.Erased += p.end - p.first
		return
	}
	first := max(p.first, erased)
	v.report.Erased += first - p.first
	v.report.add(Finding{Kind: Removed, File: p.name(), Offset: -1, First: first, End: first + 1, Count: p.end - first,
		What: fmt.Sprintf("the segment of records %d to %d is missing, and no signed record says that it was deleted",
			first, p.end-1)})
}

// accountAside accounts for lines that were set aside.
func (v *verification) accountAside(p *part, got *reading) {
	name := segment.FileName(p.first, ledger.AsideSuffix)
	if got.aside == 0 && len(got.erased) > 0 {
		return // they were erased as well
	}
	if got.aside == 0 {
		v.report.note("%s: what it says was set aside is in the segment", name)
		return
	}
	for i := range v.acts {
		if a := &v.acts[i]; a.kind == ledger.KindSetAside && a.digest == hex.EncodeToString(p.asideOf[:]) {
			return
		}
	}
	first := p.aside.Damaged[0].First
	v.report.add(Finding{Kind: Unrecorded, File: name, Offset: -1, First: first, End: first + 1, Count: uint64(got.aside),
		What: "damaged lines were set aside, and no signed record says so yet: the next start of the server records it"})
}

// summaries tells whether summaries are those of their segments, and whether records vouch for them.
func (v *verification) summaries() {
	vouched := uint64(0) // a segment behind which all are
	for i := range v.acts {
		if v.acts[i].kind == ledger.KindSealed {
			vouched = max(vouched, v.acts[i].first+1)
		}
	}
	whole := len(v.read) // from there on every record was read
	for whole > 0 && !v.read[whole-1].bad && !v.read[whole-1].gone {
		whole--
	}
	right := true // the summary before is
	for i, p := range v.parts {
		right = v.summary(p, v.read[i], p.first < vouched && i+1 >= whole, right)
	}
	for i := range v.acts {
		if a := &v.acts[i]; a.kind == ledger.KindSealed && v.hasNoSummary(a.first) {
			v.report.add(Finding{Kind: Removed, File: segment.FileName(a.first, ledger.SummarySuffix),
				Offset: -1, First: a.first,
				End: a.first, What: fmt.Sprintf("the summary is missing that record %d vouches for", a.number)})
		}
	}
}

// hasNoSummary tells whether the segment of a number has none. One may have been written meanwhile.
func (v *verification) hasNoSummary(first uint64) bool {
	for _, p := range v.parts {
		if p.first == first && p.sumText != nil {
			return false
		}
	}
	_, err := readWhole(filepath.Join(v.dir, segment.FileName(first, ledger.SummarySuffix)))
	return err != nil
}

// summary looks at a part's summary. It tells whether that is right.
func (v *verification) summary(p *part, got *reading, sealed, before bool) bool {
	if p.sumText == nil {
		return before
	}
	fault := func(kind Kind, format string, args ...any) bool {
		v.report.add(Finding{Kind: kind, File: summaryName(p), Offset: -1, First: p.first, End: p.first,
			What: fmt.Sprintf(format, args...)})
		return false
	}
	by := v.acts.last(ledger.KindSealed, p.first)
	switch {
	case p.sum == nil:
		return false // that was said
	case by != nil && by.summary != digest(p.sumText):
		return fault(Changed, "it is not the summary that record %d vouches for", by.number)
	case by != nil && (by.segment != p.sum.Digest || by.end != p.sum.End):
		return fault(Changed, "it says something else of the segment than record %d does", by.number)
	case by == nil && sealed && !got.gone:
		return fault(Unrecorded, "no record vouches for it, and one does for a later one")
	case got.short:
		return by != nil
	case got.gone || got.bad || got.aside > p.sum.Aside || got.sum == nil:
		if got.edge.Tree() != p.sum.Edge.Tree() && before && by == nil {
			return fault(Changed, "the tree that it says the segment ends with is another one than its entries make")
		}
		return true
	}
	text, err := got.sum.Text()
	switch {
	case err != nil || bytes.Equal(text, p.sumText) || !before && by != nil:
		return true
	case by != nil && v.report.about(p.first, p.end):
		return true // the summary is right, and the segment is not
	case by != nil:
		v.report.add(Finding{Kind: Changed, File: p.name(), Offset: -1, First: p.first, End: p.first, What: fmt.Sprintf(
			"it is not what its summary says, which record %d vouches for: %s", by.number, differs(got.sum, p.sum))})
		return true
	}
	return fault(Changed, "it is not what its segment makes: %s", differs(got.sum, p.sum))
}

// differs says in which member summaries differ.
func differs(made, stands *ledger.Summary) string {
	memory := func(s *ledger.Summary) string {
		text, err := s.Memory.MarshalJSON()
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
	switch {
	case made.First != stands.First || made.End != stands.End:
		return "other records"
	case made.Digest != stands.Digest:
		return "another digest"
	case made.Bytes != stands.Bytes:
		return "another length"
	case made.Torn != stands.Torn:
		return "other bytes behind the last record"
	case !made.From.Equal(stands.From) || !made.To.Equal(stands.To):
		return "other times"
	case made.Edge.Tree() != stands.Edge.Tree():
		return "another tree"
	case made.Lines != stands.Lines || made.Aside != stands.Aside:
		return "other lines"
	case memory(made) != memory(stands):
		return "it remembers something else"
	}
	return "it is written in another form"
}

// trees tells whether the log goes on from other trees that were signed, or that records tell of.
func (v *verification) trees() {
	t, err := tilesOf(v.dir)
	if err != nil {
		return // what is stored cannot be read, and that was said
	}
	hashes := t.Hashes(v.signed.Tree)
	other := func(of tlog.Tree) error {
		err := tree.Continues(of, v.signed.Tree, hashes)
		if errors.Is(err, tree.ErrOther) || errors.Is(err, tree.ErrSmaller) {
			return err
		}
		return nil // what is stored is not right, and that was said
	}
	for _, s := range v.also {
		if err := other(s.Tree); err != nil {
			v.report.add(Finding{Kind: Changed, File: s.file, Offset: -1, What: "the log does not go on from what it is of: " +
				err.Error()})
		}
	}
	for i := range v.read {
		for _, a := range v.read[i].acts {
			if a.kind != ledger.KindRestored {
				continue
			}
			v.report.note("record %d: an older copy of the log was accepted at %s, because: %s", a.number,
				plural.Of(a.tree.N, "record"), a.because)
			if err := other(a.tree); err != nil {
				v.report.add(Finding{Kind: Changed, File: v.parts[i].name(), Offset: -1, First: a.number, End: a.number + 1,
					What: "the record says that another log was accepted than this: " + err.Error()})
			}
		}
	}
}
