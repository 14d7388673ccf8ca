package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/front"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// place says what lies where a flag, or a word behind a verb, names a place on disk.
type place int

const (
	nowhere   place = iota // it names no place
	fileThere              // a file that is read
	fileOrIn               // a file that is read; - is standard input
	dirThere               // a folder that is read
	anyThere               // a file or a folder that is read
	fileOrKey              // a file that is read, or what could stand in it
	written                // what is written, which need not be there
)

// takes is what a flag, or a word behind a verb, takes: completion offers it, and what has to be there is looked for
// before a verb does anything. The zero takes is a text that nobody can list: a reason, a time.
type takes struct {
	place place
	right string // of what has to be there: what it is, "a raw HTTP/1.1 request"
	list  func(*configured) []string
}

// Places that more than one verb takes.
var (
	aServerFile = takes{fileThere, "a server file is right, such as `tagwarden init shop` writes, shop/tagwarden.yaml",
		nil}
	aRecording = takes{fileThere, "recorded hits are right: FILE.har, as a browser saves it, or FILE.jsonl", nil}
	aKeyState  = takes{anyThere, "a file with a root secret is right, or a folder of key state", nil}
	anApprover = takes{fileThere, "an approver's private key is right, as `tagwarden init` writes it: approver.key", nil}
	aPublicKey = takes{place: fileOrKey}
	output     = takes{place: written}
	free       = takes{}
)

// flagTakes is what flags take, by name; with the verb before it where another verb's
// flag of that name takes something else.
var flagTakes = map[string]takes{
	"--config": aServerFile,

	"explain --hit":  {fileOrIn, "a raw HTTP/1.1 request is right; - is standard input", nil},
	"explain --keys": aKeyState,
	"replay --keys":  aKeyState,
	"scan --keys":    aKeyState,
	"restore --keys": {fileThere, "the file of a key state is right: data/keys/state", nil},
	"diff --traffic": aRecording,
	"notice --check": {fileOrIn,
		"a published notice is right, as `tagwarden notice` writes it; - is standard input", nil},
	"lia new --from":         {fileOrIn, "a YAML file with answers is right; - is standard input", nil},
	"lia approve --key":      anApprover,
	"lia revoke --key":       anApprover,
	"promises approve --key": anApprover,
	"cluster join --from":    {place: dirThere}, // which may have gone with --once,
	"objections link --file": {fileThere, "a file of contacts is right, CSV", nil},
	"--checkpoint":           {fileThere, "a checkpoint of the log is right, in a file", nil},
	"--token-file":           {fileThere, "a file with a token is right, as `tagwarden token create` prints it", nil},
	"--ca":                   {fileThere, "a file of certificates is right, PEM", nil},
	"--dir":                  {dirThere, "a ledger's folder is right: data/ledger of the server, or a copy of it", nil},
	"--policies":             {dirThere, "a folder of policies by their digests is right: data/policies", nil},
	"--key":                  aPublicKey,
	"--witness-key":          aPublicKey,
	"import --to":            output,
	"--out":                  output,
	"--tiles":                output,
	"--report":               output,

	"--example":  {list: func(*configured) []string { return config.Examples() }},
	"--for":      {list: func(*configured) []string { return config.Deployments() }},
	"--front":    {list: func(*configured) []string { return front.Names() }},
	"--choice":   {list: func(*configured) []string { return choiceWords() }},
	"--lang":     {list: func(*configured) []string { return notice.Languages() }},
	"--role":     {list: func(*configured) []string { return roleNames() }},
	"--basis":    {list: func(*configured) []string { return basis.Names() }},
	"--kind":     {list: func(*configured) []string { return query.Kinds() }},
	"--decision": {list: func(*configured) []string { return query.Values("decision") }},
	"--outcome":  {list: func(*configured) []string { return query.Values("outcome") }},
	"--reason":   {list: func(*configured) []string { return query.Values("reason") }},
	"--where":    {list: func(*configured) []string { return withEnd(query.Members(), "=") }},
	"--period": {list: func(*configured) []string {
		return []string{"day", "week", "month", "never", "ledger-subjects"}
	}},
	"--id": {list: identities},

	"tap --reason":               {list: func(*configured) []string { return rules.Reasons() }},
	"lia render --format":        {list: func(*configured) []string { return []string{"html", "md"} }},
	"objections export --format": {list: func(*configured) []string { return []string{"csv", "jsonl"} }},
	"report --format":            {list: reportForms},
	"logs export --format": {list: func(*configured) []string {
		return append(slices.Clone(recordForms), "text", "json")
	}},
	"logs export --after":    {list: func(*configured) []string { return []string{"resume"} }},
	"--vendor":               {list: vendorsHere},
	"--endpoint":             {list: endpointsHere},
	"--site":                 {list: sitesHere},
	"--host":                 {list: hostsHere},
	"--purpose":              {list: purposesHere},
	"--activity":             {list: activitiesHere},
	"--assessment":           {list: assessmentsHere},
	"explain --decision":     free,
	"replay --decision":      free,
	"scan --decision":        free,
	"--objection":            {list: scopesHere},
	"--receipt":              {list: receiptsHere},
	"--by":                   {list: approversHere},
	"queue inspect --reason": free,
	"queue retry --reason":   free,
	"queue purge --reason":   free,
}

// texts are the flags whose values nobody can list.
var texts = strings.Fields(
	`after at because campaign channel column cookie country days event expires field from from-number hit limit lines name
	number only origin policy region server signal since source subject time to told until url version visitors-per-day withdraw`)

// takesOf is what a verb's flag takes. It is false of a flag that nothing is known of.
func takesOf(verb, flag string) (takes, bool) {
	for _, name := range []string{verb + " --" + flag, "--" + flag} {
		if of, known := flagTakes[name]; known {
			return of, true
		}
	}
	return free, slices.Contains(texts, flag)
}

// arguments are what a verb takes besides flags, one after another, and as many as
// there may be of the last where it is said.
type arguments struct {
	each []takes
	many bool // the last may come again
}

// argumentsTaken is what a verb takes behind words that stand there already.
func argumentsTaken(verb string, before []string) arguments {
	switch {
	case verb == "catalog" && len(before) > 0 && before[0] == "show":
		return arguments{each: []takes{oneWord("list", "show", "check"), {list: func(*configured) []string {
			return catalog.BuiltinIDs()
		}}}}
	case verb == "catalog" && len(before) > 0 && before[0] == "check":
		return arguments{each: []takes{oneWord("list", "show", "check"), {fileThere, "a vendor file is right, YAML", nil}},
			many: true}
	case verb == "import" && len(before) > 0 && before[0] != "gtm":
		return arguments{each: []takes{oneWord("gtm"), free}}
	default:
		return argumentsOfVerbs[verb]
	}
}

// argumentsOfVerbs is what verbs take besides flags. Those that are not in it take nothing.
var argumentsOfVerbs = map[string]arguments{
	"init":   {each: []takes{output}},
	"replay": {each: []takes{aRecording}, many: true},
	"scan":   {each: []takes{aRecording}, many: true},
	"import": {each: []takes{oneWord("gtm"),
		{fileThere, "a container is right that Google Tag Manager exported, JSON", nil}}},
	"diff":    {each: []takes{aServerFile, aServerFile, aRecording}, many: true},
	"report":  {each: []takes{oneWord("art30", "cnil")}},
	"schema":  {each: []takes{{list: func(*configured) []string { return append(config.SchemaKinds(), "openapi") }}}},
	"snippet": {each: []takes{{list: vendorsHere}}},
	"catalog": {each: []takes{oneWord("list", "show", "check")}},
	"signals": {each: []takes{oneWord("decode"), free}, many: true},
	"keys":    {each: []takes{oneWord("list", "rotate", "believe-clock")}},
	"docs":    {each: []takes{{list: func(*configured) []string { return topics }}}},

	"promises":   {each: []takes{oneWord("approve")}},
	"completion": {each: []takes{{list: func(*configured) []string { return shells }}}},
	"backup":     {each: []takes{output}},
	"restore":    {each: []takes{{dirThere, "a folder is right that `tagwarden backup` wrote", nil}}},

	"lia check":   {each: []takes{{list: assessmentsHere}}},
	"lia render":  {each: []takes{{list: assessmentsHere}}},
	"lia approve": {each: []takes{{list: assessmentsHere}}},
	"lia diff":    {each: []takes{{list: assessmentsHere}}},
	"lia revoke":  {each: []takes{{list: assessmentsHere}}},

	"objections check":   {each: []takes{{list: identities}}, many: true},
	"objections import":  {each: []takes{{fileThere, "a list of objections is right: FILE.csv or FILE.jsonl", nil}}},
	"objections backup":  {each: []takes{output}},
	"objections restore": {each: []takes{{fileThere, "a copy is right that `tagwarden objections backup` wrote", nil}}},

	"token revoke": {each: []takes{free}},

	"logs subject":     {each: []takes{{list: identities}}, many: true},
	"logs why":         {each: []takes{free}},
	"logs prove":       {each: []takes{free}},
	"logs check-proof": {each: []takes{{fileThere, "a proof is right, as `tagwarden logs prove` writes it", nil}}},

	"queue inspect": {each: []takes{{list: vendorsHere}}},
	"queue retry":   {each: []takes{{list: vendorsHere}}},
	"queue purge":   {each: []takes{{list: vendorsHere}}},
}

// oneWord is one of some words.
func oneWord(all ...string) takes { return takes{list: func(*configured) []string { return all }} }

// at is what the word of that number is, from 0. It is false where there is none.
func (w arguments) at(number int) (takes, bool) {
	switch {
	case number < len(w.each):
		return w.each[number], true
	case w.many && len(w.each) > 0:
		return w.each[len(w.each)-1], true
	default:
		return free, false
	}
}

// withEnd puts something behind each of some names.
func withEnd(names []string, end string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = name + end
	}
	return all
}

// configured is what is known where a shell completes: a policy, where the server file that is meant has one.
type configured struct {
	file string // the server file
}

// policy is the policy that is meant; nil where there is none that could be read.
func (k *configured) policy() *rules.Policy {
	if loaded := k.loaded(); loaded != nil {
		return loaded.Policy
	}
	return nil
}

func (k *configured) loaded() *config.Loaded {
	loaded, err := config.Load(k.file)
	if err != nil {
		return nil
	}
	return loaded
}

// identities are how an identifier is begun to be written.
func identities(*configured) []string { return withEnd(rules.IdentityNames(), "=") }

// reportForms are the forms of all reports.
func reportForms(*configured) (all []string) {
	for _, r := range reports {
		all = append(all, r.forms...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func vendorsHere(k *configured) (all []string) {
	if p := k.policy(); p != nil {
		for _, r := range p.Recipients() {
			all = append(all, r.ID)
		}
	}
	return all
}

func endpointsHere(k *configured) (all []string) {
	if p := k.policy(); p != nil {
		for _, r := range p.Recipients() {
			for i := range r.Catalog.Endpoints {
				all = append(all, r.Catalog.Endpoints[i].ID)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func sitesHere(k *configured) (all []string) {
	if p := k.policy(); p != nil {
		for _, s := range p.Sites() {
			all = append(all, s.ID)
		}
	}
	return all
}

func hostsHere(k *configured) (all []string) {
	if p := k.policy(); p != nil {
		for _, s := range p.Sites() {
			all = append(all, s.Hosts...)
		}
	}
	return all
}

func purposesHere(k *configured) (all []string) {
	if p := k.policy(); p != nil {
		for _, of := range p.Purposes() {
			all = append(all, of.ID)
		}
	}
	return all
}

func activitiesHere(k *configured) (all []string) {
	if l := k.loaded(); l != nil {
		for _, of := range l.Activities {
			all = append(all, of.ID)
		}
	}
	return all
}

func assessmentsHere(k *configured) []string {
	if p := k.policy(); p != nil {
		return p.Assessments().IDs()
	}
	return nil
}

func scopesHere(k *configured) []string {
	if p := k.policy(); p != nil {
		return append(p.ScopeNames(), "kept_opt_out")
	}
	return nil
}

func receiptsHere(k *configured) (all []string) {
	if p := k.policy(); p != nil {
		for _, category := range rules.CategoriesOf(p) {
			all = append(all, category+"=granted", category+"=refused")
		}
	}
	return all
}

func approversHere(k *configured) []string {
	if l := k.loaded(); l != nil {
		return slices.Sorted(maps.Keys(l.Server.Approvers))
	}
	return nil
}
