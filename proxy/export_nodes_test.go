package proxy

// Look is what has to be looked at about this node and the others.
func (s *Server) Look() []string { return nodesMention(s) }
