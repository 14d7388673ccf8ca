package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mergeWorkers is how many requests a vendor is sent at once where merging is measured: so many
// are under way while the others queue up.
const mergeWorkers = 8

// mergeFiles are a configuration with every vendor that takes several events in one request: so many at most, where the
// catalog does not say fewer; 1: each takes one. Show gives a file of the catalog.
func mergeFiles(show func(id string) ([]byte, error), most int) (map[string]string, error) {
	var server, activities strings.Builder
	server.WriteString(mergeServer)
	activities.WriteString("activities:\n")
	all := maps.Clone(files)
	delete(all, "policy/activities.yaml")
	for _, v := range mergeVendors {
		text, err := show(v.id)
		if err != nil {
			return nil, fmt.Errorf("cannot read what the catalog says of %s: %w", v.id, err)
		}
		if all["policy/vendors/bench_"+v.id+".yaml"], err = vendorFile(text, "bench_"+v.id, most); err != nil {
			return nil, fmt.Errorf("catalog entry %s: %w", v.id, err)
		}
		fmt.Fprintf(&server, "  %s: { catalog: bench_%s, prefix: /%s, %s, private: true, country: DE, concurrency: %d }\n",
			v.id, v.id, v.id, v.hosts, mergeWorkers)
		fmt.Fprintf(&activities, "  - { id: %s-consent, vendor: %s, purposes: [audience-measurement], basis: consent, "+
			"retention: 14 months, profile: merged, events: [\"*\"] }\n", strings.ReplaceAll(v.id, "_", "-"), v.id)
	}
	all["tagwarden.yaml"], all["policy/activities.yaml"], all["policy/profiles.yaml"] = server.String(),
		activities.String(), mergeProfile
	all["policy/purposes.yaml"], _, _ = strings.Cut(files["policy/purposes.yaml"], "  order-statistics:")
	return all, nil
}

// vendorFile makes a vendor file of the catalog's: with another id, only those endpoints whose events travel together,
// and with at most so many events in one request.
func vendorFile(catalog []byte, id string, most int) (string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(catalog, &doc); err != nil {
		return "", err
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return "", errors.New("it is no mapping")
	}
	root := writtenOut(doc.Content[0])
	doc.Content[0] = root
	member(root, "id").SetString(id)
	endpoints := member(root, "endpoints")
	if endpoints == nil {
		return "", errors.New("it has no endpoints")
	}
	forgetTokens(root)
	endpoints.Content = slices.DeleteFunc(endpoints.Content, func(e *yaml.Node) bool {
		return member(e, "merge") == nil || forgetTokens(e)
	})
	if len(endpoints.Content) == 0 {
		return "", errors.New("it does not say that several events travel together")
	}
	for _, endpoint := range endpoints.Content {
		var said int
		if most == 1 {
			remove(endpoint, "merge")
		} else if events := member(member(endpoint, "merge"), "events"); events == nil {
			continue // it says into which other endpoint
		} else if err := events.Decode(&said); err != nil {
			return "", err
		} else if said > most {
			events.Value = strconv.Itoa(most)
		}
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	if err := encoder.Encode(&doc); err != nil {
		return "", err
	}
	return text.String(), encoder.Close()
}

// writtenOut is what a node says without anchors and aliases, which are not read in vendor files of one's own.
func writtenOut(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return writtenOut(n.Alias)
	}
	whole := *n
	whole.Anchor, whole.Content = "", make([]*yaml.Node, len(n.Content))
	for i, inside := range n.Content {
		whole.Content[i] = writtenOut(inside)
	}
	return &whole
}

// forgetTokens takes out a header that says who sends, which vendor files of one's own do not pass on.
func forgetTokens(of *yaml.Node) (found bool) {
	headers := member(of, "headers")
	if headers == nil || member(headers, "Authorization") == nil {
		return false
	}
	if remove(headers, "Authorization"); len(headers.Content) == 0 {
		remove(of, "headers")
	}
	return true
}

// member is the value of a key of a mapping; nil: it is none, or has no such key.
func member(mapping *yaml.Node, key string) *yaml.Node {
	if i := keyAt(mapping, key); i >= 0 {
		return mapping.Content[i+1]
	}
	return nil
}

func remove(mapping *yaml.Node, key string) {
	if i := keyAt(mapping, key); i >= 0 {
		mapping.Content = append(mapping.Content[:i:i], mapping.Content[i+2:]...)
	}
}

func keyAt(mapping *yaml.Node, key string) int {
	for i := 0; mapping != nil && mapping.Kind == yaml.MappingNode && i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// mergeServer is the server file up to its vendors. The signal that goes by tags is
// none of it: not every vendor has them.
var mergeServer = strings.Replace(serverHead, "      consent_mode: {}\n", "", 1) + "delivery: { mode: queued }\n" +
	serverLedger + "vendors:\n"

const mergeProfile = `profiles:
  merged:
    classes:
      event_name: keep
      event_id: keep
      page_id: keep
      client_id: { pseudonymise: { rotate: week } }
      device_id: { pseudonymise: { rotate: week } }
      session_id: { pseudonymise: { rotate: day } }
      url: { url: { query: [utm_source, utm_medium, utm_campaign], ids: template } }
      referrer: { generalise: origin }
      page_title: scrub
      user_agent: { generalise: family }
      language: { generalise: primary }
      interaction: keep
      product: keep
      revenue: keep
      timestamp: keep
`
