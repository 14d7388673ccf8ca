package rules

// AssembleEvent puts together anew what leaves of an event, to hold what EventBytes finds against.
func (j *Judgement) AssembleEvent(event int) []byte {
	return j.assembler.Again(nil, &j.Hit, j.Hit.Events[event].Root)
}
