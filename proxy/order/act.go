package order

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// An act on the log is a line of JSON: its kind, and what that needs.
type act struct {
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"act"`
}

// mostAct is how long an act may be: what travels in one message of the log.
const mostAct = 256 << 10

var kindPattern = regexp.MustCompile(`^[a-z][a-z_]{0,31}$`)

var errAct = errors.New("it cannot be read: no node wrote it")

// actText is an act as it is on the log.
func actText(kind string, body any) ([]byte, error) {
	inner, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("cannot write an act: %w", err)
	}
	text, err := json.Marshal(act{kind, inner})
	if err != nil {
		return nil, fmt.Errorf("cannot write an act: %w", err)
	}
	if len(text) > mostAct {
		return nil, fmt.Errorf("it is more than %d KiB at once for the nodes of a cluster", mostAct>>10)
	}
	return text, nil
}

// parseAct reads it. A member that is not known is a later version's.
func parseAct(text []byte) (act, error) {
	var members map[string]json.RawMessage
	if len(text) > mostAct || json.Unmarshal(text, &members) != nil || members == nil {
		return act{}, errAct
	}
	for name := range members {
		if name != "kind" && name != "act" {
			return act{}, ErrNewer
		}
	}
	var a act
	if json.Unmarshal(members["kind"], &a.Kind) != nil || !kindPattern.MatchString(a.Kind) {
		return act{}, errAct
	}
	if a.Body = members["act"]; len(a.Body) == 0 {
		return act{}, errAct
	}
	return a, nil
}

// Read reads the body of an act, whole and nothing else. A member that is not known is a later version's.
func Read(body json.RawMessage, into any) error {
	in := json.NewDecoder(bytes.NewReader(body))
	if err := in.Decode(into); err != nil {
		return errAct
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return errAct
	}
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if strict.Decode(into) != nil {
		return ErrNewer
	}
	return nil
}
