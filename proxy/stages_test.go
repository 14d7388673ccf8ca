package proxy

import (
	"slices"
	"testing"
)

// TestStagesAreInOrder: the order is a safety invariant. Whoever changes it has to change this, and to say why.
func TestStagesAreInOrder(t *testing.T) {
	var names []string
	for _, s := range stages {
		names = append(names, s.name)
		if s.run == nil {
			t.Errorf("stage %s does nothing", s.name)
		}
	}
	if want := []string{"receive", "route", "body", "read", "ask", "judge", "record", "deliver"}; !slices.Equal(names, want) {
		t.Errorf("the stages are %v, want %v", names, want)
	}
}
