package config

import "github.com/tagwarden/tagwarden/rules"

// AsTheyAre is what a test says under `assessments:` to be judged by what assessments are worth at its time.
const AsTheyAre = "as_they_are"

// AsApproved is the configuration as it would judge were every assessment approved today, as it stands: who writes a
// policy and its tests is not who approves. What no approval mends denies here, too: a revocation, a review that is
// past. Policy tests are judged by it, and nothing else.
func (l *Loaded) AsApproved() *Loaded {
	as := *l
	as.Draft.Assessments = l.Draft.Assessments.AsApproved()
	policy, err := rules.Compile(&as.Draft)
	if err != nil {
		panic("BUG: what compiled does not compile: " + err.Error())
	}
	as.Policy = policy
	return &as
}
