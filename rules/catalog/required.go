package catalog

import (
	"fmt"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// required notes the fields without which the vendor refuses an event at this endpoint: those that it requires everywhere, and those that
// are named here. The endpoint's own fields are those from number first on.
func (e *Endpoint) required(b *builder, names []string, first int) error {
	for _, name := range names {
		field := b.find(e.fields, name)
		if field == hit.None {
			return fmt.Errorf("required: %q is not among fields", name)
		}
		b.fields[field].Required = true
	}
	for i := first; i < len(b.fields); i++ {
		if b.fields[i].Required {
			e.Required = append(e.Required, int32(i))
		}
	}
	return nil
}
