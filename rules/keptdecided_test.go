package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestAgainByDecisions: a decision that lifts an objection is asked for again, and where the browser's own cookie
// objects as well, only one counts that its visitor had been told of when the event came.
func TestAgainByDecisions(t *testing.T) {
	t.Parallel()
	d := draft(rung("grounds", basis.LegitimateInterest, assessed("LIA-3")))
	d.Assessments = register(t)
	p := compile(t, d)
	audience, _ := p.Objection("audience")
	decided := func(since, until time.Time) rules.Objections {
		o := audience
		o.Lifts = rules.LiftsOf(rules.Lift{
			Number: 1, Assessment: "LIA-3", Version: 1, Purposes: ^uint64(0), Since: since.Unix(), Until: until.Unix(),
		})
		return o
	}
	told, days := rules.Told(now), 24*time.Hour
	before := decided(now.Add(-2*days), now.Add(9*days))
	for _, c := range []struct {
		why, cookie string
		then        rules.Objections
		after       time.Duration
		want        rules.Reason
	}{
		{"the same", "", before, time.Hour, rules.Permitted},
		{"none stands any more", "", audience, time.Hour, rules.Objection},
		{"it is over", "", before, 10 * days, rules.Objection},
		{"it was made anew since", "", decided(now.Add(time.Hour), now.Add(9*days)), days, rules.BeforeChoice},
		{"the cookie's visitor was told", "audience/" + told, before, time.Hour, rules.Permitted},
		{"of another one, made since", "audience/" + told, decided(now.Add(2*days), now.Add(9*days)),
			3 * days, rules.Objection},
		{"the cookie says more than what was decided on", "audience/vendor:ga4/" + told, before, time.Hour, rules.Unjudged},
	} {
		headers := []string{}
		if c.cookie != "" {
			headers = append(headers, "Cookie: "+rules.PreferenceCookie+"="+c.cookie)
		}
		r := request(t, strings.Replace(pageView, "en=page_view", "en=page_view&qt=0", 1), "ga4", headers...)
		in, who := rules.Inputs{Now: now, Keys: keysOf(p)}, known{}
		for _, s := range judged(p, r, in, who).Subjects {
			who[s.Hash] = before
		}
		j := judged(p, r, in, who)
		k := keptOf(t, j)
		if k == nil {
			if c.want != rules.Unjudged {
				t.Errorf("%s: it did not leave at first: %v", c.why, j.Verdicts[0].Reason)
			}
			continue
		}
		for hash := range who {
			who[hash] = c.then
		}
		if err := k.LookUp(who); err != nil {
			t.Fatal(err)
		}
		at := rules.Moment{Now: now.Add(c.after)}
		if got := k.Judge(p, 0, at); got != c.want {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
		if anew := j.JudgeOn(0, j.Verdicts[0].Activity, who.of(j)[0], at); anew != c.want {
			t.Errorf("%s: anew %v, want %v", c.why, anew, c.want)
		}
	}
}
