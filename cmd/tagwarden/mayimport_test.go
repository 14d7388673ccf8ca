package main_test

// mayImport says, for each folder, what of ours its packages may import. The first entry that matches a package holds: "x/..." is x and all
// below it, "x/*" what lies directly in it.
var mayImport = []imports{
	{"cmd/...", []string{"..."}, "the command puts everything together"},
	{"bench/...", []string{"bench/..."}, "the bench knows the product from outside only"},
	{"proxy", []string{"proxy/...", "config", "config/durable", "config/logkey", "config/strict", "config/notice", "rules/..."}, "proxy puts its parts together"},
	{"proxy/problem", nil, "a leaf imports nothing of ours"},
	{"proxy/api", []string{"rules/...", "config/logkey", "proxy/access", "proxy/ledger/tree", "proxy/objection", "proxy/problem"},
		"machines ask for objections and for proofs, and show what they may"},
	{"proxy/visitor", []string{"rules/...", "config/calendar", "proxy/objection", "proxy/problem"}, "visitors object, and see what stands"},
	{"proxy/objection/lists", []string{"proxy/objection", "rules/..."}, "lists of people who object, as objections"},
	{"proxy/ledger/audit", []string{"config/logkey", "proxy/ledger", "proxy/ledger/index", "proxy/ledger/tree", "proxy/segment"},
		"it reads what the ledger wrote, and nothing of the server"},
	{"proxy/ledger/tree", []string{"proxy/segment", "config/durable", "config/logkey"}, "who checks the log stands on it without the ledger"},
	{"proxy/ledger/publish", []string{"proxy/ledger/tree", "config/durable"}, "it knows checkpoints and tiles, and nothing of what they are of"},
	{"proxy/ledger/witness", []string{"proxy/ledger/tree", "config/durable", "config/logkey"}, "it knows checkpoints, and nothing of what they are of"},
	{"proxy/delivery/batch", []string{"proxy/delivery", "rules/..."}, "requests and answers are bytes: it knows the catalog, and sends nothing"},
	{"proxy/queue", []string{"proxy/segment", "config/durable"}, "events that wait are bytes in frames: it knows no rules and no log"},
	{"proxy/ledger/index", nil, "terms and places are all it knows"},
	{"proxy/ledger/query", []string{"proxy/ledger", "proxy/ledger/index", "proxy/segment", "rules/...", "config/strict", "config/durable"},
		"who asks reads what the ledger wrote, and nothing of the server"},
	{"proxy/ledger/dossier", []string{"proxy/ledger", "proxy/ledger/query", "proxy/ledger/words"}, "what the log holds about one person is asked and put into words"},
	{"proxy/ledger/table", []string{"proxy/ledger", "proxy/ledger/query"}, "records that were asked for, as columns"},
	{"proxy/ledger/words", []string{"proxy/ledger"}, "a record in words needs the names of kinds alone"},
	{"proxy/ledger", []string{"proxy/ledger/index", "proxy/ledger/tree", "proxy/segment", "rules/...", "config/durable"}, "the log is files of records, and a tree over them"},
	{"proxy/webhook", []string{"rules/...", "proxy/delivery"}, "what may be reached, and how long one waits, is as with vendors"},
	{"proxy/internal/...", nil, "what tests of the proxy share"},
	{"proxy/*", []string{"rules/...", "config/durable"}, "a part takes an Options struct and small interfaces"},
	{"config/durable", nil, "a leaf imports nothing of ours"},
	{"config/logkey", nil, "a leaf imports nothing of ours"},
	{"config/strict", nil, "a leaf imports nothing of ours: its vocabulary is handed in"},
	{"config/tarball", []string{"config/durable"}, "files are all it knows"},
	{"config/durable/*", []string{"config/durable"}, "what tests of writing share"},
	{"config/calendar", []string{"rules/basis"}, "days and spans are all it knows"},
	{"config/assess", []string{"config", "config/calendar", "config/notice", "config/strict", "rules/..."}, "a reader of a loaded configuration"},
	{"config/cnil", []string{"config", "config/calendar", "config/notice", "config/strict", "rules/..."}, "it speaks in the record's words"},
	{"config/change", []string{"config", "config/strict", "rules/..."}, "a reader of a loaded configuration"},
	{"config/notice", []string{"config", "config/calendar", "config/strict", "rules/..."}, "a reader of a loaded configuration"},
	{"config/internal/...", []string{"config", "config/internal/...", "rules/..."}, "what tests of the configuration share"},
	{"config", []string{"rules/...", "config/calendar", "config/durable", "config/logkey", "config/strict", "config/tarball"}, "configuration is resolved to rules"},
	{"rules", []string{"rules/..."}, "rules import nothing of ours outside rules"},
	{"rules/curious", nil, "what tests are held against depends on nothing that they test"},
	{"rules/observe", []string{"rules", "rules/*"}, "it judges what was recorded, and nothing judges by it"},
	{"rules/ascii", nil, "it knows bytes alone"},
	{"rules/codec", []string{"rules/ascii", "rules/hit"}, "spans are all it knows"},
	{"rules/signal", []string{"rules/ascii", "rules/hit", "rules/signal/*"}, "it puts together what lies below"},
	{"rules/signal/cmp", []string{"rules/ascii", "rules/signal/read"}, "cookies are all it knows"},
	{"rules/signal/iab", []string{"rules/ascii", "rules/signal/read"}, "texts are all it knows"},
	{"rules/signal/read", []string{"rules/ascii"}, "what every reader of signals needs, and no platform"},
	{"rules/signal/internal/...", nil, "what tests of signals read"},
	{"rules/basis", []string{"rules/ascii", "rules/hit"}, "classes are all it knows"},
	{"rules/names", []string{"rules/ascii", "rules/hit"}, "classes are all it knows"},
	{"rules/pseudonym", []string{"rules/ascii", "rules/contact"}, "what is hashed is a text in its normal form"},
	{"rules/wire", []string{"rules/ascii", "rules/hit"}, "a request as bytes is all it knows"},
	{"rules/catalog", []string{"rules/ascii", "rules/hit", "rules/codec", "rules/names"}, "a vendor is wire format and classes"},
	{"rules/minimise", []string{"rules/ascii", "rules/hit", "rules/scrub", "rules/pseudonym"}, "it treats spans"},
	{"rules/scrub", []string{"rules/ascii", "rules/names"}, "it knows what names say"},
	{"rules/*", []string{"rules/ascii"}, "a leaf imports nothing of ours but what a byte is"},
}

// imports is such an entry.
type imports struct {
	of     string
	may    []string
	reason string
}
