package catalog

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// ServiceNames are what consent banners commonly call the service of a vendor that a policy knows by an id: that id,
// the file's own and its name, and the others that it lists; letters and digits in lower case, each once.
func (f *File) ServiceNames(id string) []string {
	var names []string
	for _, name := range slices.Concat([]string{id, f.ID, f.Name}, f.Services) {
		folded := make([]byte, 0, len(name))
		for i := range len(name) {
			if ascii.IsAlnum(name[i]) {
				folded = append(folded, ascii.Lower(name[i]))
			}
		}
		if len(folded) > 0 && !slices.Contains(names, string(folded)) {
			names = append(names, string(folded))
		}
	}
	return names
}
