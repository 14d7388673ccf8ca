package change

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// vendors compares recipients: who they are, and where they are reached.
func (c *comparison) vendors() {
	for _, id := range bothKeys(c.old.Server.Vendors, c.new.Server.Vendors) {
		where := "vendor " + id
		old, was := c.old.Server.Vendors[id]
		changed, is := c.new.Server.Vendors[id]
		switch {
		case !was:
			c.add(where, Wider, "new: %s at %s", changed.Catalog, strings.Join(recipientHosts(c.new, id), ", "))
			continue
		case !is:
			c.add(where, Narrower, "removed")
			continue
		}
		c.value(where, "catalog entry", Wider, old.Catalog, changed.Catalog)
		c.set(where, "hosts", recipientHosts(c.old, id), recipientHosts(c.new, id), Wider, Narrower)
		c.value(where, "country of its machines", Wider, old.Country, changed.Country)
		c.set(where, "networks of servers that may send", networks(old), networks(changed), Wider, Narrower)
		c.value(where, "token of servers that may send", either(changed.Senders.TokenFile != ""), old.Senders.TokenFile,
			changed.Senders.TokenFile)
		if old.Private != changed.Private {
			c.add(where, either(changed.Private), "private: %t (it may be on a private address, without TLS)", changed.Private)
		}
		c.recipient(where, c.old.RecipientOf(id), c.new.RecipientOf(id))
		c.value(where, "prefix", Neutral, old.Prefix, changed.Prefix)
		c.value(where, "region", Neutral, old.Region, changed.Region) // what it means is compared as hosts
		for _, endpoint := range bothKeys(old.Paths, changed.Paths) {
			c.value(where, "path of "+endpoint, Neutral, old.Paths[endpoint], changed.Paths[endpoint])
		}
		if old.Catalog == changed.Catalog && catalogText(c.old, id) != catalogText(c.new, id) {
			c.add(where, Wider, "its catalog entry reads otherwise: fields may be of other classes")
		}
	}
}

// recipient compares who the legal person behind a vendor is, and its role. Who works
// for the controller alone may do least.
func (c *comparison) recipient(where string, old, changed config.Recipient) {
	c.value(where, "legal person", Wider, old.Entity.String(), changed.Entity.String())
	c.value(where, "role", either(changed.Role != catalog.RoleProcessor), old.Role, changed.Role)
	c.value(where, "privacy policy", Neutral, old.PolicyURL, changed.PolicyURL)
	c.value(where, "joint arrangement", Neutral, old.Arrangement, changed.Arrangement)
}

func recipientOf(l *config.Loaded, id string) *rules.Recipient {
	for _, r := range l.Policy.Recipients() {
		if r.ID == id {
			return r
		}
	}
	panic("BUG: no recipient " + id)
}

// recipientHosts lists the addresses of a vendor.
func recipientHosts(l *config.Loaded, id string) []string {
	return slices.Compact(slices.Sorted(maps.Values(recipientOf(l, id).Upstreams)))
}

func catalogText(l *config.Loaded, id string) string {
	text, err := json.Marshal(recipientOf(l, id).Catalog.File)
	if err != nil {
		panic("BUG: a catalog file is no JSON: " + err.Error())
	}
	return string(text)
}

// sites compares where hits come in, and which signals are read there.
func (c *comparison) sites() {
	for _, id := range bothKeys(c.old.Server.Sites, c.new.Server.Sites) {
		where := "site " + id
		old, was := c.old.Server.Sites[id]
		changed, is := c.new.Server.Sites[id]
		switch {
		case !was:
			c.add(where, Wider, "new: %s", strings.Join(changed.Hosts, ", "))
			continue
		case !is:
			c.add(where, Narrower, "removed: %s", strings.Join(old.Hosts, ", "))
			continue
		}
		c.set(where, "hosts", old.Hosts, changed.Hosts, Wider, Narrower)
		c.value(where, "base", Neutral, old.Base, changed.Base)
		c.value(where, "country of phone numbers", either(changed.PhoneCountry == "" || old.PhoneCountry != ""),
			old.PhoneCountry, changed.PhoneCountry)
		c.set(where, "origins", old.Origins, changed.Origins, Wider, Narrower)
		c.scope(where, "vendors", old.Vendors, changed.Vendors)
		c.value(where, "style sheet of the preference centre", Neutral, old.Privacy.CSS, changed.Privacy.CSS)
		before, after := old.Privacy, changed.Privacy
		before.CSS, after.CSS = "", ""
		if !reflect.DeepEqual(old.Name, changed.Name) || !reflect.DeepEqual(before, after) {
			c.add(where, Neutral, "what visitors read of it (name, title, logo, languages, links) is otherwise")
		}
		c.set(where, "texts that visitors choose by", old.Choices.Texts, changed.Choices.Texts, Neutral, Neutral)
		c.region(where, &old.Region, &changed.Region)
		c.signals(where, &old.Signals, &changed.Signals)
	}
	if !c.old.Source.SameRegionDBs(c.new.Source) {
		c.add("sites", Wider, "a database of regions is another one: visitors may be placed where a looser rule holds")
	}
}

func (c *comparison) region(where string, old, changed *config.Region) {
	c.value(where, "region by header", Wider, old.Header, changed.Header)
	c.value(where, "subdivision by header", Wider, old.Subdivision, changed.Subdivision)
	c.value(where, "region by database", Wider, old.Database, changed.Database)
	if old.Default != changed.Default {
		regime := func(code string) rules.Regime {
			region, err := rules.ParseRegion(code)
			if err != nil {
				return rules.OptIn
			}
			return region.Regime()
		}
		regional := slices.ContainsFunc(c.new.Activities, func(a config.Activity) bool { return len(a.Regions) > 0 })
		c.value(where, "region by default", either(regional || regime(changed.Default) != rules.OptIn),
			old.Default, changed.Default)
	}
}

// refusing are the signals that can only say no: reading one more is narrower.
var refusing = []string{"gpc", "dnt", "usp"}

// signals compares sources by their keys. A source that grants may refuse as well,
// so that any change of it may be wider.
func (c *comparison) signals(where string, old, changed *config.Signals) {
	a, b := reflect.ValueOf(*old), reflect.ValueOf(*changed)
	for i := range a.NumField() {
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("yaml"), ",")
		before, after := a.Field(i), b.Field(i)
		switch {
		case before.IsNil() && after.IsNil():
		case before.IsNil():
			c.add(where, either(!slices.Contains(refusing, name)), "signal %s is read", name)
		case after.IsNil():
			c.add(where, Wider, "signal %s is read no longer: what it refuses does not count any more", name)
		case !reflect.DeepEqual(before.Interface(), after.Interface()):
			c.add(where, Wider, "signal %s is read in another way: more may count as a yes", name)
		}
	}
}

// server compares what else in the server file decides, or is told to visitors.
func (c *comparison) server() {
	old, changed := &c.old.Server, &c.new.Server
	cidrs := func(list []config.CIDR) []string {
		var all []string
		for _, cidr := range list {
			all = append(all, cidr.String())
		}
		return all
	}
	c.set("server", "trusted proxies", cidrs(old.TrustedProxies), cidrs(changed.TrustedProxies), Wider, Narrower)
	for _, limit := range []struct {
		name      string
		was, will int
	}{
		{"body", int(old.Limits.Body), int(changed.Limits.Body)},
		{"decompressed", int(old.Limits.Decompressed), int(changed.Limits.Decompressed)},
		{"events", old.Limits.Events, changed.Limits.Events},
		{"depth", old.Limits.Depth, changed.Limits.Depth},
		{"fields", old.Limits.Fields, changed.Limits.Fields},
		{"nodes", old.Limits.Nodes, changed.Limits.Nodes},
	} {
		c.value("server", "limit of "+limit.name, either(limit.will > limit.was), number(limit.was), number(limit.will))
	}
	if was, will := old.Objections.Follow, changed.Objections.Follow; was != will {
		c.add("server", either(!will), "objections follow their persons to browsers that are seen with them: %t", will)
	}
	if was, will := old.Limits.Memory, changed.Limits.Memory; was != will {
		c.add("server", Neutral, "all hits together may hold %s of memory, not %s", will, was)
	}
	for _, name := range bothKeys(old.Approvers, changed.Approvers) {
		switch before, after := old.Approvers[name].Key, changed.Approvers[name].Key; {
		case old.Approvers[name] == changed.Approvers[name]:
		case before == after:
			c.add("approver "+name, Neutral, "their name or role reads otherwise")
		case before == "":
			c.add("approver "+name, Wider, "new: their signature makes assessments valid")
		case after == "":
			c.add("approver "+name, Narrower, "removed")
		default:
			c.add("approver "+name, Wider, "another key")
		}
	}
	if !reflect.DeepEqual(old.Controller, changed.Controller) {
		c.add("server", Neutral, "the controller's name, address or contact reads otherwise")
	}
}

// networks are those of the servers that may send to a vendor.
func networks(v config.Vendor) (all []string) {
	for _, network := range v.Senders.Networks {
		all = append(all, network.String())
	}
	return all
}
