package objection

// Present looks whether the file that is open is still the one in its place. Where it is not, the error is an
// [ErrGone], and nothing is acknowledged: it would be lost with the process. What was objected to before holds, for the
// file is open still. When a later look finds the very same file there, everything goes on; with another one only a
// restart does.
func (s *Store) Present() error {
	err := s.file.inPlace()
	if err == nil {
		s.gone.Store(nil)
		return nil
	}
	s.gone.Store(&err)
	return err
}
