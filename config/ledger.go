package config

import (
	"cmp"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Ledger is about the forwarding log.
type Ledger struct {
	Retain       Duration  `yaml:"retain" is:"min=1d,max=3650d" doc:"How long records are kept, and visitors are told so; then whole segments are deleted. Absent: nothing is deleted. Too short a time leaves nothing to prove with."`
	Windows      []Window  `yaml:"windows" doc:"Which records of events are kept for less than retain says, by site and purpose. Once a day their lines go out of sealed segments, which stay: numbers, hashes and proofs are as they were, and a record says which went, by which window. Where several windows are about a record, the shortest counts. What is changed here, and retain, counts a day after it was recorded."`
	Seal         Duration  `yaml:"seal" default:"1h" is:"min=1s,max=7d" doc:"How long a segment takes records before it is sealed. A reload does not change it."`
	Sync         Duration  `yaml:"sync" default:"200ms" is:"min=1ms,max=10s" doc:"How long a record may wait for the disk: what a power cut can lose of the log. A reload does not change it."`
	Origin       string    `yaml:"origin" doc:"What the log is called in checkpoints, for good: a host and a path without scheme, shop.example/tagwarden. Its key is made of it. A reload does not change it. Default: the one that the log has, and at first the first host of the first site that is neither localhost nor an IP address, and /tagwarden."`
	CheckpointTo Copies    `yaml:"checkpoint_to" doc:"Where each signed checkpoint is copied: files on another mount, URLs that it is posted to, or one of them. Beside a file stands the same name with .log, which keeps all of them. Without any, and without a witness, who controls the machine could replace the whole log. A reload does not change it."`
	Witness      Witnessed `yaml:"witness" doc:"Whose signatures say that they saw the log grow and never change (c2sp.org/tlog-witness). Nothing waits for them; one that saw another log than the one that is here stops forwarding. A reload does not change it."`
	Export       Exports   `yaml:"export" doc:"Who gets records as they are written and on disk: receivers of syslog or of OpenTelemetry logs, or one of them. Nothing waits for them. A reload does not change it."`
	Reserve      Size      `yaml:"reserve" default:"64MiB" is:"min=1MiB,max=16GiB" doc:"Room on the disk that is left free for the log's end: below it nothing is forwarded. A reload does not change it."`
}

// Witnessed says which witnesses are asked, and how many make a checkpoint a witnessed one.
type Witnessed struct {
	Any int       `yaml:"any" default:"1" is:"min=1,max=16" doc:"How many of them must have signed a checkpoint before it counts as witnessed."`
	Of  []Witness `yaml:"of" doc:"The witnesses."`
}

// Witness is somebody who signs checkpoints of the log.
type Witness struct {
	URL string `yaml:"url" is:"required" doc:"Its submission prefix, https://...: checkpoints are posted to add-checkpoint below it."`
	Key string `yaml:"key" is:"required" doc:"Its public key, name+hash+key (Ed25519)."`
}

// Copies are places that something is copied to: files and URLs. In the file one of them may stand alone.
type Copies []string

// FromNode reads the list, or the one place.
func (c *Copies) FromNode(d *strict.Decoder, node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && !strict.IsNull(node) {
		*c = make(Copies, 1)
		d.Into(node, &(*c)[0])
		return
	}
	d.Into(node, (*[]string)(c))
}

func (c *Copies) schema() map[string]any {
	text := map[string]any{"type": "string", "pattern": `\S`}
	doc, _ := FieldsOf(reflect.TypeFor[Ledger]()).ByName("checkpoint_to")
	return map[string]any{"description": doc.Doc, "oneOf": []any{text, map[string]any{"type": "array", "items": text}}}
}

// IsURL tells whether a place is a URL, and not a file.
func (Copies) IsURL(place string) bool { return isURL(place) }

// mostWitnesses and mostCopies bound what is asked and written for each checkpoint.
const (
	mostWitnesses = 16
	mostCopies    = 16
)

// ledgerCheck looks at what the server file says of the log.
type ledgerCheck struct{ checks }

// run looks at it, and says what the log is called where nobody does.
func (c ledgerCheck) run() {
	l := &c.loaded.Server.Ledger
	c.loaded.DefaultOrigin = c.defaultOrigin()
	if l.Origin == "" {
		if c.server.Has("ledger", "origin") {
			c.faults.At(c.server, strict.Path("ledger", "origin"),
				"it names no log: remove the line, or write shop.example/tagwarden")
		}
	} else if err := logkey.CheckOrigin(l.Origin); err != nil {
		c.faults.At(c.server, strict.Path("ledger", "origin"), "%q: %s", strict.Shortened(l.Origin), err)
	}
	c.checkCopies(l.CheckpointTo)
	c.checkWitnesses(&l.Witness)
	c.checkWindows()
	c.checkExports(l.Export)
}

// defaultOrigin is made of the first host of the first site, as the file has them, that others know it by;
// where there is none, of the first one.
func (c ledgerCheck) defaultOrigin() (origin string) {
	for _, id := range c.server.Keys("sites") {
		for _, host := range c.loaded.Server.Sites[id].Hosts {
			if _, err := netip.ParseAddr(host); err != nil && !loopbackHost(host) {
				return logkey.DefaultOrigin(host)
			}
			origin = cmp.Or(origin, logkey.DefaultOrigin(host))
		}
	}
	return origin
}

// checkCopies looks at where checkpoints are copied to.
func (c ledgerCheck) checkCopies(places Copies) {
	at := func(i int) []any {
		if node := c.server.Find(strict.Path("ledger", "checkpoint_to")); node != nil && node.Kind == yaml.ScalarNode {
			return strict.Path("ledger", "checkpoint_to")
		}
		return strict.Path("ledger", "checkpoint_to", i)
	}
	if len(places) > mostCopies {
		c.faults.Key(c.server, strict.Path("ledger", "checkpoint_to"), "there are %d places: %d at most",
			len(places), mostCopies)
	}
	seen := map[string]bool{}
	for i, place := range places {
		switch {
		case strings.TrimSpace(place) == "":
			c.faults.At(c.server, at(i), "it names no place: a file on another mount, or a URL, is right")
		case seen[place]:
			c.faults.At(c.server, at(i), "%q stands there twice: remove one", strict.Shortened(place))
		case isURL(place):
			c.checkAddress(at(i), place)
		case strings.Contains(place, "://"):
			c.faults.At(c.server, at(i), "%q is neither a file nor https://host", strict.Shortened(place))
		case liesBelow(place, c.loaded.Server.Data):
			c.warnings.At(c.server, at(i),
				"the copy would lie in the data folder: who can change the log can change it as well; "+
					"take a file on another mount")
		}
		seen[place] = true
	}
}

// checkWitnesses looks at who is asked to sign.
func (c ledgerCheck) checkWitnesses(w *Witnessed) {
	at := func(rest ...any) []any { return append(strict.Path("ledger", "witness"), rest...) }
	if !c.server.Has("ledger", "witness") {
		return
	}
	switch n := len(w.Of); {
	case n == 0:
		c.faults.Key(c.server, at(), "it names no witness: add of: [{ url: ..., key: ... }], or remove it")
		return
	case n > mostWitnesses:
		c.faults.Key(c.server, at("of"), "there are %d witnesses: %d at most", n, mostWitnesses)
	case w.Any > n:
		c.faults.At(c.server, at("any"), "any is %d of %s: no checkpoint would ever count as witnessed", w.Any,
			plural.Of(n, "witness"))
	}
	urls, names := map[string]int{}, map[string]int{}
	for i, one := range w.Of {
		c.checkAddress(at("of", i, "url"), one.URL)
		url := strings.TrimRight(one.URL, "/")
		if before, taken := urls[url]; taken {
			c.faults.At(c.server, at("of", i, "url"), "witness %d has the same address: one counts once", before+1)
		}
		urls[url] = i
		if one.Key == "" {
			continue // said where keys are missing
		}
		key, err := logkey.ParseWitness(one.Key)
		if err != nil {
			c.faults.At(c.server, at("of", i, "key"), "%s", err)
			continue
		}
		for _, same := range key.Same() {
			if before, taken := names[same]; taken {
				c.faults.At(c.server, at("of", i, "key"), "witness %d has the same name or key: one counts once", before+1)
				break
			}
			names[same] = i
		}
	}
}

// checkAddress looks at an address that something is posted to.
func (c ledgerCheck) checkAddress(at []any, address string) {
	if address == "" {
		return
	}
	u, fault := addressParts(address)
	switch {
	case fault != "":
		c.faults.At(c.server, at, "%s", fault)
	case u.Scheme != "https" && !loopbackHost(u.Hostname()):
		c.faults.At(c.server, at, "%q is sent in clear: use https", strict.Shortened(address))
	}
}

// pathsFrom makes the files among the places relative to the working folder, or absolute.
func (c Copies) pathsFrom(file string) {
	for i, place := range c {
		if !isURL(place) && place != "" {
			c[i] = relativeTo(file, place)
		}
	}
}

// liesBelow tells whether a file lies in a folder, as far as their names tell.
func liesBelow(file, folder string) bool {
	below, err := filepath.Rel(folder, file)
	return err == nil && filepath.IsLocal(below)
}
