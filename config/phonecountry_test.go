package config

import "testing"

// TestWhoseNumbersAreMeant: the site's where it is known; where it is not, that on which all sites agree.
func TestWhoseNumbersAreMeant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sites map[string]string
		site  string
		want  string
	}{
		{map[string]string{"shop": "DE"}, "shop", "DE"}, {map[string]string{"shop": "de"}, "", "DE"},
		{map[string]string{"shop": "DE", "blog": "de"}, "", "DE"}, {map[string]string{"shop": "DE", "blog": "FR"}, "", ""},
		{map[string]string{"shop": "DE", "blog": ""}, "", ""}, {map[string]string{"shop": "DE", "blog": ""}, "blog", ""},
		{map[string]string{"shop": "DE", "blog": "FR"}, "blog", "FR"}, {map[string]string{"shop": "DE"}, "none", ""},
		{nil, "", ""},
	} {
		l := Loaded{Server: Server{Sites: map[string]Site{}}}
		for id, country := range c.sites {
			l.Server.Sites[id] = Site{PhoneCountry: country}
		}
		if got := l.PhoneCountry(c.site); got != c.want {
			t.Errorf("%v, %q: %q, want %q", c.sites, c.site, got, c.want)
		}
	}
}
