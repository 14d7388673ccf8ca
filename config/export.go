package config

import (
	"cmp"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Exports are who gets the records of the forwarding log as they are written. In the file one may stand alone.
type Exports []Export

// Export is one of them, or one of each kind.
type Export struct {
	Syslog *SyslogExport `yaml:"syslog" doc:"A receiver of syslog (RFC 5424), over TLS (RFC 5425) or TCP (octet counting, RFC 6587)."`
	OTLP   *OTLPExport   `yaml:"otlp" doc:"A receiver of OpenTelemetry logs: OTLP/HTTP, in JSON, packed with gzip."`
}

// SyslogExport is a receiver of syslog.
type SyslogExport struct {
	Name       string `yaml:"name" is:"id" doc:"What it is called in metrics, and what its position is kept under: under another name it begins anew. Default: the host of address."`
	Address    string `yaml:"address" is:"required" doc:"Host and port: siem.example:6514."`
	TLS        bool   `yaml:"tls" default:"true" doc:"Over TLS 1.2 or later. Without it records go in clear: for that it says private: true."`
	CA         string `yaml:"ca" doc:"File of the certificates (PEM) that its own has to be signed by. Default: those of the machine."`
	ServerName string `yaml:"server_name" doc:"The name that its certificate has to hold. Default: the host of address."`
	Private    bool   `yaml:"private" default:"false" doc:"It may be on a private or loopback address, and be reached without TLS. Otherwise such addresses are refused, also where a public name leads to one."`
	Facility   string `yaml:"facility" default:"audit" is:"enum=user|daemon|auth|authpriv|audit|local0|local1|local2|local3|local4|local5|local6|local7" doc:"The facility of its messages; audit is 13."`
	Enterprise int    `yaml:"enterprise" default:"32473" is:"min=1,max=2147483647" doc:"The private enterprise number in the name of the structured data, tagwarden@NUMBER. 32473 is the one that IANA has set aside for examples."`
	Subjects   bool   `yaml:"subjects" default:"true" doc:"Whether the keyed hashes of subjects go along. Without them nothing in the records tells one person from another, and lines have no checksum."`
	Behind     int    `yaml:"behind" default:"1000000" is:"min=1000,max=1000000000" doc:"By how many records it may be behind the log. What is older is not sent any more then: the log, a metric and a message say which records those are."`
}

// OTLPExport is a receiver of OpenTelemetry logs.
type OTLPExport struct {
	Name       string            `yaml:"name" is:"id" doc:"What it is called in metrics, and what its position is kept under: under another name it begins anew. Default: the host of url."`
	URL        string            `yaml:"url" is:"required" doc:"Where to, https://host/v1/logs. Where it has no path, that is /v1/logs."`
	Headers    map[string]string `yaml:"headers" doc:"Headers besides Content-Type and Content-Encoding; ${secret} in a value is what secret_file holds."`
	SecretFile string            `yaml:"secret_file" doc:"File of what ${secret} stands for: a token, on one line. It is read again for each request."`
	CA         string            `yaml:"ca" doc:"File of the certificates (PEM) that its own has to be signed by. Default: those of the machine."`
	ServerName string            `yaml:"server_name" doc:"The name that its certificate has to hold. Default: the host of url."`
	Private    bool              `yaml:"private" default:"false" doc:"It may be on a private or loopback address, and be reached without TLS. Otherwise such addresses are refused, also where a public name leads to one."`
	Subjects   bool              `yaml:"subjects" default:"true" doc:"Whether the keyed hashes of subjects go along. Without them nothing in the records tells one person from another."`
	Behind     int               `yaml:"behind" default:"1000000" is:"min=1000,max=1000000000" doc:"By how many records it may be behind the log. What is older is not sent any more then: the log, a metric and a message say which records those are."`
}

// ID is what the receiver is called: its name, or the host of its address.
func (s *SyslogExport) ID() string {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		host = ""
	}
	return cmp.Or(s.Name, host)
}

// ID is what the receiver is called: its name, or the host of its address.
func (o *OTLPExport) ID() string {
	if u, err := url.Parse(o.URL); err == nil {
		return cmp.Or(o.Name, u.Hostname())
	}
	return o.Name
}

// FromNode reads the list, or the one that stands alone.
func (e *Exports) FromNode(d *strict.Decoder, node *yaml.Node) {
	if node.Kind == yaml.MappingNode {
		*e = make(Exports, 1)
		d.Into(node, &(*e)[0])
		return
	}
	d.Into(node, (*[]Export)(e))
}

func (e *Exports) schema() map[string]any {
	s := &schemas{defs: map[string]any{}}
	one := s.structure(reflect.TypeFor[Export]())
	for kind, of := range map[string]reflect.Type{"syslog": reflect.TypeFor[SyslogExport](),
		"otlp": reflect.TypeFor[OTLPExport]()} {
		body := s.structure(of)
		field, _ := FieldsOf(reflect.TypeFor[Export]()).ByName(kind)
		body["description"] = field.Doc
		one["properties"].(map[string]any)[kind] = body
	}
	one["minProperties"] = 1
	doc, _ := FieldsOf(reflect.TypeFor[Ledger]()).ByName("export")
	return map[string]any{"description": doc.Doc, "oneOf": []any{one, map[string]any{"type": "array", "items": one}}}
}

// pathsFrom makes the files relative to the working folder, or absolute.
func (e Exports) pathsFrom(file string) {
	resolve := func(paths ...*string) {
		for _, path := range paths {
			if *path != "" {
				*path = relativeTo(file, *path)
			}
		}
	}
	for i := range e {
		if s := e[i].Syslog; s != nil {
			resolve(&s.CA)
		}
		if o := e[i].OTLP; o != nil {
			resolve(&o.CA, &o.SecretFile)
		}
	}
}

// exportPath leads to what one of the receivers says, also where it stands alone.
func exportPath(server *strict.Document, i int, rest ...any) []any {
	all := strict.Path("ledger", "export")
	if node := server.Find(all); node != nil && node.Kind == yaml.MappingNode {
		return append(all, rest...)
	}
	return append(append(all, i), rest...)
}

// mostExports bounds how many follow the log.
const mostExports = 16

// checkExports looks at who gets records.
func (c ledgerCheck) checkExports(all Exports) {
	if len(all) > mostExports {
		c.faults.Key(c.server, strict.Path("ledger", "export"), "there are %d receivers: %d at most", len(all), mostExports)
	}
	names := map[string]bool{}
	for i := range all {
		at := func(rest ...any) []any { return exportPath(c.server, i, rest...) }
		one := &all[i]
		if one.Syslog == nil && one.OTLP == nil {
			c.faults.At(c.server, at(), "it names no receiver: syslog: { address: ... } is right, or otlp: { url: ... }")
		}
		called := func(name, kind string) {
			switch {
			case name == "":
			case names[name]:
				c.faults.At(c.server, at(kind), "another receiver is called %s as well: give it a name", strict.Shortened(name))
			case strings.Trim(name, ".") == "" || strings.ContainsFunc(name, func(r rune) bool {
				return r == '/' || r == '\\' || unicode.IsControl(r)
			}):
				c.faults.At(c.server, at(kind), "%q cannot be the name of a file: give it a name", strict.Shortened(name))
			}
			names[name] = true
		}
		if s := one.Syslog; s != nil {
			called(s.ID(), "syslog")
			c.checkSyslog(s, func(rest ...any) []any { return at(append([]any{"syslog"}, rest...)...) })
		}
		if o := one.OTLP; o != nil {
			called(o.ID(), "otlp")
			c.checkOTLP(o, func(rest ...any) []any { return at(append([]any{"otlp"}, rest...)...) })
		}
	}
}

// checkSyslog looks at a receiver of syslog.
func (c ledgerCheck) checkSyslog(s *SyslogExport, at func(...any) []any) {
	if s.Address == "" {
		return // said where keys are missing
	}
	host, port, err := net.SplitHostPort(s.Address)
	number, notNumber := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || notNumber != nil || number == 0 || host == "":
		c.faults.At(c.server, at("address"), "%q is no address: write it as siem.example:6514", strict.Shortened(s.Address))
		return
	case hostFault(host) != "":
		c.faults.At(c.server, at("address"), "%s", hostFault(host))
	case !s.Private && privateHost(host):
		c.faults.At(c.server, at("address"), "%s is a private address: add private: true where that is meant",
			strict.Shortened(host))
	case !s.Private && !s.TLS:
		c.faults.At(c.server, at("tls"),
			"records would go in clear: leave tls off, or add private: true where it is on a private network")
	}
	if !s.TLS {
		c.withoutTLS(at, s.CA, s.ServerName)
	}
}

// withoutTLS tells of keys that say something where no TLS is spoken.
func (c ledgerCheck) withoutTLS(at func(...any) []any, ca, name string) {
	if ca != "" {
		c.faults.At(c.server, at("ca"), "no TLS is spoken there: remove it")
	}
	if name != "" {
		c.faults.At(c.server, at("server_name"), "no TLS is spoken there: remove it")
	}
}

// ownHeaders are those that are not the operator's to set.
var ownHeaders = []string{"host", "content-length", "content-type", "content-encoding", "transfer-encoding",
	"connection", "user-agent"}

// checkOTLP looks at a receiver of OpenTelemetry logs.
func (c ledgerCheck) checkOTLP(o *OTLPExport, at func(...any) []any) {
	if o.URL != "" {
		u, fault := addressParts(o.URL)
		c.invalid(c.server, at("url"), fault)
		switch {
		case u == nil || fault != "":
		case !o.Private && privateHost(u.Hostname()):
			c.faults.At(c.server, at("url"), "%s is a private address: add private: true where that is meant",
				strict.Shortened(u.Hostname()))
		case !o.Private && u.Scheme != "https":
			c.faults.At(c.server, at("url"),
				"%q is sent in clear: use https, or add private: true where it is on a private network",
				strict.Shortened(o.URL))
		case u.Scheme != "https":
			c.withoutTLS(at, o.CA, o.ServerName)
		}
	}
	for name, value := range o.Headers {
		switch {
		case headerFault(name) != "":
			c.faults.Key(c.server, at("headers", name), "%s", headerFault(name))
		case slices.Contains(ownHeaders, strings.ToLower(name)):
			c.faults.Key(c.server, at("headers", name), "%s is set by what is sent: remove the line", name)
		case strings.ContainsFunc(value, unicode.IsControl):
			c.faults.At(c.server, at("headers", name), "a header is one line of text")
		}
		for _, found := range placeholder.FindAllStringSubmatch(value, -1) {
			switch {
			case found[2] == "":
				c.faults.At(c.server, at("headers", name), "a placeholder is not closed: write ${secret}")
			case found[1] != "secret":
				c.faults.At(c.server, at("headers", name), "placeholder %q is not known: ${secret} is", strict.Shortened(found[1]))
			case o.SecretFile == "":
				c.faults.At(c.server, at("headers", name), "${secret} is what secret_file holds: say which file that is")
			}
		}
	}
}
