package config

import (
	"bytes"
	"io/fs"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// How long a token of servers that send may be, in bytes.
const (
	leastTokenBytes = 16
	maxTokenBytes   = 1 << 10
)

// leastSenderBits are those of the widest networks that may be one's own: 10.0.0.0/8, fc00::/7.
const leastSenderBits = 7

// checkSenders looks at who may send as a server. A token that cannot be read from here is no fault: who writes
// policies need not know it, and without it nobody is such a server.
func (c vendorCheck) checkSenders(at func(...any) []any, vendor Vendor) {
	file, read := c.source.tokens[vendor.Senders.TokenFile]
	if !read {
		file.err = fs.ErrNotExist
	}
	place := at("senders", "token_file")
	switch length := len(token(file)); {
	case vendor.Senders.TokenFile == "":
	case file.err != nil:
		c.warnings.At(c.server, place, "cannot read the token: %s; no server is known by it", file.err)
	case length < leastTokenBytes || length > maxTokenBytes:
		c.faults.At(c.server, place, "the token has %s: %d to %d are right, as openssl rand -hex 32 makes them",
			plural.Of(length, "byte"),
			leastTokenBytes, maxTokenBytes)
	}
	for i, network := range vendor.Senders.Networks {
		if bits := network.Bits(); 0 <= bits && bits < leastSenderBits {
			c.faults.At(c.server, at("senders", "networks", i),
				"visitors are in %s: each there would count as a server of yours; name your own networks", network)
		}
		for _, proxies := range c.loaded.Server.TrustedProxies {
			if network.IsValid() && proxies.IsValid() && network.Overlaps(proxies.Prefix) {
				c.warnings.At(c.server, at("senders", "networks", i),
					"%s is where proxies are trusted (%s): whoever comes by one that does not say for whom it speaks would count as "+
						"a server of yours; take a token (token_file), or another network", network, proxies)
				break
			}
		}
	}
}

// token is what a file of a token holds, without white space around it.
func token(file besideFile) []byte { return bytes.TrimSpace(file.content) }

// senders are a vendor's, as the engine knows them.
func (r *reading) senders(v Vendor) rules.Senders {
	var s rules.Senders
	for _, network := range v.Senders.Networks {
		s.Networks = append(s.Networks, network.Prefix)
	}
	if v.Senders.TokenFile != "" {
		s.Token = rules.NewSenderToken(token(r.source.tokens[v.Senders.TokenFile]))
	}
	return s
}

// checkSource looks at whether an activity that is for servers' hits has a vendor to which servers may send.
func (c activityCheck) checkSource(a *Activity, at func(...any) []any) {
	vendor, known := c.loaded.Server.Vendors[a.Vendor]
	if a.Source == "" || c.server == nil || !known || len(vendor.Senders.Networks) > 0 || vendor.Senders.TokenFile != "" {
		return
	}
	c.faults.At(c.activities, at("source"),
		"no server may send to %s: add senders: { networks: [...] } or { token_file: ... } to vendors.%s in the server file",
		a.Vendor, a.Vendor)
}
