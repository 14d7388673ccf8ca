package proxy_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestOneServerADataFolder: a second one is told that the first is there, and starts once that has ended.
func TestOneServerADataFolder(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	loaded, err := config.Load(r.file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot}); err == nil || !strings.Contains(err.Error(),
		"the data folder is in use") {
		t.Errorf("a second server: %v", err)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	start(t, r.file)
}
