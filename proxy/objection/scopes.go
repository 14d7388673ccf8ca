package objection

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// restriction stands before the name of a scope that is a restriction (Art. 18).
const restriction = "restriction:"

// Scopes are what is in force for one subject: numbers of scopes, ascending, as the store's dictionary counts them. The
// zero value is none. They are comparable, and never change.
type Scopes struct {
	set string // varints: marks
}

// A mark is twice the scope's number, and one more where it is a restriction. From keptMark on it is an opt-out that is
// kept (see kept.go), and how many seconds after keptEpoch that began, an even number: no subject has two of these.
const (
	keptMark  uint32 = 1 << 31
	keptEpoch int64  = 1577836800 // the beginning of 2020: there is room until 2088
)

// keptSince is the mark of an opt-out that is kept since a time, in Unix seconds: a second later, where that is even.
func keptSince(unix int64) uint32 {
	return keptMark | uint32(min(max(unix-keptEpoch+1, 0), 1<<31-1))&^1
}

// keptAt is since when an opt-out is kept that a mark is of; ok is false where the mark is of a scope.
func keptAt(mark uint32) (unix int64, ok bool) {
	return keptEpoch + int64(mark&^keptMark), mark >= keptMark
}

// markName names what a mark is of. It is false where its number has no name.
func markName(names []string, mark uint32) (string, bool) {
	switch n := int(mark / 2); {
	case mark >= keptMark:
		return KeptOptOut, true
	case n >= len(names):
		return "", false
	case mark&1 != 0:
		return restriction + names[n], true
	default:
		return names[n], true
	}
}

// Any tells whether there is any.
func (s Scopes) Any() bool { return s.set != "" }

// next takes the first mark off: twice the number of a scope, and one more where it is a restriction. What has been
// parsed holds only whole ones; ok is false at the end.
func (s *Scopes) next() (mark uint32, ok bool) {
	var shift uint
	for i := range len(s.set) {
		b := s.set[i]
		mark |= uint32(b&0x7f) << shift
		if b < 0x80 {
			s.set = s.set[i+1:]
			return mark, true
		}
		shift += 7
	}
	return 0, false
}

// appendMarks lists the marks.
func (s Scopes) appendMarks(marks []uint32) []uint32 {
	for {
		mark, ok := s.next()
		if !ok {
			return marks
		}
		marks = append(marks, mark)
	}
}

// scopesOf is the opposite of appendMarks. The marks are ascending.
func scopesOf(marks []uint32) Scopes {
	var set []byte
	for _, mark := range marks {
		set = binary.AppendUvarint(set, uint64(mark))
	}
	return Scopes{string(set)}
}

// parseScopes reads stored marks. What is not written as scopesOf would write it is refused.
func parseScopes(b []byte) (Scopes, bool) {
	last := -1
	for rest := b; len(rest) > 0; {
		mark, n := binary.Uvarint(rest)
		if n <= 0 || mark > 1<<32-1 || int(mark) <= last || n > 1 && rest[n-1] == 0 {
			return Scopes{}, false
		}
		last, rest = int(mark), rest[n:]
	}
	return Scopes{string(b)}, true
}

// dictionary gives scopes their numbers. Only the writer adds to one; names that were published are never changed.
type dictionary struct {
	names   []string
	numbers map[string]uint32
}

func newDictionary() *dictionary { return &dictionary{numbers: map[string]uint32{}} }

// add gives a name the next number.
func (d *dictionary) add(name string) uint32 {
	number := uint32(len(d.names))
	d.names = append(d.names, name)
	d.numbers[name] = number
	return number
}

// name is the name of a mark.
func (d *dictionary) name(mark uint32) string {
	name, ok := markName(d.names, mark)
	if !ok {
		panic("BUG: a mark whose number has no name")
	}
	return name
}

// load reads a dictionary.
func (d *dictionary) load(b *bolt.Bucket) error {
	return b.ForEach(func(key, value []byte) error {
		name, err := unseal(key, value, "a name")
		if err != nil {
			return err
		}
		if len(key) != 4 || int(binary.BigEndian.Uint32(key)) != len(d.names) {
			return fmt.Errorf("%w: a name is missing", ErrDamaged)
		}
		d.add(string(name))
		return nil
	})
}

// sourceName is the name of a source by its number; "" where it has none.
func sourceName(tx *bolt.Tx, number uint32) string {
	key := binary.BigEndian.AppendUint32(nil, number)
	name, _ := unseal(key, tx.Bucket(bucketSources).Get(key), "a name")
	return string(name)
}

// scopeNames lists the names of scopes, sorted. It is false where a number has no name.
func scopeNames(names []string, s Scopes) ([]string, bool) {
	var list []string
	for {
		mark, ok := s.next()
		if !ok {
			slices.Sort(list)
			return slices.Compact(list), true // of several subjects, opt-outs may be kept since several times
		}
		name, ok := markName(names, mark)
		if !ok {
			return nil, false
		}
		list = append(list, name)
	}
}

// bareScope takes the mark of a restriction off a scope's name.
func bareScope(scope string) (name string, restricted bool) {
	return strings.CutPrefix(scope, restriction)
}
