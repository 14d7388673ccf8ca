package proxy

// Pending is how many events wait. Where none does, how each ended is on disk:
// nobody waits for that but who looks there.
func (s *Server) Pending() (n int) {
	for _, v := range s.dispatch.queue.Stats().Vendors {
		n += v.Events
	}
	if n == 0 && s.ledger.Sync() != nil {
		return -1
	}
	return n
}
