package catalog

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// HeaderInfo is a header that the vendor is sent.
type HeaderInfo struct {
	Name    string
	Field   int32  // in Fields
	Value   string // a constant, in place of the visitor's
	KeyOnly bool   // sent where it is a public key: Basic with an empty password
	pattern *regexp.Regexp
}

// Fits tells whether a value may be sent as far as its form goes.
func (h *HeaderInfo) Fits(value []byte) bool { return h.pattern == nil || h.pattern.Match(value) }

// newHeaders makes headers ready, in the order of their names.
func newHeaders(b *builder, fields map[string]Field) ([]HeaderInfo, error) {
	var headers []HeaderInfo
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields[name]
		info, err := newFieldInfo(name, f)
		if err != nil {
			return nil, fmt.Errorf("headers.%s: %w", name, err)
		}
		h := HeaderInfo{Name: name, Field: int32(len(b.fields)), Value: f.Value, KeyOnly: f.KeyOnly}
		if f.Pattern != "" {
			if h.pattern, err = regexp.Compile(`\A(?:` + f.Pattern + `)\z`); err != nil {
				return nil, fmt.Errorf("headers.%s: pattern: %q is no regular expression (RE2): %w", name, f.Pattern, err)
			}
		}
		b.fields = append(b.fields, info)
		headers = append(headers, h)
	}
	return headers, nil
}

// headers gathers what the vendor is sent at this endpoint: its own, and the vendor's of other names.
func (e *Endpoint) headers(b *builder, vendors []HeaderInfo, fields map[string]Field) error {
	own, err := newHeaders(b, fields)
	if err != nil {
		return err
	}
	e.Headers = own
	for i := range vendors {
		if _, over := fields[vendors[i].Name]; !over {
			e.Headers = append(e.Headers, vendors[i])
		}
	}
	slices.SortFunc(e.Headers, func(a, b HeaderInfo) int { return strings.Compare(a.Name, b.Name) })
	return nil
}
