package proxy_test

import (
	"strings"
	"testing"
)

// TestTwoNodesOfOneName: each says that the other one goes by its name.
func TestTwoNodesOfOneName(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	one, other := start(t, nodeFolder(t, v.URL, n, "a", "")), start(t, nodeFolder(t, v.URL, n, "a", ""))
	one.ready(t)
	other.ready(t)
	for _, r := range []*running{one, other} {
		until(t, "it is said that another process goes by its name", func() bool {
			return strings.Contains(strings.Join(r.Look(), "\n"), "goes by the name of this node, a:")
		})
	}
}
