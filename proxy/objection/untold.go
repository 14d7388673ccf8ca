package objection

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
)

// An act that a store with an order is asked for is on this store's disk before it is told, and stays there until its
// turn has come: whoever cannot be told now is told later, by the next process if need be. What
// it objects to is in force here at once.
//
// An act that can be asked for again is not kept: an import, and what hits show. Nor is one that takes something back:
// told late it would come behind what was objected to since then, elsewhere, and undo that. Where it objects to
// something as well, that part of it is kept.

// bucketUntold holds what was not told yet, or whose turn has not come: id of the act → checksum, and
//
//	its number, when it was asked for, the act, how many changes;
//	of each how many messages, their receiver, whether it ends, body
//
// It is made with the first such act.
var bucketUntold = []byte("untold")

// untoldAct is such an act. The act's own bytes, and the messages, are on disk alone.
type untoldAct struct {
	id       [16]byte
	at       time.Time
	subjects [][16]byte // their hashes, sorted
	object   []string   // scopes that are in force meanwhile, restrictions with their word
	marks    []uint32   // these, ascending
	text     []byte     // as it is put on disk, behind checksum and number; nil once it is there
	telling  bool       // it is being told
	told     bool       // it is on the log
}

// keptUntil tells whether a request is kept until its turn has come.
func (r *request) keptUntil() bool {
	if r.batch == nil || r.again || len(r.batch.Changes) == 0 {
		return false
	}
	return !slices.ContainsFunc(r.batch.Changes, func(c Change) bool { return c.decides() || len(c.TakeBack) > 0 })
}

// objecting is what of a batch is kept that takes something back: the changes that object, without what they take back;
// nil: there is nothing of that.
func (r *request) objecting() *Batch {
	if r.batch == nil || r.again {
		return nil
	}
	var part Batch // without the key: under that all of it may be done
	for _, c := range r.batch.Changes {
		if c.decides() {
			return nil
		}
		if len(c.Object) > 0 {
			c.TakeBack = nil
			part.Changes = append(part.Changes, c)
		}
	}
	if len(part.Changes) == 0 {
		return nil
	}
	return &part
}

// newUntold makes one of a batch.
func newUntold(id [16]byte, act []byte, b *Batch, at time.Time) *untoldAct {
	u := &untoldAct{id: id, at: at}
	u.of(b)
	text := appendTime(make([]byte, 0, len(act)+64), at)
	text = append(binary.AppendUvarint(text, uint64(len(act))), act...)
	text = binary.AppendUvarint(text, uint64(len(b.Changes)))
	for i := range b.Changes {
		messages := b.Changes[i].Outbox
		text = binary.AppendUvarint(text, uint64(len(messages)))
		for m := range messages {
			text = appendFlag(appendText(text, messages[m].To), messages[m].Ends)
			text = appendText(text, string(messages[m].Body))
		}
	}
	u.text = text
	return u
}

// of fills in whom it is about, and what is in force meanwhile.
func (u *untoldAct) of(b *Batch) {
	for i := range b.Changes {
		c := &b.Changes[i]
		u.subjects = append(u.subjects, hashesIn(c.Subjects)...)
		for _, scope := range c.Object {
			if c.Restriction {
				scope = restriction + scope
			}
			u.object = append(u.object, scope)
		}
	}
	slices.SortFunc(u.subjects, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	u.subjects = slices.Compact(u.subjects)
}

// keptAct is such an act as it is on disk.
type keptAct struct {
	number   uint64 // acts have numbers in the order in which they were asked for, whatever the clock said
	at       time.Time
	act      []byte      // not copied
	messages [][]Message // of each change
}

// parseUntold reads what is on disk. Every error is an ErrDamaged.
func parseUntold(key, value []byte) (k keptAct, err error) {
	rest, err := unseal(key, value, "an act that is to be told")
	if err != nil {
		return k, err
	}
	d := decoder{rest: rest}
	k = keptAct{number: d.uvarint(), at: d.time(), act: d.bytes(d.uvarint())}
	k.messages = make([][]Message, d.count(1))
	for i := range k.messages {
		k.messages[i] = make([]Message, d.count(3))
		for m := range k.messages[i] {
			k.messages[i][m] = Message{To: d.text(), Ends: d.flag(), Body: []byte(d.text())}
		}
	}
	if d.bad || len(d.rest) > 0 || len(key) != 16 {
		return k, fmt.Errorf("%w: an act that is to be told cannot be read", ErrDamaged)
	}
	return k, nil
}

// untold are those acts of a store.
type untold struct {
	some atomic.Bool // look-ups have to ask

	mu      sync.RWMutex // guards what follows
	acts    []*untoldAct // in the order in which they were asked for
	byID    map[[16]byte]*untoldAct
	objects map[[16]byte][]*untoldAct // by the hash of a subject, where there is an objection
}

func newUntoldActs() *untold {
	return &untold{byID: map[[16]byte]*untoldAct{}, objects: map[[16]byte][]*untoldAct{}}
}

// add adds one that is on disk, with the numbers that its scopes have. A scope that has none yet counts as all.
func (u *untold) add(one *untoldAct, numbers map[string]uint32) {
	for _, scope := range one.object {
		name, restricted := bareScope(scope)
		one.marks = insert(one.marks, markOf(numbers[name], restricted))
	}
	one.text = nil
	u.mu.Lock()
	defer u.mu.Unlock()
	u.acts, u.byID[one.id] = append(u.acts, one), one
	if len(one.marks) > 0 {
		for _, hash := range one.subjects {
			u.objects[hash] = append(u.objects[hash], one)
		}
	}
	u.some.Store(true)
}

// has tells whether an act is among them.
func (u *untold) has(id [16]byte) bool {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.byID[id] != nil
}

// remove takes off those whose turn has come, once that can be seen by look-ups.
func (u *untold) remove(ids [][16]byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	gone := map[*untoldAct]bool{}
	for _, id := range ids {
		if one := u.byID[id]; one != nil {
			gone[one] = true
			delete(u.byID, id)
		}
	}
	if len(gone) == 0 {
		return
	}
	is := func(one *untoldAct) bool { return gone[one] }
	u.acts = slices.DeleteFunc(u.acts, is)
	for one := range gone {
		for _, hash := range one.subjects {
			if left := slices.DeleteFunc(u.objects[hash], is); len(left) > 0 {
				u.objects[hash] = left
			} else {
				delete(u.objects, hash)
			}
		}
	}
	u.some.Store(len(u.acts) > 0)
}

// marks are what is in force for a subject by such acts.
func (u *untold) marks(hash [16]byte) (marks []uint32) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	for _, one := range u.objects[hash] {
		marks = append(marks, one.marks...)
	}
	return marks
}

// actingUntold stands for whose acts something is that nobody else knows yet: no decision is on these.
const actingUntold acting = "untold"

// beside is what stands with marks more.
func (s standing) beside(more []uint32) standing {
	marks := s.scopes.appendMarks(nil)
	for _, mark := range more {
		marks = insert(marks, mark)
	}
	s.scopes, s.acting = scopesOf(marks), actingUntold
	return s
}

// mostTelling is how many acts are told at once.
const mostTelling = 256

// next takes acts that can be told at once: none of a subject that an earlier one is about.
func (u *untold) next() (list []*untoldAct) {
	u.mu.Lock()
	defer u.mu.Unlock()
	before := map[[16]byte]bool{}
	for _, one := range u.acts[:min(len(u.acts), 8*mostTelling)] {
		if one.told {
			continue
		}
		after := one.telling || slices.ContainsFunc(one.subjects, func(hash [16]byte) bool { return before[hash] })
		for _, hash := range one.subjects {
			before[hash] = true
		}
		if after {
			continue
		}
		one.telling = true
		if list = append(list, one); len(list) == mostTelling {
			break
		}
	}
	return list
}

// came says whether an act is on the log now.
func (u *untold) came(one *untoldAct, told bool) {
	u.mu.Lock()
	one.telling, one.told = false, told
	u.mu.Unlock()
}

// anew has all of them be told again.
func (u *untold) anew() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, one := range u.acts {
		one.told = false
	}
}

// load reads what is on disk.
func (u *untold) load(tx *bolt.Tx, numbers map[string]uint32) error {
	b := tx.Bucket(bucketUntold)
	if b == nil {
		return nil
	}
	type numbered struct {
		number uint64
		one    *untoldAct
	}
	var all []numbered
	err := b.ForEach(func(key, value []byte) error {
		kept, err := parseUntold(key, value)
		if err != nil {
			return err
		}
		one := &untoldAct{id: [16]byte(key), at: kept.at}
		r, err := parseAct(&Ordered{ID: one.id, At: one.at, Body: kept.act})
		if err != nil || r.batch == nil {
			return fmt.Errorf("%w: an act that is to be told cannot be read", ErrDamaged)
		}
		one.of(r.batch)
		all = append(all, numbered{kept.number, one})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	for _, n := range all {
		u.add(n.one, numbers)
	}
	return nil
}

// noneUntold refuses a store without an order that has such acts: what they object to would be in force no more.
func noneUntold(tx *bolt.Tx) error {
	b := tx.Bucket(bucketUntold)
	if b == nil {
		return nil
	}
	if n := b.Stats().KeyN; n > 0 {
		return fmt.Errorf("%w: %d", ErrLeftUntold, n)
	}
	return nil
}

// ErrLeftUntold says that a store left its order, and holds acts of which the others do not know.
var ErrLeftUntold = errors.New(
	"the other nodes of the cluster do not know all that people asked this one for: start it in " +
		"its cluster until they do (cluster status, untold); acts that wait")
