package proxy

import "testing"

// TestWhoIsAskedWhileItBegins: a node that is asked how it stands before all of it
// is open does not look at what is not.
func TestWhoIsAskedWhileItBegins(t *testing.T) {
	s := &Server{nodes: new(nodes), dispatch: new(dispatcher)}
	s.snapshot.Store(new(Snapshot))
	if got := answerNode(s); got != nil {
		t.Errorf("it says %s", got)
	}
}
