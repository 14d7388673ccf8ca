package query

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
)

// listedAs is the member that an index lists the values under.
func listedAs(member string) string {
	if member == Purpose {
		return "scopes"
	}
	return member
}

// known tells whether the policy or the log knows what is asked about: a vendor that neither has ever
// had is a word that was mistaken for one.
func (l *Ledger) known(ctx context.Context, q *Question) error {
	for i := range q.Where {
		c := &q.Where[i]
		if !slices.Contains(openValues, c.Member) {
			continue
		}
		for _, value := range c.Values {
			if slices.Contains(q.Known[c.Member], value) || c.Member == Purpose && q.Carried[value] != nil {
				continue
			}
			listed, is, err := l.stands(ctx, c.Member, value)
			if err != nil {
				return err
			}
			if is {
				continue
			}
			all := slices.Concat(listed, q.Known[c.Member])
			if c.Member == Purpose {
				all = slices.AppendSeq(all, maps.Keys(q.Carried))
			}
			slices.Sort(all)
			return &Fault{c.Member, fmt.Sprintf("neither the log nor the policy knows the %s `%s`%s", c.Member, value,
				near(value, slices.Compact(all)))}
		}
	}
	return nil
}

// Values are those that a member has in the log, in order: of a site, a vendor, an activity or a scope. Where there are
// too many to be listed, some may be missing.
func (l *Ledger) Values(ctx context.Context, member string) ([]string, error) {
	all, _, err := l.stands(ctx, member, "")
	return all, err
}

// stands tells whether a member has a value anywhere in the log, and, where not, which it has.
func (l *Ledger) stands(ctx context.Context, member, value string) (all []string, is bool, err error) {
	name := listedAs(member)
	segments, err := ledger.Segments(l.dir)
	if err != nil {
		return nil, false, err
	}
	found, from := map[string]bool{}, uint64(0)
	for _, s := range segments {
		of, err := ledger.ReadSealed(l.dir, s.First)
		if s.Old || err != nil {
			break
		}
		x := l.index(s, of)
		if x == nil {
			break
		}
		listed, many, err := valuesOfIndex(x, name, value)
		if err = errors.Join(err, x.Close()); err != nil {
			break // it is read below
		}
		if many {
			return nil, true, nil
		}
		for _, one := range listed {
			found[one] = true
		}
		if found[value] {
			return nil, true, nil
		}
		from = of.End
	}
	is, err = l.standsBehind(ctx, from, name, value, found)
	delete(found, "")
	return slices.Sorted(maps.Keys(found)), is, err
}

// valuesOfIndex are those that an index lists of a member; many says that there are too many, and the one that is asked
// about is among them.
func valuesOfIndex(x *index.Index, name, value string) (all []string, many bool, err error) {
	values, err := x.Values()
	if err != nil {
		return nil, false, err
	}
	all, listed := values[name]
	if listed || value == "" {
		return all, false, nil
	}
	found, err := x.Find(nil, index.Term(name, value))
	return nil, len(found) > 0, err
}

// standsBehind reads the log from a number on for a value of a member, and notes those that it meets.
func (l *Ledger) standsBehind(ctx context.Context, from uint64, name, value string, found map[string]bool) (
	bool, error) {
	r := ledger.Read(l.dir, from)
	defer func() { _ = r.Close() }()
	is := false
	note := func(member, one string) {
		if member == name {
			found[one] = true
			is = is || one == value && value != ""
		}
	}
	key := []byte(strconv.Quote(name) + ":")
	for n := 0; !is; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		if r.Next() {
			if bytes.Contains(r.Record(), key) {
				index.Values(r.Record(), note)
			}
		} else if !r.Skip() {
			break // who asks is told of damage by the answer
		}
	}
	return is, nil
}
