package proxy

// Pending is how many events wait.
func (s *Server) Pending() (n int) {
	for _, v := range s.dispatch.queue.Stats().Vendors {
		n += v.Events
	}
	return n
}
