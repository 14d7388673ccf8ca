package config

import "github.com/tagwarden/tagwarden/rules/catalog"

// Server is the server file, tagwarden.yaml: what the operator decides. Paths are relative to that file.
type Server struct {
	Version        int                 `yaml:"version" is:"required,min=1,max=1" doc:"The version of this file's format: 1."`
	Listen         string              `yaml:"listen" default:"127.0.0.1:8080" doc:"Where hits and the visitors' pages are served: host and port; port 0 takes any that is free. On 0.0.0.0 everybody who reaches the machine can send hits. A reload does not change it."`
	TLS            *TLS                `yaml:"tls" doc:"Certificate for the hits listener, where nothing in front of it does TLS. Without it hits travel in clear. What is renewed on disk is taken up by itself; what cannot be used there leaves the one that serves. A reload does not change which files they are."`
	Admin          Admin               `yaml:"admin" doc:"Console, admin API, metrics and health."`
	Data           string              `yaml:"data" default:"./data" doc:"Folder of key state, objections, queue, ledger and the policies that it names, made with mode 0700. One server has it at a time. Losing it loses objections. A reload does not change it."`
	Keys           Keys                `yaml:"keys" doc:"Where the root secret comes from, of which the key state in data/keys is made, once. A server that has a key state starts without it. A reload does not change it."`
	Policy         string              `yaml:"policy" default:"./policy" doc:"The policy folder."`
	TrustedProxies []CIDR              `yaml:"trusted_proxies" doc:"Whose X-Forwarded-For and Forwarded (RFC 7239) are believed, and nobody else's. Too wide a range lets visitors choose the address they are seen with; too narrow a one makes all visitors look like the proxy. Default: none."`
	Limits         Limits              `yaml:"limits" doc:"What one hit may hold, and memory: all of them together. A hit that holds more is refused with the reason limit. A catalog entry may say other limits for an endpoint; what is written here is never exceeded."`
	Controller     Controller          `yaml:"controller" doc:"Who is responsible: shown in the notice and in reports."`
	Sites          map[string]Site     `yaml:"sites" is:"required,keys=id" doc:"The sites, by id. A hit whose host is of none is refused."`
	Vendors        map[string]Vendor   `yaml:"vendors" is:"required,keys=id" doc:"The recipients, by the id that activities, keys and records use."`
	Delivery       Delivery            `yaml:"delivery" doc:"How events get to vendors: at once, or out of a queue."`
	Objections     Objections          `yaml:"objections" doc:"How far what somebody objected to goes."`
	Memo           string              `yaml:"memo" default:"on" is:"enum=on|off" doc:"on: what became of addresses, titles, products and other values that many visitors share is remembered in memory until the next reload, and what consent cookies said, under keyed hashes of both. off: each is looked over anew. The outcome is the same."`
	Cluster        *Cluster            `yaml:"cluster" doc:"Several nodes: an objection that one of them takes is in force on all. Without it this server is alone. A reload does not change it."`
	Ledger         Ledger              `yaml:"ledger" doc:"The forwarding log."`
	Webhooks       []Webhook           `yaml:"webhooks" doc:"Who is told of objections, withdrawals, reviews that are due and alarms."`
	Alarms         Alarms              `yaml:"alarms" doc:"When somebody is told that something is to be looked at: webhooks with the event alarm, the log, /readyz and tagwarden_alarm. A reload changes it."`
	Approvers      map[string]Approver `yaml:"approvers" is:"keys=id" doc:"By name the public key (name+hash+key) of everybody whose signature makes an assessment valid, or { key, name, role }: who that is, for rendered assessments. Without any, no assessment is."`
}

// TLS is a certificate and its key.
type TLS struct {
	Cert string `yaml:"cert" is:"required" doc:"File of the certificate chain, PEM."`
	Key  string `yaml:"key" is:"required" doc:"File of the private key, PEM."`
}

// Admin is the listener for staff.
type Admin struct {
	Listen string `yaml:"listen" default:"127.0.0.1:8081" doc:"Host and port of console, admin API, metrics and health. Anything but a loopback address offers them to the network. A reload does not change it."`
}

// Keys says where the root secret comes from: one of the two.
type Keys struct {
	Root        string   `yaml:"root" doc:"File of the root secret: 32 random bytes in base64, mode 0600, made by init. It need not be there once data/keys is: whoever has it can make every pseudonym again. Default: ./root.key."`
	RootCommand []string `yaml:"root_command" doc:"Instead of root: a command and its arguments that prints the root secret. It is run only where there is no key state yet."`
}

// Limits bound one hit, and [Memory] all of them together. What is written down is an upper bound for vendor files as
// well; what is not may be more at an endpoint whose vendor takes more (limits in its catalog entry).
type Limits struct {
	Body         Size   `yaml:"body" default:"1MiB" is:"min=1KiB,max=64MiB" doc:"Size of a body as received; endpoints that take one event take 64KiB."`
	Decompressed Size   `yaml:"decompressed" default:"8MiB" is:"min=1KiB,max=256MiB" doc:"Size of everything that is opened in one hit (gzip, base64); at least body."`
	Events       int    `yaml:"events" default:"2500" is:"min=1,max=10000" doc:"Number of events in one hit."`
	Depth        int    `yaml:"depth" default:"64" is:"min=4,max=256" doc:"Levels of nesting."`
	Fields       int    `yaml:"fields" default:"2000" is:"min=16,max=100000" doc:"Number of fields of one event. An event that has more is denied; the others of its hit are not."`
	Nodes        int    `yaml:"nodes" default:"200000" is:"min=16,max=5000000" doc:"Number of fields in one hit, of all events together."`
	Memory       Memory `yaml:"memory" default:"50%" doc:"What all hits together may hold at one time (bodies, what is opened of them, fields, what is sent on): a size, or a share of what the cgroup or the machine has. Where there is no room a hit is answered with 503 and may come again."`
}

// Controller is who is responsible (Art. 4(7)).
type Controller struct {
	Name    string `yaml:"name" doc:"Name of the controller."`
	Address string `yaml:"address" doc:"Postal address."`
	Contact string `yaml:"contact" doc:"How to reach the controller."`
	DPO     string `yaml:"dpo" doc:"How to reach the data protection officer, where there is one."`

	Representative   *Representative `yaml:"representative" doc:"Representative in the EU of a controller outside the EEA (GDPR Art. 27)."`
	UKRepresentative *Representative `yaml:"uk_representative" doc:"Representative in the UK of a controller outside it (UK GDPR Art. 27)."`
}

// Representative acts for a controller who is not established where its visitors are (Art. 27).
type Representative struct {
	Name    string `yaml:"name" is:"required" doc:"Name of the representative."`
	Address string `yaml:"address" doc:"Postal address."`
	Contact string `yaml:"contact" is:"required" doc:"How to reach the representative."`
}

// Vendor is a recipient.
type Vendor struct {
	Catalog     string            `yaml:"catalog" is:"required,id" doc:"The catalog entry that describes it: a built-in one (tagwarden catalog list) or one of policy/vendors."`
	Upstream    string            `yaml:"upstream" doc:"Its address, https://host. Default: the catalog's, where it knows one."`
	Upstreams   map[string]string `yaml:"upstreams" doc:"Its addresses by role (api, settings, assets ...), where the catalog entry knows several hosts."`
	Country     string            `yaml:"country" is:"one=country" doc:"ISO 3166-1 code of the country where the recipient's machines stand. Asked for where the catalog names none and the vendor is not private: whether data leave the EEA depends on it."`
	Private     bool              `yaml:"private" default:"false" doc:"It may be on a private or loopback address, and be reached without TLS. Otherwise such addresses are refused, also where a public name leads to one."`
	Prefix      string            `yaml:"prefix" doc:"Path in front of its endpoints, /product: needed where endpoints of two vendors overlap on one site. What is below it and no endpoint is answered as if all were well, forwarded nowhere and counted."`
	Region      string            `yaml:"region" doc:"Where the site's account is, where the catalog entry knows several regions (eu, us ...): sets the addresses of all roles, so that none stays behind at another region's. upstream and upstreams come before it."`
	Senders     Senders           `yaml:"senders" doc:"Servers of the site's own that may send hits as servers, for activities with source: server. A hit with cookies, Origin, Sec-Fetch or client hints is a browser's, whatever it shows."`
	Entity      catalog.Regional  `yaml:"entity" is:"text,keys=reader" doc:"The legal person who receives, with seat and the country's code, as the notice names it: Example GmbH, Berlin, DE; or by where the visitor is: { EEA: ..., UK: ..., CH: ..., other: ... }. Yourself, by controller.name, where the machine is your own. Default: the catalog's."`
	PolicyURL   string            `yaml:"policy_url" doc:"Where its privacy policy is, https://. Default: the catalog's."`
	Role        string            `yaml:"role" is:"enum=processor|joint|controller" doc:"processor: it works for you alone, by contract (GDPR Art. 28); joint: you decide together (Art. 26), which asks for arrangement; controller: it uses the data for purposes of its own. Default: the catalog's. notice writes nothing without it, and report art30 names it as missing, unless the recipient is yourself."`
	Arrangement string            `yaml:"arrangement" doc:"Where visitors find the essence of the arrangement with a joint controller (GDPR Art. 26(2)), https://. Default: the catalog's."`

	Rate        Rate `yaml:"rate" doc:"How many requests a second it is sent of what waits (delivery.mode: queued): 50, or 0.5 for one every two seconds. Default: as many as it takes."`
	Concurrency int  `yaml:"concurrency" default:"64" is:"min=1,max=1024" doc:"How many requests it is sent at once of what waits (delivery.mode: queued)."`

	Paths map[string]string `yaml:"paths" doc:"By the catalog's name of an endpoint, one more path that hits for it come in at, and go out to the vendor: a collector's own, such as post: /com.acme/track."`
}

// Senders are servers that may send hits as such.
type Senders struct {
	Networks  []CIDR `yaml:"networks" doc:"Ranges of addresses where they are."`
	TokenFile string `yaml:"token_file" doc:"File of a token of at least 16 characters that they show in the header X-Tagwarden-Sender. Relative to this file."`
}

// Objections is how far objections go.
type Objections struct {
	Follow bool `yaml:"follow" default:"true" doc:"An objection follows its person: a browser that is seen in one event with an identifier of a person who objected (user id, e-mail address, phone number) is objected for from then on, for 13 months after it was last seen so, or until the person takes it back. Without it the same device's events go on as soon as they do not name the person."`
}
