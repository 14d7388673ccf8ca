package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// TestDeployments: each example is written for each deployment, loads, and says where it listens, keeps its data and
// gets its root secret there; and one path is passed on.
func TestDeployments(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	want := map[string]struct{ listen, admin, data, trusted, root string }{
		"":        {"127.0.0.1:8080", "127.0.0.1:8081", "DIR/data", "127.0.0.0/8", ""},
		"docker":  {"0.0.0.0:8080", "0.0.0.0:8081", "/data", "172.16.0.0/12", ""},
		"systemd": {"127.0.0.1:8080", "127.0.0.1:8081", "/var/lib/tagwarden", "127.0.0.0/8", "sh"},
	}
	if len(want) != len(config.Deployments())+1 {
		t.Errorf("%v", config.Deployments())
	}
	for deployment, w := range want {
		for _, example := range append(config.Examples(), "") {
			dir := t.TempDir()
			made, err := config.InitFor(deployment, example, dir, nil, now)
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := config.Load(made.Server)
			if err != nil {
				t.Fatalf("%s of %q: %v", deployment, example, err)
			}
			s := &loaded.Server
			root := ""
			if len(s.Keys.RootCommand) > 0 {
				root = s.Keys.RootCommand[0]
			}
			if s.Listen != w.listen || s.Admin.Listen != w.admin || filepath.ToSlash(s.Data) != strings.Replace(
				w.data, "DIR", dir, 1) ||
				len(s.TrustedProxies) != 1 || s.TrustedProxies[0].String() != w.trusted || root != w.root {
				t.Errorf("%s of %q: %+v", deployment, example, s)
			}
			for id, site := range s.Sites {
				if site.Base != "/t" {
					t.Errorf("%s of %q: site %s has base %q", deployment, example, id, site.Base)
				}
			}
			if keeps := deployment != "systemd"; (made.Data != "") != keeps || made.For != deployment {
				t.Errorf("%s of %q: %+v", deployment, example, made)
			}
		}
	}
	if _, err := config.InitFor("sytemd", "", t.TempDir(), nil, now); err == nil || !strings.Contains(err.Error(),
		`did you mean "systemd"`) {
		t.Error(err)
	}
}
