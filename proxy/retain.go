package proxy

import (
	"errors"

	"go.uber.org/zap"
)

// repeatRemembered records again what the ledger has to remember, so that older records can be deleted.
func (s *Server) repeatRemembered() error {
	at := s.opts.Now()
	err := errors.Join(s.recovered.repeat(s.ledger, s.acts.head.Load()), s.keyring.repeat())
	if err == nil {
		s.repeated.Store(at.UnixMicro())
	}
	return err
}

// retainRecords deletes the ledger's segments that are older than the configuration says records are kept, once
// that was announced for long enough.
func retainRecords(s *Server) {
	if err := s.retention.announce(); err != nil {
		fault(s.opts.Log, "it is not recorded for how long records are kept", err)
		return
	}
	before := s.retention.before(s.opts.Now())
	if before.IsZero() || !s.retention.counts(s.opts.Now()) {
		return
	}
	n, err := s.ledger.Retain(before)
	if n > 0 {
		s.opts.Log.Info("old segments of the ledger were deleted, as ledger.retain says", zap.Int("segments", n))
	}
	if err != nil {
		fault(s.opts.Log, "old segments of the ledger cannot be deleted", err)
	}
}
