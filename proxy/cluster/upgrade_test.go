package cluster

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var keep = flag.String("keep", "", "write what this version writes into testdata/NAME")

// kept are messages as they stand on the wire, of every kind that a stream or an answer holds.
func kept() map[string][]byte {
	return map[string][]byte{
		"entry":    marshalEntry(someEntry()),
		"beat":     marshalBeat(beat{by: writing{run: [16]byte{1}, n: 7}, seq: 4, sum: [32]byte{5}}),
		"position": []byte(Position{Stream: someStream, Seq: 3, Entry: 9, Sum: [32]byte{1, 2}}.String()),
		"answer": []byte(`{"node":"node-1","at":"1 ` + someStream + ` 3 9 ` + strings.Repeat("00", 32) +
			` 0","stale":true,"body":"eyJwb2xpY3kiOiJhYiJ9"}`),
	}
}

// TestWhatEarlierVersionsWrote: what lies in a stream, or comes from a node that is not upgraded yet, is read as it was
// meant. Each folder below testdata is of one form; a new one is written with
// go test ./proxy/cluster -run TestWhatEarlierVersionsWrote -args -keep NAME, and those of before stay.
func TestWhatEarlierVersionsWrote(t *testing.T) {
	if *keep != "" {
		for name, b := range kept() {
			file := filepath.Join("testdata", *keep, name+".hex")
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755),
				os.WriteFile(file, []byte(hex.EncodeToString(b)+"\n"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	folders, err := filepath.Glob("testdata/v*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("%v, %v", folders, err)
	}
	for _, folder := range folders {
		for name, now := range kept() {
			text, err := os.ReadFile(filepath.Join(folder, name+".hex"))
			if err != nil {
				t.Error(err)
				continue
			}
			b, err := hex.DecodeString(strings.TrimSpace(string(text)))
			if err != nil {
				t.Errorf("%s/%s: %v", folder, name, err)
				continue
			}
			if got, want := meant(name, b), meant(name, now); got != want || strings.HasPrefix(got, "error") {
				t.Errorf("%s/%s is read as %s, want %s", folder, name, got, want)
			}
		}
	}
}

// meant says what a message means.
func meant(kind string, b []byte) string {
	switch kind {
	case "entry":
		e, err := parseEntry(b)
		if err != nil {
			return "error " + err.Error()
		}
		said := []string{hex.EncodeToString(e.by.run[:]), e.node, hex.EncodeToString(e.parent[:])}
		for _, a := range e.acts {
			said = append(said, hex.EncodeToString(a.id[:]), string(a.body))
		}
		return strings.Join(said, " ")
	case "beat":
		h, err := parseBeat(b)
		if err != nil {
			return "error " + err.Error()
		}
		return hex.EncodeToString(marshalBeat(h))
	case "position":
		p, err := ParsePosition(string(b))
		if err != nil {
			return "error " + err.Error()
		}
		return p.String()
	default:
		s, good := parseAnswer(b)
		if !good {
			return "error"
		}
		return strings.Join([]string{s.Node, s.At.String(), string(s.Body)}, " ")
	}
}

// TestWhatLaterVersionsWrite: of a heartbeat and of an answer what is not known is passed over, so that nodes can be
// upgraded one after another. A heartbeat, an entry or a stream of another format is not guessed at: the node says that
// a newer version wrote it, and which format that is.
func TestWhatLaterVersionsWrite(t *testing.T) {
	h := beat{by: writing{run: [16]byte{1}, n: 7}, seq: 4, sum: [32]byte{5}}
	more := marshalBeat(h)
	more = sealed(append(append(more[:len(more)-sha256.Size], "and what a later version says"...),
		make([]byte, sha256.Size)...))
	if got, err := parseBeat(more); err != nil || got != h {
		t.Errorf("%+v, %v, want %+v", got, err, h)
	}
	whole := marshalBeat(h)
	for n := range len(whole) - sha256.Size {
		if _, err := parseBeat(sealed(append(bytes.Clone(whole[:n]), make([]byte, sha256.Size)...))); err == nil {
			t.Errorf("a heartbeat is read that lacks members: %d bytes", n)
		}
	}
	s, good := parseAnswer([]byte(`{"node":"a","at":"","stale":false,"body":"eA==","mood":{"good":true}}`))
	if !good || s.Node != "a" || string(s.Body) != "x" {
		t.Errorf("%+v, %v", s, good)
	}
	for kind, b := range map[byte][]byte{kindEntry: marshalEntry(someEntry()), kindBeat: marshalBeat(h)} {
		newer := bytes.Clone(b)
		newer[3] = format + 1
		_, err := open(newer, kind)
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(),
			"a message of format 2, and this version knows 1: upgrade this node") {
			t.Errorf("%c: %v", kind, err)
		}
	}
}
