package front

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
)

// hostname is a name of DNS, as configurations of fronts hold it without quotes.
var hostname = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`)

// Reaches says why the front cannot reach tagwarden at an origin, and what it reaches;
// nil where it can, as far as is known.
func (f *Front) Reaches(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" || u.RawQuery != "" || u.ForceQuery ||
		u.Fragment != "" || u.User != nil ||
		!isPort(u.Port()) {
		return noOrigin(origin)
	}
	address, err := netip.ParseAddr(u.Hostname())
	if err != nil || address.Zone() != "" {
		if !hostname.MatchString(u.Hostname()) {
			return noOrigin(origin)
		}
		if f.Public && u.Hostname() == "localhost" {
			return fmt.Errorf("%s cannot be reached by %s: it is a name of the machine itself; https://hits.example is right",
				origin, f.About)
		}
		return nil
	}
	public := address.IsGlobalUnicast() && !address.IsPrivate()
	switch {
	case f.Names != "":
		return fmt.Errorf("%s cannot be reached by %s: %s; https://hits.example is right", origin, f.About, f.Names)
	case f.Public && !public:
		return fmt.Errorf("%s cannot be reached by %s: it is an address of a network of your own; https://hits.example is "+
			"right", origin, f.About)
	case address.Is6() && f.NoIPv6 != "":
		return fmt.Errorf("%s cannot be reached by %s: %s, so that it takes no IPv6 address; https://hits.example is right",
			origin, f.About, f.NoIPv6)
	}
	return nil
}

func noOrigin(text string) error {
	return fmt.Errorf("%q is no origin: write it as http://127.0.0.1:8080 or https://hits.example", text)
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}
