package catalog

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// required notes the fields without which the vendor refuses an event at this endpoint: those that it requires
// everywhere, and those that the endpoint names. The endpoint's own fields are those from number first on.
func (e *Endpoint) required(b *builder, file *File, f *EndpointFile, first int) error {
	for _, name := range f.Required {
		field := b.find(e.fields, name)
		if field == hit.None {
			return fmt.Errorf("required: %q is not among fields", name)
		}
		b.fields[field].Required = true
	}
	for i := first; i < len(b.fields); i++ {
		if !b.fields[i].Required {
			continue
		}
		e.Required = append(e.Required, int32(i))
		// Where events get their names otherwise they are others than the vendor's, whose fields may not be theirs.
		e.Asks = e.Asks || b.fields[i].Class != hit.Container && (len(f.Event) == 0 || len(f.Required) > 0)
		if f.ID != file.Endpoints[0].ID && f.requires(b.fields[i].Path) && !file.requires(b.fields[i].Path) {
			e.Apart = append(e.Apart, int32(i))
		}
	}
	return nil
}

func (f *EndpointFile) requires(path string) bool {
	return slices.Contains(f.Required, path) || f.Fields[path].Required || f.Request[path].Required ||
		f.Request["?"+path].Required
}

func (f *File) requires(path string) bool {
	return f.Fields[path].Required || f.Request[path].Required || f.Request["?"+path].Required
}
