package catalog

import "fmt"

// Kind says what an endpoint is for.
type Kind uint8

// The kinds: events that are judged one by one, a question whose answer the SDK waits for,
// and a stream that is let through or not.
const (
	Events Kind = iota
	Answer
	Opaque
)

func parseKind(text string) (Kind, error) {
	switch text {
	case "", "events":
		return Events, nil
	case "answer":
		return Answer, nil
	case "opaque":
		return Opaque, nil
	default:
		return Events, fmt.Errorf("kind: %q is none: events, answer and opaque are", text)
	}
}
