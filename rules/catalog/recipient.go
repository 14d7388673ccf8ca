package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What a recipient is to whom it receives data from.
const (
	RoleProcessor  = "processor"  // works for the controller alone, by contract (GDPR Art. 28)
	RoleJoint      = "joint"      // decides with the controller what is done and how (Art. 26)
	RoleController = "controller" // uses the data for purposes of its own (Art. 4(7))
)

// Readers are the groups of regions that a notice tells apart, by the law that holds for its readers: the EEA, the
// United Kingdom, Switzerland, and all others.
func Readers() []string { return []string{"EEA", "UK", "CH", "other"} }

// Regional is what is said to visitors by where they are: by one of [Readers], or under "" alone to all. In YAML it is
// a text, or a mapping.
type Regional map[string]string

// UnmarshalYAML reads a text, or a mapping of readers to texts.
func (r *Regional) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*r = Regional{"": node.Value}
		return nil
	}
	by := map[string]string{}
	if err := node.Decode(&by); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(by)) {
		if !slices.Contains(Readers(), key) {
			return fmt.Errorf("line %d: %q is none of %s", node.Line, key, strings.Join(Readers(), ", "))
		}
	}
	*r = by
	return nil
}

// For is what readers of a region are told: what stands there for them, else for others, else for all. "" is nothing,
// also where that stands there.
func (r Regional) For(reader string) string {
	for _, key := range []string{reader, "other"} {
		if text, stated := r[key]; stated {
			return text
		}
	}
	return r[""]
}

// String writes it in one line: the text, or "EEA: A; other: B".
func (r Regional) String() string {
	if text, one := r[""]; one {
		return text
	}
	var parts []string
	for _, reader := range Readers() {
		if text := r[reader]; text != "" {
			parts = append(parts, reader+": "+text)
		}
	}
	return strings.Join(parts, "; ")
}

// SplitEntity takes a legal person as it is written, "Example GmbH, Berlin, DE", apart: what stands before the country,
// and the country's ISO 3166-1 code. ok is false where it ends with no such code, or says less than a name and a seat.
func SplitEntity(text string) (person, country string, ok bool) {
	at := strings.LastIndexByte(text, ',')
	if at < 0 {
		return text, "", false
	}
	person, country = strings.TrimSpace(text[:at]), strings.TrimSpace(text[at+1:])
	isCode := len(country) == 2 && strings.ToUpper(country) == country &&
		!strings.ContainsFunc(country, func(r rune) bool { return r < 'A' || r > 'Z' })
	if name, seat, _ := strings.Cut(person, ","); !isCode || strings.TrimSpace(name) == "" ||
		strings.TrimSpace(seat) == "" {
		return text, "", false
	}
	return person, country, true
}

// EffectiveRole is the recipient's role as the file says it; "" where it does not. processor: true is how it was
// written before.
func (f *File) EffectiveRole() string {
	if f.Role == "" && f.Processor {
		return RoleProcessor
	}
	return f.Role
}
