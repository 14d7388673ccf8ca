// Command tagwarden is a server-side tag governance proxy: sites point their analytics endpoints at it, and it forwards
// of each event what a lawful basis permits, and nothing else.
//
// Each verb is a file of its own: flags, output, exit code. Exit codes: 0 fine, 1
// findings, 2 usage or unreadable input.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Exit codes.
const (
	fine     = 0
	findings = 1
	usage    = 2
)

// terminal is what a verb sees of the world.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
	tty      bool                    // people sit at in
	node     string                  // this machine's name in records; "": the one that it has
	tidy     func(also ...os.Signal) // the verb ends by itself when its context does; see endsTidily

	set     *flag.FlagSet       // the verb's flags, once they are read
	parsing func(*flag.FlagSet) // is handed a verb's flags, and the verb ends there; nil: they are parsed
}

// verb is one of the things that tagwarden does.
type verb struct {
	name string
	args string // how it is called
	does string // in a line
	run  func(ctx context.Context, t *terminal, args []string) int
}

func verbs() []verb {
	return []verb{
		{"demo", "[--once]", "show what happens to hits of real SDKs: a site, the proxy and stand-ins for vendors, on " +
			"loopback", demo},
		{"init", "[--example NAME] DIR", "write a working configuration to begin with", initialise},
		{"serve", "--config FILE", "run the proxy", serve},
		{"check", "--config FILE [--strict] [--fix] | --rules", "say what is wrong, or about to be, with a configuration",
			check},
		{"promises", "[approve --key FILE] --config FILE",
			"say of each promise whether the policy keeps it and who signed it, or sign them", promisesVerb},
		{"test", "--config FILE [--format text|json]", "run the policy's own tests", test},
		{"explain", "--config FILE --hit FILE.http [--choice CHOICE]", "show what becomes of one hit, and why", explain},
		{"replay", "--config FILE FILE.har|FILE.jsonl... [--only WHICH]", "show what would become of recorded hits",
			replayVerb},
		{"scan", "FILE.har|FILE.jsonl...", "report personal data in recorded traffic, before there is a policy", scan},
		{"import", "gtm CONTAINER.json [--to DIR]",
			"say which tags of a Google Tag Manager container would pass here, and propose a configuration", importVerb},
		{"diff", "OLD NEW [--traffic FILE]...",
			"say what a change of the policy widens or narrows, and which recorded events it would change", diff},
		{"notice", "--config FILE --lang en|de|fr | --out FOLDER | --check FILE",
			"write the notice for visitors, or check one that is published", writeNotice},
		{"report", "art30|cnil --config FILE [--lang en|de|fr]",
			"write the record of processing (GDPR Art. 30), or the CNIL's self-assessment", report},
		{"schema", "[NAME]", "print the JSON Schema of a file that users write, or the API's description (openapi)", schema},
		{"snippet", "--config FILE VENDOR|--front FRONT",
			"print how a site points an SDK here, and how its web server passes hits on", snippet},
		{"catalog", "list|show|check", "look at the vendors that are known", catalogue},
		{"signals", "decode STRING...|--cookie NAME=VALUE",
			"say in words what a consent string or a consent platform's cookie says", signals},
		{"keys", "list|rotate|believe-clock",
			"look at the keys of pseudonyms and the log's public one, replace some now, or say that the clock is right",
			keysVerb},
		{"lia", "new|list|check|render|approve|diff|revoke",
			"write, examine, approve and revoke legitimate interest assessments", lia},
		{"objections", "add|decide|withdraw|check|import|export|stats|link|feed-key|backup|restore",
			"take objections, look at them, and keep copies of them", objections},
		{"token", "create|list|revoke", "make the tokens that the API is opened with", token},
		{"logs", "tail|search|subject|why|export|audit|verify|prove|check-proof|erase|retention|set-aside|restore|witnesses",
			"read the forwarding log, prove and audit what it says, and have records go", logs},
		{"queue", "status|inspect|retry|purge",
			"look at events that wait for their vendors or are parked, and have them sent again or deleted", queueVerb},
		{"tap", "[--vendor ID] [--reason REASON] [--own]",
			"show hits as they come: what is decided of each, and what is removed", tapVerb},
		{"cluster", "status|join", "look at the nodes that share objections, and begin a new one", clusterVerb},
		{"backup", "DIR", "copy the data folder, while it serves", backup},
		{"restore", "DIR", "make an empty data folder of a copy, once all of it was looked at", restore},
		{"health", "[--config FILE | --url URL]", "ask a running server whether it takes hits", health},
		{"docs", "[TOPIC]", "read the documentation: pages by person and by topic", docs},
		{"completion", "bash|zsh|fish", "print what teaches a shell to complete verbs, flags, files and topics", completion},
		{"version", "", "print the version", printVersion},
	}
}

// clock is the machine's.
var clock = time.Now

// silence is after how long others are handed what a server took of the cluster's
// queue that is silent; 0: what is usual.
var silence time.Duration

func main() {
	t := terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: clock, tty: isTerminal(os.Stdin)}
	os.Exit(interruptible(&t, os.Args[1:]))
}

// run runs a verb on a terminal that shows what others wrote as text, and nothing else. A verb whose output is not
// where it was to be is not fine: what was written to a file on a full disk is half of it.
func run(ctx context.Context, t *terminal, args []string) int {
	out, errs := &screen{to: t.out}, &screen{to: t.err}
	defer errs.end()
	within := *t
	within.out, within.err = out, errs
	code := within.run(ctx, args)
	out.end()
	if err := out.failed(); err != nil {
		within.fail("not all of the output could be written: %v", err)
		return usage
	}
	return code
}

func (t *terminal) run(ctx context.Context, args []string) int {
	if len(args) > 1 && args[0] == "help" { // help VERB is VERB --help
		args = append(args[1:], "--help")
	}
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		printHelp(t.out)
		if len(args) == 0 {
			return usage
		}
		return fine
	}
	if args[0] == "--version" { // as every program has it
		args = append([]string{"version"}, args[1:]...)
	}
	all := verbs()
	of := findVerb(all, args[0])
	if of == nil {
		t.fail("there is no verb %s%s", echoedOr(args[0], "of that name"), strict.SuggestionElse(args[0], names(all)))
		t.hint("`tagwarden help` lists them")
		return usage
	}
	return of.run(ctx, t, args[1:])
}

// helpColumn is how far verbs reach in the help before what they do stands in a line of its own.
const helpColumn = 50

func printHelp(w io.Writer) {
	printf(w, "tagwarden: server-side tag governance\n\nUsage: tagwarden VERB ...\n\n")
	for _, v := range verbs() {
		called := strings.TrimSpace(v.name + " " + v.args)
		if len(called) > helpColumn {
			printf(w, "  %s\n", called)
			called = ""
		}
		printf(w, "  %-*s %s\n", helpColumn, called, v.does)
	}
	printf(w, "\n--config is tagwarden.yaml in the current folder, where it is not given.\n")
	printf(w, "`tagwarden VERB --help` lists a verb's flags, `tagwarden docs` pages by person and by topic. Exit codes: "+
		"0 fine, 1 findings, 2 usage or unreadable input.\n")
}

// flags makes the flags of a verb. What the flag package would say is said by parse.
func (t *terminal) flags(name, args string) *flag.FlagSet {
	f := flag.NewFlagSet(name+behindVerb+args, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	return f
}

// behindVerb stands between a verb and what else its usage says, in the name of its flags.
const behindVerb = "\x00"

// printUsage lists a verb's flags.
func printUsage(w io.Writer, f *flag.FlagSet) {
	printf(w, "Usage: tagwarden %s\n", strings.TrimSpace(strings.Replace(f.Name(), behindVerb, " ", 1)))
	f.VisitAll(func(fl *flag.Flag) {
		printf(w, "  %-14s %s", dashed(fl.Name), fl.Usage)
		if fl.DefValue != "" && fl.DefValue != "false" {
			printf(w, " (%s)", fl.DefValue)
		}
		printf(w, "\n")
	})
}

// dashed is a flag's name as it is documented.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// parse reads flags, which may stand before, between and after what else is given.
// Done is true where the verb ends here.
func (t *terminal) parse(f *flag.FlagSet, args []string) (rest []string, code int, done bool) {
	if t.parsing != nil {
		t.parsing(f)
		return nil, fine, true
	}
	once(f)
	for {
		err := f.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			printUsage(t.out, f)
			return nil, fine, true
		}
		if err != nil {
			verb, _, _ := strings.Cut(f.Name(), behindVerb)
			t.fail("%s", flagFault(err, f))
			t.hint("`tagwarden %s --help` lists its flags", verb)
			return nil, usage, true
		}
		if f.NArg() == 0 {
			return sound(t, f, rest)
		}
		if read := len(args) - f.NArg(); read > 0 && args[read-1] == "--" {
			return sound(t, f, append(rest, f.Args()...))
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
}

// sound ends the reading of flags: a verb is not run with what means nothing, nor with files that are not there.
func sound(t *terminal, f *flag.FlagSet, rest []string) (_ []string, code int, done bool) {
	t.set = f
	if !onDisk(t, f, rest) || !mean(t, f, rest) {
		return nil, usage, true
	}
	return rest, fine, false
}

// The messages of package flag, which has no error values for them.
var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: --?(.+)$`)
	wrongValue  = regexp.MustCompile(`(?s)^invalid (?:boolean )?value (".*") for (?:flag )?--?([^:]+): (.*)$`)
	noValue     = regexp.MustCompile(`^flag needs an argument: --?(.+)$`)
)

// flagFault says what is wrong with a flag, with its name as it is documented.
func flagFault(err error, f *flag.FlagSet) string {
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		var names []string
		f.VisitAll(func(fl *flag.Flag) { names = append(names, dashed(fl.Name)) })
		return "there is no flag --" + m[1] + strict.SuggestionElse("--"+m[1], names)
	}
	if m := wrongValue.FindStringSubmatch(text); m != nil {
		switch m[3] {
		case errNothing.Error(), errTwice.Error():
			return "--" + m[2] + ": " + m[3]
		case "parse error": // as package flag says it of numbers
			m[3] = "a whole number is"
		case "value out of range":
			m[3] = "a number that is nearer to zero is"
		}
		return "--" + m[2] + ": " + givenTo(m[2], m[1]) + " is not right: " + m[3]
	}
	if m := noValue.FindStringSubmatch(text); m != nil {
		return "--" + m[1] + " needs a value"
	}
	return text
}

// givenTo is a flag's value as a message shows it, which is quoted already.
func givenTo(flag, quoted string) string {
	const that = "what is given"
	given, err := strconv.Unquote(quoted)
	if err != nil || slices.Contains(aboutPersons, flag) && !strings.Contains(given, "=") {
		return that
	}
	return echoedOr(given, that)
}

// aboutPersons are the flags that name one: what they hold may be a name, of which no looks tell.
var aboutPersons = []string{"id", "where", "subject"}

// format adds the flag that says how results are printed: as text, or for programs.
func format(f *flag.FlagSet, programs ...string) *string {
	all := append([]string{"text"}, programs...)
	return choice(f, "format", strings.Join(all, " or "), all)
}

// choice adds a flag that takes one of some words, the first where it is not given.
func choice(f *flag.FlagSet, name, help string, all []string) *string {
	one := &oneOf{all[0], all}
	f.Var(one, name, help)
	return &one.chosen
}

// oneOf is the value of a flag that takes one of some words.
type oneOf struct {
	chosen string
	all    []string
}

func (o *oneOf) String() string { return o.chosen }

// Set takes one of the words.
func (o *oneOf) Set(given string) error {
	if !slices.Contains(o.all, given) {
		return fmt.Errorf("one of %s is%s", strings.Join(o.all, ", "), nearOf(given, o.all))
	}
	o.chosen = given
	return nil
}

// nearOf is which of some words may have been meant, where one is near.
func nearOf(given string, all []string) string {
	if suggestion := strict.SuggestionElse(given, all); strings.Contains(suggestion, "did you mean") {
		return suggestion
	}
	return ""
}

// fail says what went wrong.
func (t *terminal) fail(format string, args ...any) {
	printf(t.err, "tagwarden: ")
	printf(t.err, format, args...)
	printf(t.err, "\n")
}

// hint says what to do about it.
func (t *terminal) hint(format string, args ...any) {
	printf(t.err, "  hint: ")
	printf(t.err, format, args...)
	printf(t.err, "\n")
}

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, inWords(args)...) }
