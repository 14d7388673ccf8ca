package witness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// What is kept in the ledger's folder.
const (
	StateFile     = "witnesses.json" // what is known of each witness
	WitnessedFile = "witnessed"      // the newest checkpoint that enough witnesses signed, with their signatures
)

// Outcome is how an exchange ended: a word of a closed list.
type Outcome string

// How an exchange ended.
const (
	Signed       Outcome = "signed"
	Unreachable  Outcome = "unreachable"   // nobody answers, or not in time
	UnknownLog   Outcome = "unknown_log"   // 404
	UnknownKey   Outcome = "unknown_key"   // 403
	RefusedProof Outcome = "refused_proof" // 422, though the proof holds
	Conflict     Outcome = "conflict"      // 409, and no size that one could go on from
	Unsigned     Outcome = "unsigned"      // 200 without its signature
	BadAnswer    Outcome = "bad_answer"    // anything else
	Unreadable   Outcome = "unreadable"    // the log's own hashes cannot be read
	Disputed     Outcome = "disputed"      // it saw another log
)

// Outcomes lists them.
func Outcomes() []Outcome {
	return []Outcome{
		Signed, Unreachable, UnknownLog, UnknownKey, RefusedProof, Conflict, Unsigned, BadAnswer, Unreadable, Disputed,
	}
}

// Kind is how a log that a witness saw differs from the one that is here. The zero Kind: it does not.
type Kind string

// How the logs differ.
const (
	Larger Kind = "larger" // it had more records
	Other  Kind = "other"  // records were changed
)

// Dispute is what a witness saw. The zero Dispute is none.
type Dispute struct {
	Witness string    `json:"witness"`
	Kind    Kind      `json:"kind"`
	Theirs  int64     `json:"theirs"` // records, as the witness signed
	Ours    int64     `json:"ours"`   // records that the log has, or had when it was asked
	Since   time.Time `json:"since"`
}

// String says it, and what to do.
func (d Dispute) String() string {
	what := fmt.Sprintf("has signed %s, and the log has %d: it was cut short, or an older copy was put in its place",
		plural.Of(d.Theirs, "record"), d.Ours)
	if d.Kind == Other {
		what = fmt.Sprintf("has signed another log of %s: records were changed since", plural.Of(d.Theirs, "record"))
	}
	return "the witness " + d.Witness + " " + what +
		"; put the right copy in its place, or take the witness out of the server file where it is wrong"
}

// State is what is known of one witness.
type State struct {
	Name    string    `json:"name"`
	URL     string    `json:"url"`
	Size    int64     `json:"size"`           // records of the last checkpoint that it signed; 0: none is known
	Root    string    `json:"root,omitempty"` // of that one; "": not known
	Signed  time.Time `json:"signed,omitzero"`
	Tried   time.Time `json:"tried,omitzero"`
	Failure Outcome   `json:"failure,omitempty"` // of the last exchange; "": it signed
	Error   string    `json:"error,omitempty"`
	Dispute Dispute   `json:"dispute,omitzero"`

	failures int       // in a row
	until    time.Time // it is let be until then
}

// failed notes why a witness did not sign.
func (s *State) failed(err error, now time.Time) Outcome {
	s.failures++
	s.until = now.Add(delays[min(s.failures, len(delays))-1])
	s.Failure, s.Error = BadAnswer, err.Error()
	if f, ok := errors.AsType[*failure](err); ok {
		if s.Failure = f.outcome; f.dispute.Kind != "" {
			since := s.Dispute.Since
			if s.Dispute.Kind == "" {
				since = now.UTC().Truncate(time.Second)
			}
			s.Dispute = f.dispute
			s.Dispute.Since = since
		}
	}
	return s.Failure
}

// signed notes that it signed a checkpoint.
func (s *State) signed(got answered, now *checkpoint) {
	*s = State{
		Name: s.Name, URL: s.URL, Size: now.tree.N, Root: now.tree.Hash.String(), Signed: time.Unix(got.at, 0).UTC(),
		Tried: s.Tried,
	}
}

// states is the form of the file.
type states struct {
	Version   int     `json:"version"`
	Witnesses []State `json:"witnesses"`
}

// mostStates is how long the file is at most, in bytes.
const mostStates = 1 << 20

// ReadStates reads what a ledger's folder knows of witnesses; nothing where there is no file.
func ReadStates(dir string) ([]State, error) {
	text, err := readFile(dir, StateFile, mostStates)
	if err != nil || text == nil {
		return nil, err
	}
	all, err := parseStates(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: remove it, the witnesses are asked anew", filepath.Join(dir, StateFile), err)
	}
	return all, nil
}

// parseStates reads the file strictly.
func parseStates(text []byte) ([]State, error) {
	in := json.NewDecoder(strings.NewReader(string(text)))
	in.DisallowUnknownFields()
	var file states
	if err := in.Decode(&file); err != nil {
		return nil, errors.New("it does not say what is known of witnesses")
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows what is known of witnesses")
	}
	if file.Version != 1 {
		return nil, errors.New("its version is not 1")
	}
	for _, s := range file.Witnesses {
		if s.Name == "" || s.Size < 0 {
			return nil, errors.New("a witness has no name, or signed less than nothing")
		}
	}
	return file.Witnesses, nil
}

func writeStates(files durable.Files, dir string, all []State) error {
	text, err := json.MarshalIndent(states{1, all}, "", "  ")
	if err == nil {
		err = files.Replace(filepath.Join(dir, StateFile), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("what is known of witnesses cannot be kept: %w", err)
	}
	return nil
}

// ReadWitnessed reads the witnessed checkpoint of a ledger's folder, as it stands there; nil: there is none.
func ReadWitnessed(dir string) ([]byte, error) { return readFile(dir, WitnessedFile, mostStates) }

// readFile reads a file of a length at most; nil where there is none.
func readFile(dir, name string, most int64) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is longer than %d bytes", f.Name(), most)
	}
	return text, err
}

// stateOf is what was known of a witness: of one of that name, at that address.
func stateOf(known []State, w Witness) State {
	for _, s := range known {
		if s.Name == w.Key.Name() && s.URL == w.URL {
			return s
		}
	}
	return State{Name: w.Key.Name(), URL: w.URL}
}
