package change

import (
	"maps"
	"reflect"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// purposes compares what purposes are called, and what counts as a yes or a no to them.
func (c *comparison) purposes() {
	for _, id := range bothKeys(c.old.Purposes, c.new.Purposes) {
		where := "purpose " + id
		old, was := c.old.Purposes[id]
		changed, is := c.new.Purposes[id]
		switch {
		case !was:
			c.add(where, Neutral, "new; what is done for it its activities say")
			continue
		case !is:
			c.add(where, Neutral, "removed")
			continue
		}
		if !maps.Equal(old.Title, changed.Title) || !maps.Equal(old.Description, changed.Description) {
			c.add(where, Neutral, "what visitors are told reads otherwise; approvals of assessments for it are void")
		}
		// A yes to one category is a yes to the purpose, and a no to one is a no.
		c.set(where, "consent categories", old.Categories, changed.Categories, Wider, Wider)
		numbers := func(list []int) (all []string) {
			for _, n := range list {
				all = append(all, number(n))
			}
			return all
		}
		c.set(where, "TCF purposes", numbers(old.TCF), numbers(changed.TCF), Narrower, Wider)
		c.value(where, "Global Privacy Control counts:", either(changed.GPC == "ignore"), old.GPC, changed.GPC)
		c.value(where, "Do Not Track counts:", either(changed.DNT == "ignore"), old.DNT, changed.DNT)
		if old.DirectMarketing != changed.DirectMarketing {
			c.add(where, either(!changed.DirectMarketing), "direct marketing: %t (an objection to it is absolute)",
				changed.DirectMarketing)
		}
		if old.Sensitive != changed.Sensitive {
			c.add(where, either(!changed.Sensitive), "sensitive data: %t (then most US states ask for consent)",
				changed.Sensitive)
		}
		c.set(where, "what it counts as in the US", old.US, changed.US, Narrower, Wider)
	}
}

// assessments compares the documents. Whether one begins or ends to hold its activities say.
func (c *comparison) assessments() {
	for _, id := range bothKeys(c.old.Assessments, c.new.Assessments) {
		where := "assessment " + id
		before, was := c.old.Assessments[id]
		after, is := c.new.Assessments[id]
		switch {
		case !was:
			c.add(where, Neutral, "new; what rests on it its activities say")
			continue
		case !is:
			c.add(where, Narrower, "removed")
			continue
		}
		old, changed := before.Document, after.Document
		c.value(where, "version", Neutral, number(old.Version), number(changed.Version))
		c.set(where, "purposes", old.Purposes, changed.Purposes, Wider, Narrower)
		c.set(where, "recipients", old.Recipients, changed.Recipients, Wider, Narrower)
		c.set(where, "safeguards", old.Safeguards, changed.Safeguards, Narrower, Wider)
		for _, class := range bothKeys(old.Data, changed.Data) {
			loosest := func(data map[string]string) minimise.Kind {
				kind, _ := minimise.ParseKind(data[class])
				return kind
			}
			if a, b := loosest(old.Data), loosest(changed.Data); a != b {
				c.value(where, class+" at loosest", either(b.Rank() < a.Rank()), a.String(), b.String())
			}
		}
		c.period(where, "retention", old.Retention, changed.Retention)
		if old.ReviewBy != changed.ReviewBy {
			c.value(where, "review by", either(old.ReviewBy.DaysUntil(changed.ReviewBy) > 0), old.ReviewBy.String(),
				changed.ReviewBy.String())
		}
		if old.CompellingGrounds() != changed.CompellingGrounds() {
			c.add(where, either(changed.CompellingGrounds()), "compelling grounds against objections: %t",
				changed.CompellingGrounds())
		}
		if texts := changedTexts(old, changed); len(texts) > 0 {
			c.add(where, Neutral, "reads otherwise: %s", strings.Join(texts, ", "))
		}
	}
}

// changedTexts names the parts of an assessment, other than those compared one by one, that read otherwise.
func changedTexts(old, changed *basis.Assessment) []string {
	var names []string
	for _, part := range []struct {
		name string
		same bool
	}{
		{"title", same(old.Title, changed.Title)}, {"owner", old.Owner == changed.Owner},
		{"interest", same(old.Interest, changed.Interest)}, {"third_parties", same(old.ThirdParties, changed.ThirdParties)},
		{"necessity", same(old.Necessity, changed.Necessity)}, {"balancing", same(old.Balancing, changed.Balancing)},
		{"effects", same(old.Effects, changed.Effects)}, {"conclusion", same(old.Conclusion, changed.Conclusion)},
		{"dpo_advice", same(old.DPOAdvice, changed.DPOAdvice)}, {"consulted", same(old.Consulted, changed.Consulted)},
		{"dpia", old.DPIA == changed.DPIA}, {"objection", same(old.Objection, changed.Objection)},
		{"approval", old.Approval == changed.Approval},
	} {
		if !part.same {
			names = append(names, part.name)
		}
	}
	return names
}

// same tells whether two parts of an assessment say the same, word for word in every language.
func same(old, changed any) bool { return reflect.DeepEqual(old, changed) }

// detectors compares the sites' own detectors of personal data.
func (c *comparison) detectors() {
	for _, id := range bothKeys(c.old.Detectors, c.new.Detectors) {
		old, was := c.old.Detectors[id]
		changed, is := c.new.Detectors[id]
		switch {
		case !was:
			c.add("detector "+id, Narrower, "new")
		case !is:
			c.add("detector "+id, Wider, "removed: what it found passes now")
		case old != changed:
			c.add("detector "+id, Wider, "reads otherwise: it may find less")
		}
	}
}

func number(n int) string { return strconv.Itoa(n) }
