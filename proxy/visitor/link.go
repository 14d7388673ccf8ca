package visitor

// placeholder until links are there
func (v *visit) link(string) { v.fail(404, "not_found") }
