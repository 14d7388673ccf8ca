package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// The ends of the names of files, behind the number of a segment's first record.
const (
	OpenSuffix    = ".jsonl"     // lines
	PackedSuffix  = ".jsonl.zst" // the same lines, compressed, of a sealed segment
	SummarySuffix = ".sum"
	AsideSuffix   = ".aside"
)

// Lines says which records a segment holds.
const (
	LinesChecked = "crc"  // each ends with a checksum
	LinesPlain   = "json" // written by a version that knew no checksums
)

// Summary is what a segment comes to. It stands beside the segment once that is sealed, and a record of the log holds
// its digest: a start reads the last summary and what was written since, and nothing else.
type Summary struct {
	Format int    `json:"format"` // 1
	First  uint64 `json:"first"`  // number of the segment's first record
	End    uint64 `json:"end"`    // number behind its last one
	Bytes  int64  `json:"bytes"`  // of its lines, with their ends
	Digest string `json:"digest"` // SHA-256 of its records' entries in the tree, hex
	// the earliest time of a record, rounded down to a second; To is the latest, rounded up
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to"`
	Lines  string     `json:"lines"`           // LinesChecked or LinesPlain
	Torn   int64      `json:"torn,omitempty"`  // bytes behind the last record that are none, since the process died
	Aside  int        `json:"aside,omitempty"` // how many of the lines are damaged, and were set aside
	Edge   *tree.Edge `json:"edge"`            // of the tree, behind the segment's last record
	Memory Recovered  `json:"memory"`          // of all records up to there
}

// summaryFormat is the form in which summaries are written.
const summaryFormat = 1

// ErrSummary says that bytes are no summary of a segment.
var ErrSummary = errors.New("this is no summary of a segment")

// mostSummary is how long a summary is at most, in bytes.
const mostSummary = 64 << 20

// Text is the summary as it stands in its file.
func (s *Summary) Text() ([]byte, error) {
	text, err := json.Marshal(s)
	return append(text, '\n'), err
}

// ParseSummary reads what [Summary.Text] gives, of the segment that begins with a record. The error wraps [ErrSummary].
func ParseSummary(text []byte, first uint64) (*Summary, error) {
	s := new(Summary)
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%w: it cannot be read", ErrSummary)
	}
	wrong := ""
	switch digest, err := hex.DecodeString(s.Digest); {
	case s.Format != summaryFormat:
		wrong = fmt.Sprintf("its format is %d, and %d is known here", s.Format, summaryFormat)
	case s.First != first || s.End < s.First:
		wrong = fmt.Sprintf("it is of records %d to %d, and its name says %d", s.First, s.End, first)
	case err != nil || len(digest) != sha256.Size:
		wrong = "its digest is none"
	case s.Edge == nil || uint64(s.Edge.Size()) != s.End:
		wrong = "its tree is of another size than the log behind it"
	case s.Lines != LinesChecked && s.Lines != LinesPlain:
		wrong = "it does not say which lines the segment holds"
	case s.Memory.Facts.Seen == nil:
		wrong = "it does not say what a start must know"
	}
	if wrong != "" {
		return nil, fmt.Errorf("%w: %s", ErrSummary, wrong)
	}
	return s, nil
}

// ReadSummary reads the summary of the segment that begins with a record. The error
// wraps [ErrSummary], or is fs.ErrNotExist.
func ReadSummary(dir string, first uint64) (s *Summary, digest [sha256.Size]byte, err error) {
	path := filepath.Join(dir, segment.FileName(first, SummarySuffix))
	info, err := os.Stat(path)
	if err != nil {
		return nil, digest, err
	}
	if info.Size() > mostSummary {
		return nil, digest, fmt.Errorf("%s: %w: it has %s", path, ErrSummary, plural.Of(info.Size(), "byte"))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, digest, fmt.Errorf("cannot read a summary: %w", err)
	}
	if s, err = ParseSummary(text, first); err != nil {
		return nil, digest, fmt.Errorf("%s: %w", path, err)
	}
	return s, sha256.Sum256(text), nil
}

// Summaries lists the summaries of a ledger by the numbers of their first records, oldest first.
func Summaries(dir string) ([]uint64, error) {
	files, err := segment.List(dir, SummarySuffix)
	if err != nil {
		return nil, err
	}
	first := make([]uint64, len(files))
	for i := range files {
		first[i] = files[i].First
	}
	return first, nil
}
