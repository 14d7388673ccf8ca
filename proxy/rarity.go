package proxy

import (
	"errors"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/rarity"
)

// openRarity opens the counts of values. Where those of earlier days are lost everything is rare again, and the server starts all the same.
func (s *Server) openRarity(loaded *config.Loaded) error {
	counter, err := rarity.Open(rarity.Options{File: filepath.Join(loaded.Server.Data, "rarity"), Now: s.opts.Now, Rand: s.opts.Rand, Disk: s.opts.Disk})
	if errors.Is(err, rarity.ErrFile) {
		s.fault("every value is rare until it was counted again", err)
	} else if err != nil {
		return err
	}
	s.rarity = counter
	counter.UpTo(loaded.Policy.Rarest())
	return nil
}

// count counts the values that a hit was judged by the rarity of.
func (s *Server) count(p *passage) {
	for _, c := range p.j.Counts() {
		s.rarity.Count(p.in.Now, c.Class, c.Value, p.j.Hit.Request.Address)
	}
}

// keepCounts writes counts down.
func (s *Server) keepCounts() {
	if err := s.rarity.Write(); err != nil {
		s.fault("counts of values cannot be written: after a restart more will be rare", err)
	}
	if lost := s.rarity.Lost(); lost > 0 {
		s.opts.Log.Warn("values came too fast to be counted: more will be rare", zap.Uint64("values", lost))
	}
}
