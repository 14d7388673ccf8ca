package proxy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
)

// TestAJoinThatBrokeOff: one that broke off is begun anew, one that was made is not touched; keys of a copy
// may be read by a group, as Kubernetes mounts them, and by nobody else. The copy is of a node that has just
// begun: none of the log's acts is done.
func TestAJoinThatBrokeOff(t *testing.T) {
	n, v := startNATS(t), startVendor(t)
	a := start(t, nodeFolder(t, v.URL, n, "a", ""))
	a.ready(t)
	copied := filepath.Join(t.TempDir(), "copy")
	if w := a.operate("POST", "/backup", fmt.Sprintf(`{"dir":%q}`, copied)); w.Code != 200 {
		t.Fatal(w.Body)
	}
	loaded, err := config.Load(nodeFolder(t, v.URL, n, "b", ""))
	if err != nil {
		t.Fatal(err)
	}
	if begun, err := proxy.Begun(loaded); begun || err != nil {
		t.Errorf("%v, %v", begun, err)
	}
	state := filepath.Join(copied, "keys", "state")
	if err := os.Chmod(state, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.Join(loaded, copied); err == nil || !strings.Contains(err.Error(), "can be read by others") {
		t.Errorf("keys that everybody can read: %v", err)
	}
	if err := os.Chmod(state, 0o440); err != nil {
		t.Fatal(err)
	}
	half := proxy.ObjectionsDir(loaded.Server.Data)
	for _, name := range []string{filepath.Join(half, "objections.db"), filepath.Join(loaded.Server.Data, "joining")} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, name, "half of it")
	}
	if begun, err := proxy.Begun(loaded); begun || err != nil {
		t.Errorf("half of it: %v, %v", begun, err)
	}
	if _, err := proxy.Join(loaded, copied); err != nil {
		t.Fatal(err)
	}
	if begun, err := proxy.Begun(loaded); !begun || err != nil {
		t.Errorf("%v, %v", begun, err)
	}
	if _, err := proxy.Join(loaded, copied); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("over a node that is there: %v", err)
	}

	// It was served, though the mark was left behind: nothing of it is touched.
	write(t, filepath.Join(loaded.Server.Data, "joining"), "")
	record := filepath.Join(loaded.Server.Data, "ledger", "000000000001.jsonl")
	if err := os.MkdirAll(filepath.Dir(record), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, record, "a record")
	if begun, err := proxy.Begun(loaded); !begun || err != nil {
		t.Errorf("one that was served: %v, %v", begun, err)
	}
	if _, err := proxy.Join(loaded, copied); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("one that was served: %v", err)
	}
	for _, name := range []string{filepath.Join(half, "objections.db"), filepath.Join(loaded.Server.Data, "keys", "state"),
		record} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}
