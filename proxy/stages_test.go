package proxy

import (
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
)

// TestStagesAreInOrder: the order is a safety invariant. Whoever changes it has to change this, and to say why.
func TestStagesAreInOrder(t *testing.T) {
	var names []string
	for _, s := range stages {
		names = append(names, s.name)
		if s.run == nil {
			t.Errorf("stage %s does nothing", s.name)
			continue
		}
		at := reflect.ValueOf(s.run).Pointer()
		if file, _ := runtime.FuncForPC(at).FileLine(at); filepath.Base(file) != s.name+".go" {
			t.Errorf("stage %s stands in %s, want %s.go", s.name, filepath.Base(file), s.name)
		}
	}
	want := []string{
		"receive", "health", "pages", "preflight", "route", "room", "body", "read", "lookup", "judge", "record", "deliver",
	}
	if !slices.Equal(names, want) {
		t.Errorf("the stages are %v, want %v", names, want)
	}
}

// TestAStageThatSaysNothingRefuses: the zero value of a result is no reason to go on.
func TestAStageThatSaysNothingRefuses(t *testing.T) {
	if (result{}) != refused(rules.Unjudged) || nextUnless(rules.Unjudged) != next ||
		nextUnless(rules.Failed) != refused(rules.Failed) {
		t.Error("a result is not what it says")
	}
	s := &Server{refusals: new(refusals)}
	if got := s.refuse(new(hitContext), rules.Unjudged); got != rules.Failed {
		t.Errorf("it is refused as %v", got)
	}
}
