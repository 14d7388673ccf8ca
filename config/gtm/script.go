package gtm

import (
	"slices"
	"strings"
)

var (
	hostNamed = says(
		`(?i)(?:^|[^:\w])(?:https?:|wss?:)?//([a-z0-9](?:[a-z0-9-]{0,62}\.)+[a-z][a-z0-9-]{1,62})|\b(?:https?|wss?):\\?/\\?/([a-z0-9](?:[a-z0-9-]{0,62}\.)+[a-z][a-z0-9-]{1,62})`)
	sends = says(
		`\bfetch\s*\(|\bsendBeacon\b|\bXMLHttpRequest\b|\bnew\s+Image\b|\bWebSocket\b|\.(?:ajax|getScript)\s*\(|(?i:createElement\(\s*['"](?:script|img|iframe)['"])|(?i:<(?:script|img|iframe)\b[^>]*\ssrc\s*=)|\.src\s*=|\bsend(?:Pixel|HttpRequest)\b|\binjectScript\b`)
	variable = says(`\{\{[^{}]{1,200}\}\}`)
)

// namespaces are hosts that scripts name and do not ask.
var namespaces = []string{"schema.org", "www.w3.org", "w3.org"}

// hostsOf are the hosts that a script names, sorted; where it names one in a comment, too.
func hostsOf(script string) []string {
	var all []string
	for _, found := range hostNamed().FindAllStringSubmatch(script, -1) {
		host := strings.ToLower(found[1] + found[2])
		if !slices.Contains(namespaces, host) && !slices.Contains(all, host) {
			all = append(all, host)
		}
	}
	slices.Sort(all)
	return all
}

// within tells whether a host is a domain or lies below it.
func within(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// of tells whether a host is the product's.
func (p *product) of(host string) bool {
	return slices.ContainsFunc(p.hosts, func(domain string) bool { return within(host, domain) })
}

// inScript are the products whose snippets a script is, the host of a server that the site runs for one of them (""
// where the script names none), and the hosts that it names and that are nobody's here.
func inScript(script string) (found []*product, server string, others []string) {
	hosts := hostsOf(script)
	for i := range products {
		p := &products[i]
		if p.says != nil && p.says().MatchString(script) || slices.ContainsFunc(hosts, p.of) {
			found = append(found, p)
		}
	}
	for i := range products {
		p := &products[i]
		if p.hints != nil && p.hints().MatchString(script) && !slices.ContainsFunc(found, (*product).sends) {
			found = append(found, p)
		}
	}
	found = meant(found)
	for _, host := range hosts {
		if !slices.ContainsFunc(found, func(p *product) bool { return p.of(host) || google(p, host) }) {
			others = append(others, host)
		}
	}
	if i := slices.IndexFunc(found, func(p *product) bool {
		return p.own
	}); i >= 0 && len(others) > 0 && !slices.ContainsFunc(hosts, found[i].of) {
		at := max(0, slices.IndexFunc(others, func(host string) bool { return strings.Contains(host, found[i].entry) }))
		server = others[at]
		others = slices.Delete(others, at, at+1)
	}
	return found, server, others
}

// sends tells whether tags of the product send something of a visitor's to it.
func (p *product) sends() bool { return p.quiet == "" }

// google tells whether a host is one that all of Google's tags use.
func google(p *product, host string) bool {
	if !strings.HasPrefix(p.name, "Google") && p.name != "Universal Analytics" && p.name != "Floodlight" &&
		p.name != "another container of Tag Manager" {
		return false
	}
	return within(host, "googletagmanager.com") || within(host, "google-analytics.com") ||
		within(host, "doubleclick.net") && p.name == "Google Analytics 4"
}

// meant leaves those out in whose place another one stands.
func meant(found []*product) []*product {
	return slices.DeleteFunc(slices.Clone(found), func(p *product) bool {
		return slices.ContainsFunc(found, func(other *product) bool { return other.instead == p.name })
	})
}
