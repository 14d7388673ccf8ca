package config

import (
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// grammar is what reading our files needs to know beside their types.
var grammar = strict.Grammar{Words: vocabulary, Foreign: catalogTags, Read: readText}

// readText reads the texts of assessments, whose package knows no files, as those of purposes are read.
func readText(d *strict.Decoder, node *yaml.Node, into any) bool {
	text, is := into.(*basis.Text)
	if is {
		(*Text)(text).FromNode(d, node)
	}
	return is
}

// Decode reads a document of ours into the struct that into points to.
func Decode(doc *strict.Document, into any, faults *strict.Faults) { grammar.Decode(doc, into, faults) }

// FieldsOf returns the keys that a struct stands for, in the struct's order.
func FieldsOf(t reflect.Type) strict.Fields { return grammar.Fields(t) }

// catalogTags are the tags of the types of vendor files, whose texts may be empty.
func catalogTags(of reflect.Type, key string) (is, doc string) {
	if of.PkgPath() != catalogPackage {
		return "", ""
	}
	if is = catalogRules[of][key]; is != "" {
		is += ","
	}
	return is + "empty", catalogDocs[of][key]
}

// catalogPackage has the types of vendor files, in which "" stands for what is not known.
var catalogPackage = reflect.TypeFor[catalog.File]().PkgPath()

// catalogRules stand in for tags `is` on the types of vendor files, which say in words what they take.
var catalogRules = map[reflect.Type]map[string]string{
	reflect.TypeFor[catalog.File](): {
		"id": "required", "name": "required", "hosts": "required", "endpoints": "required", "entity": "text,keys=reader",
		"role": "enum=processor|joint|controller",
	},
	reflect.TypeFor[catalog.Field]():     {"class": "one=class"},
	reflect.TypeFor[catalog.StoreFile](): {"name": "required", "kind": "required"},

	reflect.TypeFor[catalog.IdempotencyFile](): {"field": "required", "hours": "min=1,max=8760"},
	reflect.TypeFor[catalog.CookieFile]():      {"name": "required", "class": "required,one=class"},
	reflect.TypeFor[catalog.EndpointFile](): {"id": "required", "methods": "required", "path": "required",
		"relay": "min=400,max=599"},
	reflect.TypeFor[catalog.InsteadFile](): {"query": "required", "status": "required"},
	reflect.TypeFor[catalog.StateFile]():   {"advertising": "one=advertising", "analytics": "one=analytics"},
}

// catalogDocs stand in for tags `doc` on the types of vendor files, for keys that do not say it by their names.
var catalogDocs = map[reflect.Type]map[string]string{
	reflect.TypeFor[catalog.File](): {
		"id":   "What it is called here: the name of its file without .yaml, and what catalog: of the server file names.",
		"name": "What the vendor calls the product: Example Analytics.",
		"hosts": "Where it is reached, by what for (api, settings, assets): { api: https://collect.example.com }; api " +
			"is needed, empty where only the site knows it.",
		"endpoints": "Where its SDKs send to, each with methods, path, and how what is sent is read.",
		"entity": "The legal person who receives, with seat and country: Example GmbH, Berlin, DE; or by where the visitor " +
			"is, { EEA: ..., UK: ..., CH: ..., other: ... }. vendors.X.entity in the server file comes before it.",
		"policy_url": "Where its privacy policy is.",
		"role": "processor: it works for the controller alone, by its own terms (GDPR Art. 28); joint: both decide (Art. " +
			"26); controller: for purposes of its own. Without the key the server file says it.",
		"arrangement": "Of a joint controller: where the essence of the arrangement stands (GDPR Art. 26(2)).",
		"processor":   "role: processor, as it was written before.",
		"family":      "Id of the catalog entry whose SDKs' ids it takes over: an objection by one of them holds for both.",
		"idempotency": "How the vendor knows an event that comes again, as it documents it. Without it an event of which " +
			"nobody knows whether it arrived is not sent a second time: it might count twice.",
		"ordered": "What the vendor makes of one person's events depends on the order in which they arrive: queued ones " +
			"keep it.",
		"joined": "Number of the form of ids since which it is of that family, where it was its own before.",
		"stores": "What its script keeps in a browser, or reads there, as it comes: [] is nothing. Without it each " +
			"activity has to say it by device:, or there is no notice.",
		"state": "What the vendor is told of the visitor's choices, in its own fields of class consent_signal, by what an " +
			"event travels on. Rows in order: of one field the first that holds.",
	},
	reflect.TypeFor[catalog.IdempotencyFile](): {
		"field": "Field of class event_id, by path: two events that have the same there count once.",
		"hours": "How long it remembers them. Without it: for good.",
		"with": "Other fields that it compares, and makes up itself where they are missing: an event without them counts " +
			"as another one.",
	},
	reflect.TypeFor[catalog.StateFile](): {
		"advertising": "Where the event travels on that for advertising: consent to it; opt_out, nobody opted out of it; " +
			"none, nothing covers it. Without the key: whichever.",
		"analytics": "Where it travels on that for statistics: consent to them, legitimate_interest, other. Without the " +
			"key: whichever.",
		"regions": "Where the visitor is: ISO codes (DE, US-CA) and groups (EEA). Without the key: anywhere.",
		"always": "Told on every hit, in place of what the page says: what restricts. A number, true, false and a " +
			"list ('[\"LDU\"]') stand as such in JSON.",
		"silent": "Told where the page says nothing of it. What is known of Google's consent mode (signal: gcs, gcd " +
			"...) is lowered to what the page denies.",
		"spoken": "Told in place of what the page says, where it says something.",
		"about":  "A line for people.",
	},
	reflect.TypeFor[catalog.Field](): {
		"format": "Form of an identifier (hex16, uuid, ga_cid ...): every spelling is read as one id, and pseudonyms look " +
			"like it. exact hex16: the vendor refuses any other, which is not sent then; open hex16, or no word before it: it " +
			"takes others as well.",
		"family": "Catalog entry whose SDKs' id it is, where it is another's; device: what an operating system names a " +
			"device by to all of them.",
		"names": "false: the names that a site gives to members here say nothing; about says why not. Without it they " +
			"count where that is stricter.",
		"pairs": "Each element of the list is a pair: the member that names it (key), or [] where the pairs are lists " +
			"themselves; fields are by these names.",
		"beside": "What the other members of such a pair are, whichever it is.",
		"stamp": "What it says of its event: time (when it was), sent (when it was sent), ms_ago or s_ago (how long before " +
			"that it was), id (one for one event, though it comes again: what class event_id says by itself), none (not even " +
			"that).",
		"twin":   "Catalog entry whose events have the same id, so that what browser and server both send counts once.",
		"schema": "Member beside it that names the schema of what is in it, as Iglu does.",
		"schemas": "What is in it, by vendor/name of the schema, the version aside; what none of them lists is as " +
			"elsewhere said of the place.",
	},
	reflect.TypeFor[catalog.StoreFile](): {
		"name":   "Its name there; what differs from site to site is in angle brackets: _ga_<container>.",
		"kind":   "cookie, local_storage, session_storage, indexed_db; read: nothing is kept, the device itself is asked.",
		"period": "How long it stays there: 13 months, session, until_deleted.",
		"doc":    "Address where the vendor says so.",
	},
	reflect.TypeFor[catalog.CookieFile](): {
		"name":  "Its name; a trailing * stands for any suffix: _pk_id.*",
		"class": "What it holds: a class of data, such as client_id.",
		"format": "Form in which the SDK makes the id at random: any other may be the name of an account. Without it: a " +
			"UUID.",
		"family": "Catalog entry whose SDKs' id it is, where it is another's.",
		"open":   "What is taken off before the pattern is looked for: base64, or openssl.",
		"inner":  "What is taken off what the pattern finds: base64.",
		"after":  "What stands in front of what is opened.",
	},
	reflect.TypeFor[catalog.EndpointFile](): {
		"id":      "What it is called in records and messages: collect.",
		"methods": "The HTTP methods that it takes: [GET, POST].",
		"path":    "The path that SDKs send to, from the first slash on: /collect.",
		"kind": "events (or nothing); answer: the SDK is asked for the vendor's answer, which goes back to it; opaque: " +
			"allowed or refused whole.",
		"answer":  "What the SDK needs when all is well. The vendor's own answer goes back only where kind is answer.",
		"denied":  "What it gets when nothing was forwarded; like answer where not given.",
		"instead": "In place of answer and denied where the hit's query says so; the first that fits.",
		"relay": "Statuses with which the vendor refuses a hit and the SDK acts on the body: it is handed on where it is " +
			"JSON of at most 64 KiB. Of any other refusal status and Retry-After are.",
		"indices": "Where such a body counts events of the batch, by path (failed_records[].index, bad.*[]): the SDK's " +
			"batch may be longer than the one that the vendor was sent. Without them no body is handed on where events were " +
			"cut out.",
		"taken": "Where the vendor's answer, JSON, says how many events it took: its status alone does not tell.",
	},
	reflect.TypeFor[catalog.InsteadFile](): {
		"query":  "A parameter as it stands in the query, such as beacon=1.",
		"status": "The status of the answer, such as 204.",
		"type":   "Its content type.",
		"body":   "Its text; gif is an image of one transparent pixel.",
	},
}
