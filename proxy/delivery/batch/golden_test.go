package batch_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
)

// parsed reads a request as the golden files have it: a line, headers, an empty line, a body; "@gzip " before it has it
// packed.
func parsed(text string) delivery.Event {
	head, body, _ := strings.Cut(text, "\n\n")
	line, headers, _ := strings.Cut(head, "\n")
	method, target, _ := strings.Cut(line, " ")
	path, query, _ := strings.Cut(target, "?")
	e := delivery.Event{Host: "api", Method: method, Path: []byte(path), Query: []byte(query), Body: []byte(body)}
	if packed, ok := strings.CutPrefix(body, "@gzip "); ok {
		e.Body = zipped(packed)
	}
	for header := range strings.Lines(headers) {
		name, value, _ := strings.Cut(strings.TrimSuffix(header, "\n"), ": ")
		e.Headers = append(e.Headers, delivery.Header{Name: name, Value: []byte(value)})
	}
	return e
}

// written is a request as the golden files have it.
func written(e *delivery.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Method, e.Path)
	if len(e.Query) > 0 {
		fmt.Fprintf(&b, "?%s", e.Query)
	}
	for _, h := range e.Headers {
		fmt.Fprintf(&b, "\n%s: %s", h.Name, h.Value)
	}
	fmt.Fprintf(&b, "\n\n%s\n", e.Body)
	return b.String()
}

// TestGoldenRequests: what each vendor is sent where events travel together. UPDATE_GOLDEN=1 writes the files anew.
func TestGoldenRequests(t *testing.T) {
	for _, id := range merging {
		text, err := os.ReadFile("testdata/golden/" + id + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		var events []delivery.Event
		for one := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n=====\n") {
			events = append(events, parsed(one))
		}
		requests, _, lone := joined(t, batch.New(vendorOf(t, id)), events)
		if len(requests) != 1 || len(lone) > 0 {
			t.Errorf("%s: %d requests, and %v travel alone", id, len(requests), lone)
			continue
		}
		if together := checkJoined(t, id, events); together != len(events) {
			t.Errorf("%s: %d of %d events travel together", id, together, len(events))
		}
		file := "testdata/golden/" + id + ".golden"
		got := written(&requests[0])
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != got {
			t.Errorf("%s differs (%v); got\n%s", file, err, got)
		}
	}
}
