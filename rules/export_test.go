package rules

import "github.com/tagwarden/tagwarden/rules/hit"

// AssembleEvent puts together anew what leaves of an event, to hold what EventBytes finds against.
func (j *Judgement) AssembleEvent(event int) []byte {
	return j.assembler.Again(nil, &j.Hit, j.Hit.Events[event].Root)
}

// JudgeKeeping judges a hit and keeps every leaf of it but those that drop names, whatever the policy says: what would leave if minimising were
// gone.
func (j *Judgement) JudgeKeeping(in *Inputs, drop func(node int32) bool) Reason {
	if reason := j.run(judgeStages[:2], in); reason != Unjudged {
		return reason
	}
	for i := range j.Hit.Nodes {
		if n := &j.Hit.Nodes[i]; !n.Made {
			n.Fate, n.Edit = hit.Keep, hit.Span{}
		}
	}
	for i := range j.Hit.Nodes {
		if drop(int32(i)) {
			j.Hit.Nodes[i].Fate = hit.Drop
		}
	}
	return j.run(judgeStages[2:], in)
}

// Invalid is the reason of a denial for what is wrong with an assessment.
var Invalid = invalid
