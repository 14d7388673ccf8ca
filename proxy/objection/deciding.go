package objection

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// deciding is what a group does about decisions.
type deciding struct{ *group }

// undecidable says which decision of a batch cannot be made as things stand when its turn has come: a restriction that
// somebody asked for since it was looked at is not lifted by a decision that does not speak of it.
func (g deciding) undecidable(b *Batch, places []uint32) error {
	for c := range b.Changes {
		change := &b.Changes[c]
		mine := places[:len(change.Subjects)]
		places = places[len(change.Subjects):]
		switch {
		case change.Decide == nil:
		case len(g.decided.all) >= mostDecisions:
			return &Fault{Act: c, What: "decision.ids", Err: ErrDecisions}
		case !change.Decide.Restriction && slices.ContainsFunc(g.inForce(mine), func(scope string) bool {
			return strings.HasPrefix(scope, restriction)
		}):
			return &Fault{Act: c, What: "decision.restriction", Err: ErrRestricted}
		}
	}
	return nil
}

// decide makes a decision. Where nothing is in force for its subjects there is nothing to decide on.
func (g deciding) decide(c *Change, mine []uint32) (Receipt, error) {
	receipt := Receipt{Recorded: g.now, InForce: g.inForce(mine)}
	if len(receipt.InForce) == 0 {
		return receipt, nil
	}
	receipt.New, receipt.Seq = true, g.tree.size+1
	made := *c.Decide
	made.Number, made.Made, made.Subjects = receipt.Seq, g.now, c.Subjects
	change := *c
	change.Decide, change.Outbox, change.Time = &made, nil, g.now
	records := make([]*record, len(mine))
	for i, at := range mine {
		records[i] = &g.states[at].record
	}
	entry := Recorded{
		Seq: receipt.Seq, Time: g.now, Change: change, InForce: receipt.InForce, Each: g.writer.scopes.apart(records),
	}
	if err := errors.Join(g.record(&entry), g.post(c.Outbox, &entry)); err != nil {
		return Receipt{}, err
	}
	before := func(d *Decision) bool { return d.Assessment == made.Assessment }
	err := g.endDecisions(g.decisionsFor(c.Subjects, before), fmt.Sprintf("decision %d took its place", receipt.Seq), c)
	if err != nil {
		return Receipt{}, err
	}
	key := number(made.Number)
	g.decided = decisionsOf(append(slices.Clone(g.decided.all), made))
	return receipt, g.tx.Bucket(bucketDecisions).Put(key, sealed(key, make([]byte, 4)))
}

// decisionsFor are the decisions that stand for any of some subjects.
func (g deciding) decisionsFor(subjects []Subject, which func(*Decision) bool) (list []Decision) {
	if len(g.decided.all) == 0 {
		return nil
	}
	var places []int
	for i := range subjects {
		for _, at := range g.decided.by[subjects[i].Hash] {
			if !slices.Contains(places, at) && which(&g.decided.all[at]) {
				places = append(places, at)
			}
		}
	}
	slices.Sort(places)
	for _, at := range places {
		list = append(list, g.decided.all[at])
	}
	return list
}

// again are the decisions that a change is later than: whoever objects again has to be decided on again.
func (g deciding) again(c *Change) []Decision {
	if len(c.Object) == 0 {
		return nil
	}
	more := len(g.effect.added) > 0
	return g.decisionsFor(c.Subjects, func(d *Decision) bool { return more || !c.dated || !c.Time.Before(d.Made) })
}

// takeBackDecision ends the decision that a change names.
func (g deciding) takeBackDecision(c *Change) (Receipt, error) {
	receipt := Receipt{Recorded: g.now, Seq: g.tree.size}
	at := slices.IndexFunc(g.decided.all, func(d Decision) bool { return d.Number == c.EndDecision })
	if at < 0 {
		return receipt, nil
	}
	receipt.New, receipt.Seq = true, g.tree.size+1
	return receipt, g.endDecisions(g.decided.all[at:at+1:at+1], c.Because, c)
}

// endDecisions ends decisions, each by a change of its own. Of says whose change that is.
func (g deciding) endDecisions(gone []Decision, because string, of *Change) error {
	for i := range gone {
		d := &gone[i]
		end := Recorded{Seq: g.tree.size + 1, Time: g.now, Change: Change{
			Subjects: d.Subjects, EndDecision: d.Number, Because: because, Time: g.now,
			Source: of.Source, Site: of.Site, By: of.By, Holder: of.Holder,
		}}
		if err := g.says(&end); err != nil {
			return err
		}
		if end.Change.Holder.Kind == SeenWith {
			end.Change.Holder = Holder{}
		}
		if err := g.record(&end); err != nil {
			return err
		}
		if of.EndDecision != 0 {
			if err := g.post(of.Outbox, &end); err != nil {
				return err
			}
		}
		if err := g.tx.Bucket(bucketDecisions).Delete(number(d.Number)); err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		g.decided = decisionsOf(slices.DeleteFunc(slices.Clone(g.decided.all), func(d Decision) bool {
			return slices.ContainsFunc(gone, func(other Decision) bool { return other.Number == d.Number })
		}))
	}
	return nil
}

// says fills in what is in force for the subjects of a change that changes none of that.
func (g deciding) says(r *Recorded) error {
	records := make([]*record, 0, len(r.Change.Subjects))
	var marks []uint32
	for i := range r.Change.Subjects {
		of, err := g.recordOf(&r.Change.Subjects[i].Hash)
		if err != nil {
			return err
		}
		records, marks = append(records, of), of.scopes.appendMarks(marks)
	}
	slices.Sort(marks)
	r.InForce, _ = scopeNames(g.writer.scopes.names, scopesOf(slices.Compact(marks)))
	r.Each = g.writer.scopes.apart(records)
	return nil
}

// recordOf is a subject's record as the group has it, or as it is on disk where the group has nothing to do with it.
func (g deciding) recordOf(hash *[16]byte) (*record, error) {
	at, found := placeIn(g.states, hash[:])
	if found {
		return &g.states[at].record, g.states[at].err
	}
	value := g.tx.Bucket(bucketSubjects).Get(hash[:])
	if value == nil {
		return &record{}, nil
	}
	of, err := parseRecord(hash[:], value)
	return &of, err
}

// Why a decision ended that nobody took back.
const (
	timeIsOver    = "its time is over"
	objectedAgain = "there is a new objection"
	restoredSince = "an older copy was restored: what became of it is not known"
)

// expireDecisions ends decisions whose time is over, and those of an older copy that was restored: they may have been
// taken back since, or their person may have objected again.
func (g deciding) expireDecisions() error {
	var over, unknown []Decision
	for _, d := range g.decided.all {
		switch {
		case !d.Until.After(g.now):
			over = append(over, d)
		case d.Number <= g.writer.store.undecided:
			unknown = append(unknown, d)
		}
	}
	if err := g.endDecisions(over, timeIsOver, &Change{Source: "expiry"}); err != nil {
		return err
	}
	return g.endDecisions(unknown, restoredSince, &Change{Source: "expiry"})
}
