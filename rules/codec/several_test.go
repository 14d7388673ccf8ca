package codec_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestAStackThatFailsLeavesNothing: where a value is what a stack's layers say, and not what they hold, the node is as
// it was before: a later reader must not take it for one that was opened, nor put its layers around it again.
func TestAStackThatFailsLeavesNothing(t *testing.T) {
	var o codec.Opener
	for _, stack := range []string{"base64+json", "gzip+json", "base64+gzip+json"} {
		body := `{"a":`
		if strings.Contains(stack, "gzip") {
			body = packed(body)
		}
		if strings.Contains(stack, "base64") {
			body = base64.StdEncoding.EncodeToString([]byte(body))
		}
		var h hit.Hit
		root, err := open(t, &h, &o, body, stack)
		n := &h.Nodes[root]
		if !errors.Is(err, codec.ErrMalformed) || len(h.Nodes) != 1 || n.Opened || n.Wrap != (hit.Wrap{}) ||
			n.Kind != hit.Raw {
			t.Errorf("%s: %v, %d nodes, opened %v, wrap %+v", stack, err, len(h.Nodes), n.Opened, n.Wrap)
		}
	}
}

// TestBracketsBehindWhiteSpace: where both may stand, white space in front of a bracket or none, in whichever order the
// two are tried.
func TestBracketsBehindWhiteSpace(t *testing.T) {
	var o codec.Opener
	signs := []string{" ", "\t", "\n", "\r", "\v", "\f", "\x00", "a=1", "{}", "[]"}
	var texts []string
	for _, one := range signs {
		texts = append(texts, one)
		for _, two := range signs {
			texts = append(texts, one+two)
			for _, three := range signs {
				texts = append(texts, one+two+three)
			}
		}
	}
	for _, text := range texts {
		opens := strings.TrimLeft(text, " \t\n\r")
		bracket := opens != "" && (opens[0] == '{' || opens[0] == '[')
		for _, order := range [][]string{{"json", "form"}, {"json", "lines"}, {"ndjson", "form"}} {
			var h hit.Hit
			root, err := open(t, &h, &o, text, order...)
			if bracket && err == nil && h.Nodes[h.Nodes[root].First].Kind == hit.Form {
				t.Errorf("%v: %q is read as a form", order, text)
			}
			if bracket && order[0] == "json" && (err == nil) != json.Valid([]byte(text)) {
				t.Errorf("%v: %q is read: %v", order, text, err)
			}
		}
	}
}

// TestNoRoomForAList: each list of what came counts as a node, the outermost too.
func TestNoRoomForAList(t *testing.T) {
	for stack, body := range map[string]string{"form": "a=1", "lines": "a=1\nb=2", "ndjson": "{}\n{}", "json": `[1]`} {
		for nodes := 1; ; nodes++ {
			var h hit.Hit
			o := codec.Opener{Limits: codec.Limits{Depth: 64, Nodes: nodes, Decompressed: 1 << 20}}
			h.Reset()
			h.Request.Body = []byte(body)
			h.Begin()
			o.Begin(&h)
			err := o.Open(o.Root(), stacks(t, stack))
			if len(h.Nodes) > nodes {
				t.Fatalf("%s: %d nodes of %d (%v)", stack, len(h.Nodes), nodes, err)
			}
			if err == nil {
				break
			}
			if !errors.Is(err, codec.Over("nodes")) {
				t.Fatalf("%s, %d nodes: %v", stack, nodes, err)
			}
		}
		var h hit.Hit
		var o codec.Opener
		h.Request.Query = []byte("a=1")
		h.Begin()
		o.Begin(&h)
		if _, err := o.Query(); !errors.Is(err, codec.Over("nodes")) {
			t.Fatalf("a query without room: %v", err)
		}
	}
}
