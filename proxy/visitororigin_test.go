package proxy

import (
	"testing"

	"github.com/tagwarden/tagwarden/config"
)

// TestPagesAddress: a link that shows who somebody is does not travel in clear where the site has TLS.
func TestPagesAddress(t *testing.T) {
	for _, c := range []struct {
		site config.Site
		want string
	}{
		{config.Site{Hosts: []string{"a.example"}}, "https://a.example"},
		{config.Site{Hosts: []string{"a.example"}, Base: "/t", Origins: []string{"https://b.example"}},
			"https://a.example/t"},
		{config.Site{Hosts: []string{"a.example", "b.example"}, Base: "/t", Origins: []string{"https://b.example"}},
			"https://b.example/t"},
		{config.Site{Hosts: []string{"a.example"}, Origins: []string{"http://a.example", "https://a.example"}},
			"https://a.example"},
		{config.Site{Hosts: []string{"a.example"}, Origins: []string{"http://a.example:8080"}}, "http://a.example:8080"},
	} {
		got, err := pagesAddress(&config.Loaded{Server: config.Server{Sites: map[string]config.Site{"shop": c.site}}}, "shop")
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v; want %q", c.site, got, err, c.want)
		}
	}
}
