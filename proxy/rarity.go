package proxy

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/rarity"
	"github.com/tagwarden/tagwarden/rules"
)

// valueCounts are the counts of values that some are rare by.
type valueCounts struct {
	*rarity.Counter
	log *zap.Logger
}

// openValueCounts opens them. Where those of earlier days are lost everything is rare again, and the server starts all
// the same.
func openValueCounts(o rarity.Options, log *zap.Logger) (*valueCounts, error) {
	counter, err := rarity.Open(o)
	if errors.Is(err, rarity.ErrFile) {
		fault(log, "every value is rare until it was counted again", err)
	} else if err != nil {
		return nil, err
	}
	return &valueCounts{counter, log}, nil
}

// countHit counts the values that a hit was judged by the rarity of.
func (v *valueCounts) countHit(j *rules.Judgement, now time.Time) {
	for _, c := range j.Counts() {
		v.Count(now, c.Class, c.Value, j.Hit.Request.Address)
	}
}

// keep writes counts down.
func (v *valueCounts) keep() {
	if err := v.Write(); err != nil {
		fault(v.log, "counts of values cannot be written: after a restart more will be rare", err)
	}
	if lost := v.Lost(); lost > 0 {
		v.log.Warn("values came too fast to be counted: more will be rare", zap.Uint64("values", lost))
	}
}
