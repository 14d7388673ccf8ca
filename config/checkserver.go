package config

import (
	"net"
	"net/netip"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// serverCheck looks at the server file.
type serverCheck struct{ checks }

// run looks at what the server file says besides sites, vendors and webhooks.
func (c serverCheck) run() {
	s := &c.loaded.Server
	c.invalid(c.server, strict.Path("listen"), listenFault(s.Listen))
	c.invalid(c.server, strict.Path("admin", "listen"), listenFault(s.Admin.Listen))
	c.checkController()
	if s.Listen == s.Admin.Listen && !strings.HasSuffix(s.Listen, ":0") {
		c.faults.At(c.server, strict.Path("admin", "listen"),
			"hits and staff would share %s: give the admin listener a port of its own", s.Listen)
	}
	if s.Limits.Decompressed < s.Limits.Body {
		c.faults.At(c.server, strict.Path("limits", "decompressed"),
			"decompressed (%s) is less than body (%s): make it at least that", s.Limits.Decompressed, s.Limits.Body)
	}
	switch {
	case s.Keys.Root != "" && len(s.Keys.RootCommand) > 0:
		c.faults.Key(c.server, strict.Path("keys", "root_command"), "both root and root_command are given: keep one")
	case s.Keys.Root == "" && len(s.Keys.RootCommand) == 0:
		s.Keys.Root = "./root.key"
	}
	for name, approver := range s.Approvers {
		if _, err := basis.ParseApprover(name, approver.Key); err != nil {
			c.faults.At(c.server, strict.Path("approvers", name), "%s", err)
		}
	}
	c.warnMemory()
	c.warnUnfollowed()
	c.warnRetain()
}

// checkController looks at whether a server that others reach than the machine itself says who is responsible.
func (c serverCheck) checkController() {
	s := &c.loaded.Server
	host, _, err := net.SplitHostPort(s.Listen)
	address, notIP := netip.ParseAddr(host)
	if err != nil || host == "localhost" || notIP == nil && address.IsLoopback() ||
		s.Controller.Name != "" && s.Controller.Contact != "" || c.server.Has("controller", "name") &&
		c.server.Has("controller", "contact") {
		return
	}
	c.refuse(c.server, strict.Path("listen"), "lawful/controller",
		"visitors reach this server, and nothing says who is responsible for what it does: add controller: { name: ..., "+
			"contact: ... }")
}

// warnMemory warns of memory that the largest hit which the other limits allow would not fit into, however often it
// came. A share of what there will be is not known here.
func (c serverCheck) warnMemory() {
	l := &c.loaded.Server.Limits
	// Its body, what is opened of it, that without escapes, what is sent on, and its fields.
	most := l.Body + 3*l.Decompressed + Size(l.Nodes*hit.NodeSize)
	if l.Memory.Size > 0 && l.Memory.Size < most {
		c.warnings.At(c.server, strict.Path("limits", "memory"),
			"the largest hit that the other limits allow takes about %d MiB: it would be answered with 503 each "+
				"time it comes; "+
				"say more than that, or less for nodes and decompressed", most>>20)
	}
}

// warnUnfollowed warns where an objection does not follow its person.
func (c serverCheck) warnUnfollowed() {
	if !c.loaded.Server.Objections.Follow {
		c.warnings.At(c.server, strict.Path("objections", "follow"),
			"who objects by an id of their own (user id, e-mail address, phone number) is found where an event names "+
				"that id, and nowhere else: the same device's events go on as soon as they do not, before the "+
				"person logs in and after; true has the objection follow to the browsers that are seen with them")
	}
}

// warnRetain warns where nothing says how long the forwarding log is kept.
func (c serverCheck) warnRetain() {
	if !c.server.Has("ledger", "retain") {
		c.lacks(LogPeriod, c.server, strict.Path("ledger"), "",
			"nothing says how long the forwarding log is kept, and visitors are to be told: add ledger: { retain: 90d }; "+
				"older segments are deleted then (GDPR Art. 13(2)(a))")
	}
}
