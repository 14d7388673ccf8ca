package main

import (
	"context"
	"embed"
	"flag"
	"io"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// completions are the scripts that teach a shell to complete: each asks `tagwarden
// completion words` what may come next.
//
//go:embed completion
var completions embed.FS

var shells = []string{"bash", "zsh", "fish"}

// completionWords is what scripts ask by: behind it come the words behind tagwarden, the last of them the one that is
// being written, "" where it was not begun.
const completionWords = "words"

// filesToo stands among the answers where files may come, as well.
const filesToo = ":files"

func completion(_ context.Context, t *terminal, args []string) int {
	if len(args) > 0 && args[0] == completionWords {
		for _, word := range complete(t, args[1:]) {
			printf(t.out, "%s\n", word)
		}
		return fine
	}
	f := t.flags("completion", strings.Join(shells, "|"))
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 || !slices.Contains(shells, rest[0]) {
		asked := strings.Join(rest, " ")
		if asked == "" {
			t.fail("for which shell? Known here: %s", strings.Join(shells, ", "))
			return usage
		}
		t.fail("for which shell? There is no script for %q%s", asked, strict.SuggestionElse(asked, shells))
		return usage
	}
	text, err := completions.ReadFile("completion/" + rest[0])
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	_, _ = t.document().Write(text)
	return fine
}

// verbsBelow are the verbs of those verbs that have some, by name.
func verbsBelow() map[string][]verb {
	return map[string][]verb{
		"lia": liaVerbs(), "logs": logsVerbs(), "objections": objectionsVerbs(), "queue": queueVerbs(),
		"cluster": clusterVerbs(),
		"token":   tokenVerbs(),
	}
}

// complete lists what the last of some words may become.
func complete(t *terminal, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	before, current := words[:len(words)-1], words[len(words)-1]
	if current == "=" || len(before) > 0 && before[len(before)-1] == "=" { // as bash takes --format=json apart
		before, current = slices.DeleteFunc(slices.Clone(before), func(w string) bool {
			return w == "="
		}), strings.TrimPrefix(current, "=")
	}
	var all []string
	for _, word := range following(t, before, current) {
		if word == filesToo || strings.HasPrefix(word, current) {
			all = append(all, word)
		}
	}
	return all
}

// following lists what may come behind words.
func following(t *terminal, before []string, current string) []string {
	if len(before) > 0 && before[0] == "help" { // help VERB is VERB --help
		return helped(before[1:])
	}
	if len(before) == 0 {
		return append(names(verbs()), "help")
	}
	of, rest := findVerb(verbs(), before[0]), before[1:]
	if of == nil {
		return nil
	}
	name := of.name
	if below := verbsBelow()[name]; below != nil {
		if len(rest) == 0 {
			return names(below)
		}
		if of = findVerb(below, rest[0]); of == nil {
			return nil
		}
		name, rest = name+" "+of.name, rest[1:]
	}
	flags := flagsOf(t, of, rest)
	if name == "promises" && slices.Contains(rest, "approve") {
		name, rest = "promises approve", slices.DeleteFunc(slices.Clone(rest), func(word string) bool {
			return word == "approve"
		})
	}
	here := configuredBy(flags, rest)
	if len(rest) > 0 && strings.HasPrefix(rest[len(rest)-1], "-") {
		if last := flags[strings.TrimLeft(rest[len(rest)-1], "-")]; last != nil && !isSwitch(last) {
			return valuesOf(here, name, last)
		}
	}
	plain := wordsAmong(rest, flags)
	next, more := argumentsTaken(name, plain).at(len(plain))
	if more && !strings.HasPrefix(current, "-") {
		return next.offered(here)
	}
	var all []string
	for _, f := range flags {
		all = append(all, dashed(f.Name))
	}
	slices.Sort(all)
	return append(all, "--help")
}

// helped lists what may come behind help.
func helped(before []string) []string {
	switch len(before) {
	case 0:
		return names(verbs())
	case 1:
		return names(verbsBelow()[before[0]])
	default:
		return nil
	}
}

func names(all []verb) (list []string) {
	for _, v := range all {
		list = append(list, v.name)
	}
	return list
}

func findVerb(all []verb, name string) *verb {
	at := slices.IndexFunc(all, func(v verb) bool { return v.name == name })
	if at < 0 {
		return nil
	}
	return &all[at]
}

// flagsOf are the flags of a verb, by name: those that it hands to parse, where it ends.
func flagsOf(t *terminal, v *verb, before []string) map[string]*flag.Flag {
	all := map[string]*flag.Flag{}
	asked := &terminal{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: t.now,
		parsing: func(f *flag.FlagSet) {
			f.VisitAll(func(one *flag.Flag) { all[one.Name] = one })
		}}
	var plain []string
	for _, word := range before {
		if !strings.HasPrefix(word, "-") {
			plain = append(plain, word)
		}
	}
	v.run(context.Background(), asked, plain)
	return all
}

// isSwitch tells whether a flag takes no value.
func isSwitch(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// wordsAmong are the words that are no flags, and no flag's value.
func wordsAmong(words []string, flags map[string]*flag.Flag) (plain []string) {
	for i := 0; i < len(words); i++ {
		if !strings.HasPrefix(words[i], "-") {
			plain = append(plain, words[i])
			continue
		}
		f := flags[strings.TrimLeft(words[i], "-")]
		if f != nil && !isSwitch(f) {
			i++
		}
	}
	return plain
}

// configuredBy is what is known by the server file that words name.
func configuredBy(flags map[string]*flag.Flag, words []string) *configured {
	file := defaultFile
	for i, word := range words {
		name, value, inOne := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if word == name || name != "config" || flags["config"] == nil {
			continue
		}
		if !inOne && i+1 < len(words) {
			value = words[i+1]
		}
		file = value
	}
	return &configured{file}
}

// valuesOf lists the values of a flag, or says that it may be a file.
func valuesOf(here *configured, verb string, f *flag.Flag) []string {
	if one, ok := f.Value.(*oneOf); ok {
		return one.all
	}
	of, _ := takesOf(verb, f.Name)
	return of.offered(here)
}

// offered lists what may be written, and says whether it may be a file.
func (k takes) offered(here *configured) (all []string) {
	if k.list != nil {
		all = k.list(here)
	}
	if k.place != nowhere {
		all = append(all, filesToo)
	}
	return all
}
