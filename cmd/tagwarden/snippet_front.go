package main

import (
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/front"
	"github.com/tagwarden/tagwarden/config/strict"
)

// printFront prints how what stands before a site passes hits on, and beside it what else has to be done.
func printFront(t *terminal, loaded *config.Loaded, name, siteID, to string, rest []string) int {
	if len(rest) > 0 {
		t.fail("--front is of a site, and takes no vendor: leave %q out", rest[0])
		return usage
	}
	f, known := front.Lookup(name)
	if !known {
		t.fail("there is no front %q%s", name, strict.SuggestionElse(name, front.Names()))
		return usage
	}
	site := findSite(loaded.Policy, siteID)
	if site == nil {
		return noSite(t, loaded, siteID)
	}
	server := &loaded.Server
	if to == "" {
		if to = reachedAt(server); to == "" || f.Remote {
			t.fail("where does %s reach tagwarden? Say so by --to https://HOST; it listens on %s", f.About, server.Listen)
			return usage
		}
	}
	if err := f.Reaches(to); err != nil {
		t.fail("--to: %v", err)
		return usage
	}
	parts, err := f.Write(front.Way{Site: site.ID, Hosts: site.Hosts, Base: site.Base, To: to, Body: site.LargestBody()})
	if err != nil {
		t.fail("%v", err)
		return findings
	}
	for i, part := range parts {
		if i > 0 {
			printf(t.out, "\n")
		}
		if len(parts) > 1 {
			printf(t.out, "%s ---- %s\n", f.Notes, part.Name)
		}
		printf(t.out, "%s\n", severalLines(strings.TrimRight(part.Text, "\n")))
	}
	printFrontNotes(t, &f, loaded, site.Base, to)
	return fine
}

// printFrontNotes says, apart from what is to be copied, what else there is to do.
func printFrontNotes(t *terminal, f *front.Front, loaded *config.Loaded, base, to string) {
	server, file := &loaded.Server, loaded.Source.Path
	t.hint("%s. %s", f.About, f.Log)
	if f.Also != "" {
		t.hint("%s", f.Also)
	}
	if base == "" {
		t.hint("the site has no base: what is written passes everything of its hosts on, and belongs to a host that is " +
			"tagwarden's alone; base: /t has one path passed on")
	}
	if f.Trusted == "" {
		return
	}
	if u, err := url.Parse(to); err == nil {
		if at, err := netip.ParseAddr(u.Hostname()); err == nil && at.IsLoopback() && !believes(server, at) {
			t.hint("%s, else every visitor is taken for the front", believing(server, file, at))
			return
		}
	}
	if len(server.TrustedProxies) == 0 {
		t.hint("%s names no trusted_proxies: add %s, else every visitor is taken for the front", file, f.Trusted)
	}
}

// believing says how an address becomes one that is believed, as YAML has it: one
// with colons is no text without quotes.
func believing(server *config.Server, file string, at netip.Addr) string {
	address := at.String()
	if at.Is6() {
		address = `"` + address + `"`
	}
	if len(server.TrustedProxies) > 0 {
		return sprintf("add %s to the list trusted_proxies in %s", address, file)
	}
	return sprintf("add the line trusted_proxies: [%s] to %s", address, file)
}

// believes tells whether what an address says of where visitors come from is believed.
func believes(server *config.Server, at netip.Addr) bool {
	return slices.ContainsFunc(server.TrustedProxies, func(c config.CIDR) bool { return c.Contains(at) })
}

// noSite says that there is no such site.
func noSite(t *terminal, loaded *config.Loaded, id string) int {
	t.fail("there is no site %q%s", id, strict.SuggestionElse(id, slices.Sorted(maps.Keys(loaded.Server.Sites))))
	return usage
}

// reachedAt is the origin at which the same machine reaches the server; "" where its port is any that is free.
func reachedAt(server *config.Server) string {
	host, port, err := net.SplitHostPort(server.Listen)
	if err != nil || port == "0" {
		return ""
	}
	if address, err := netip.ParseAddr(host); host == "" || err == nil && address.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if server.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
