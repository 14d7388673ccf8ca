package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Instead is an answer for hits whose query holds a parameter.
type Instead struct {
	Query  string // "name=value", as it stands in the query
	Answer AnswerFile
}

// answers reads what an endpoint says of answers beside Answer and Denied.
func (e *Endpoint) answers(f *EndpointFile) error {
	for i := range f.Instead {
		in := &f.Instead[i]
		name, value, _ := strings.Cut(in.Query, "=")
		if name == "" || value == "" || strings.ContainsAny(in.Query, "&?# ") {
			return fmt.Errorf("instead: query: %q is no parameter: \"beacon=1\" is", in.Query)
		}
		if in.Status == 0 {
			return fmt.Errorf("instead: %s: a status is needed, such as 204", in.Query)
		}
		e.Instead = append(e.Instead, Instead{in.Query, AnswerFile{in.Status, in.Type, in.Body}})
	}
	for i, status := range f.Relay {
		if status < 400 || status > 599 {
			return fmt.Errorf("relay: %d is no refusal: 400 to 599 are", status)
		}
		if slices.Contains(f.Relay[:i], status) {
			return fmt.Errorf("relay: %d stands there twice", status)
		}
	}
	e.Relay = f.Relay
	if len(f.Indices) > 0 && len(f.Relay) == 0 {
		return errors.New("indices: they are of bodies that are relayed: relay names no status")
	}
	for _, path := range f.Indices {
		segments, err := split(path)
		if err != nil {
			return fmt.Errorf("indices: %w", err)
		}
		e.Indices = append(e.Indices, segments)
	}
	return nil
}

// SuccessFor is what the SDK needs when all is well, for a hit with that query.
func (e *Endpoint) SuccessFor(query []byte) *AnswerFile {
	if in := e.instead(query); in != nil {
		return in
	}
	return &e.Success
}

// DeniedFor is what the SDK gets when nothing was forwarded, for a hit with that query.
func (e *Endpoint) DeniedFor(query []byte) *AnswerFile {
	if in := e.instead(query); in != nil {
		return in
	}
	return &e.Denied
}

// instead finds the answer that a query asks for, nil where it asks for none.
func (e *Endpoint) instead(query []byte) *AnswerFile {
	for i := range e.Instead {
		in := &e.Instead[i]
		for rest := query; len(rest) > 0; {
			var parameter []byte
			parameter, rest, _ = bytes.Cut(rest, []byte{'&'})
			if string(parameter) == in.Query {
				return &in.Answer
			}
		}
	}
	return nil
}

// Relays tells whether the vendor's body is handed on at a status.
func (e *Endpoint) Relays(status int) bool { return slices.Contains(e.Relay, status) }
