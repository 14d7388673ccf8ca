package config

import (
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// ParseVendor reads a vendor file as [catalog.Parse] does; with anchors, as those have that come with the product. An
// error is a [strict.Faults], in the words and with the places that a policy folder's files have.
func ParseVendor(name string, text []byte) (*catalog.File, error) {
	file, err := catalog.Parse(text)
	if err == nil {
		return file, nil
	}
	var faults strict.Faults
	if doc := strict.Parse(name, text, &faults); doc != nil {
		Decode(doc, new(catalog.File), &faults)
	}
	if len(faults) == 0 { // YAML's reader alone took offence
		faults.File(name, "this is no vendor file (`tagwarden schema vendor`): %s",
			strings.Join(strings.Fields(err.Error()), " "))
	}
	return nil, faults.Sorted()
}
