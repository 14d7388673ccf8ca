package order

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Asked is an act that is to be told.
type Asked struct {
	Kind string
	Body any
}

// Kept is what the file of a [Replica] holds for those who do its acts.
type Kept struct {
	Mark   string // place on the log
	Seq    uint64
	Stands map[string]json.RawMessage
	Untold map[string][]json.RawMessage // bodies of acts that were not told, by kind
}

// IDAgain is the id of what is told a second log, by its text: the same on every node
// that tells it, so that it is done once.
func IDAgain(text []byte) [16]byte {
	sum := sha256.Sum256(append([]byte("tagwarden/1/told again\x00"), text...))
	return [16]byte(sum[:])
}

// ReadKept reads the file of a node; false where there is none.
func ReadKept(path string) (Kept, bool, error) {
	f, there, err := readFile(path)
	if err != nil || !there {
		return Kept{}, false, err
	}
	k := Kept{Mark: f.Mark, Seq: f.Seq, Stands: f.Stands, Untold: map[string][]json.RawMessage{}}
	for i := range f.Untold {
		k.Untold[f.Untold[i].Kind] = append(k.Untold[f.Untold[i].Kind], f.Untold[i].Body)
	}
	return k, true, nil
}

// CopyAgain brings the file of a node to that of another one, which stands where another log goes on: with what stands
// there, and how far that one has come. What this node has not told is kept, and what else it is to tell is added;
// what is there already is not added twice.
func CopyAgain(from, to string, more []Asked, now time.Time, disk durable.Disk) error {
	copied, _, err := readFile(from)
	if err != nil {
		return err
	}
	own, _, err := readFile(to)
	if err != nil {
		return err
	}
	copied.Untold = own.Untold
	for _, one := range more {
		text, err := actText(one.Kind, one.Body)
		if err != nil {
			return err
		}
		act, err := parseAct(text)
		if err != nil {
			return fmt.Errorf("an act of the kind %s: %w", one.Kind, err)
		}
		id := IDAgain(text)
		if slices.ContainsFunc(copied.Untold, func(u untold) bool { return slices.Equal(u.ID, id[:]) }) {
			continue
		}
		copied.Untold = append(copied.Untold, untold{ID: id[:], At: now.UTC(), Kind: act.Kind, Body: act.Body})
	}
	text, err := copied.text()
	if err != nil {
		return err
	}
	return durable.Files{Disk: disk}.Replace(to, text, 0o600)
}
