package rules

// The way of a hit, as far as it is pure. What stands here is the order, and the order is the law: a hit is routed
// before it is taken apart, everything it says is seen before anything is decided, every event is decided before a
// field is looked at, and only what was minimised is put together. A stage returns Unjudged to go on, or the reason why
// the hit as a whole is refused. Each is given what the stages before it found: a file has the name of the state that
// it keeps.
var (
	readStages = []func(*Judgement, *Inputs) Reason{
		route,
		decode,
		observe,
	}
	judgeStages = []func(*Judgement, *Inputs) Reason{
		decide,
		apply,
		encode,
	}
)

func route(j *Judgement, _ *Inputs) Reason    { return j.findRoute() }
func decode(j *Judgement, in *Inputs) Reason  { return j.decode(in) }
func observe(j *Judgement, in *Inputs) Reason { return j.observe(in) }

func decide(j *Judgement, in *Inputs) Reason { return j.decide(&j.readState, j.Objections, in) }
func apply(j *Judgement, in *Inputs) Reason  { return j.minimise(&j.readState, j.Verdicts, in) }
func encode(j *Judgement, _ *Inputs) Reason  { return j.encode(&j.readState, &j.minimiseState) }

// Read takes a hit apart: whose it is, which events it holds, what it says of the visitor's choices, and by which
// identifiers objections are to be looked up. It returns [Unjudged] where the hit can be judged, else the reason why it
// is refused as a whole. A nil trace costs nothing. A hit that was routed already goes on from there.
func Read(p *Policy, j *Judgement, in *Inputs, trace *Trace) Reason {
	j.Policy, j.readState.budget.trace = p, trace
	if j.run(readStages, in) == OverLimit {
		j.Reason = Overlong(j, in)
	}
	return j.Reason
}

// FindRoute finds the site, the vendor and the endpoint of a hit of which no more than the head was read, so that it is
// known how long its body may be. It is the first stage of [Read].
func FindRoute(p *Policy, j *Judgement) Reason {
	j.Policy = p
	return route(j, nil)
}

// Judge decides every event, minimises what is permitted and assembles the request to the vendor. Objections must have
// been written for every event. It returns [Unjudged] where every event has its verdict.
func Judge(j *Judgement, in *Inputs) Reason {
	if j.Reason != Unjudged {
		return j.Reason
	}
	j.shapes.ids = in.IDs
	return j.run(judgeStages, in)
}

func (j *Judgement) run(stages []func(*Judgement, *Inputs) Reason, in *Inputs) Reason {
	for _, stage := range stages {
		if j.Reason = stage(j, in); j.Reason != Unjudged {
			j.Out.Forward = false
			return j.Reason
		}
	}
	return Unjudged
}
