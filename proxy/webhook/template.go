package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Placeholders are what ${...} in the text of a request may name. The first seven are identifiers: an act that has
// not got one that is named is not told.
func Placeholders() []string {
	return []string{"email", "email_sha256", "email_md5", "phone", "phone_sha256", "user_id", "client_id", "scopes",
		"time", "type", "secret"}
}

// identifiers is how many of the placeholders are identifiers.
const identifiers = 7

// template is a text with placeholders: texts, with a name between each two.
type template struct {
	texts []string
	names []string
}

// parseTemplate reads a text. "${" always begins a placeholder; any other "$" is itself.
func parseTemplate(text string) (template, error) {
	var t template
	for {
		before, rest, found := strings.Cut(text, "${")
		t.texts = append(t.texts, before)
		if !found {
			return t, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return template{}, errors.New("a placeholder is not closed: write ${email}")
		}
		if !slices.Contains(Placeholders(), name) {
			return template{}, fmt.Errorf("a placeholder is not known: %s are", strings.Join(Placeholders(), ", "))
		}
		t.names = append(t.names, name)
		text = after
	}
}

// escape puts a value into the text that surrounds it; an error says that it does not fit there.
type escape func(before, value string) (string, error)

// fill puts values in the place of names.
func (t *template) fill(values map[string]string, put escape) (string, error) {
	var out strings.Builder
	for i, text := range t.texts {
		out.WriteString(text)
		if i == len(t.names) {
			break
		}
		value, err := put(out.String(), values[t.names[i]])
		if err != nil {
			return "", fmt.Errorf("${%s}: %w", t.names[i], err)
		}
		out.WriteString(value)
	}
	return out.String(), nil
}

// inJSON writes a value as it stands inside a string of JSON.
func inJSON(_, value string) (string, error) {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	quoted := strings.TrimSuffix(out.String(), "\n")
	return quoted[1 : len(quoted)-1], nil
}

// inForm writes a value as it stands in a form.
func inForm(_, value string) (string, error) { return url.QueryEscape(value), nil }

// inAddress writes a value as it stands in an address: in a step of its path, or in its query.
func inAddress(before, value string) (string, error) {
	if strings.Contains(before, "?") {
		return url.QueryEscape(value), nil
	}
	if value == "." || value == ".." {
		return "", errors.New("a value is a step to another address")
	}
	return url.PathEscape(value), nil
}

// inHeader takes a value as it is, where it is one line.
func inHeader(_, value string) (string, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f }) {
		return "", errors.New("a value cannot stand in a header")
	}
	return value, nil
}
