package proxy

import (
	"errors"
	"testing"

	"github.com/tagwarden/tagwarden/config"
)

// TestWhereASitesPagesAre: at an origin of its own, in TLS if there is one, else at its first host; below its base.
func TestWhereASitesPagesAre(t *testing.T) {
	for _, c := range []struct {
		site config.Site
		want string
	}{
		{config.Site{Hosts: []string{"shop.example", "t.shop.example"}}, "https://shop.example"},
		{config.Site{Hosts: []string{"shop.example"}, Base: "/t"}, "https://shop.example/t"},
		{config.Site{Hosts: []string{"t.shop.example", "shop.example"}, Base: "/t",
			Origins: []string{"https://shop.example"}}, "https://shop.example/t"},
		{config.Site{Hosts: []string{"shop.example"}, Origins: []string{"http://shop.example", "https://shop.example:8443"}},
			"https://shop.example:8443"},
		{config.Site{Hosts: []string{"shop.example"}, Origins: []string{"http://shop.example:8080"}},
			"http://shop.example:8080"},
		{config.Site{Hosts: []string{"shop.example"}, Origins: []string{"https://other.example", "ftp://shop.example",
			"https://%"}}, "https://shop.example"},
		{config.Site{Origins: []string{"https://other.example"}}, ""},
	} {
		loaded := new(config.Loaded)
		loaded.Server.Sites = map[string]config.Site{"shop": c.site}
		got, err := pagesAddress(loaded, "shop")
		if got != c.want || errors.Is(err, errNoAddress) != (c.want == "") {
			t.Errorf("%+v: %q, %v, want %q", c.site, got, err, c.want)
		}
	}
}
