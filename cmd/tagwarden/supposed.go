package main

import (
	"errors"
	"flag"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// supposeFlags are the flags that put something in place of what hits say of the visitor's choices.
type supposeFlags struct {
	signals []string
	choice  *string // the word of a [signal.Choice]; "": none was asked for
}

// addSupposeFlags adds them. Unasked says what is judged by where no choice is asked for.
func addSupposeFlags(f *flag.FlagSet, unasked string) *supposeFlags {
	s := &supposeFlags{choice: new(string)}
	f.Func("signal", "a signal in place of what hits say by the same source: SOURCE:CATEGORY=granted or =refused, such "+
		"as own:analytics=granted; gpc=on or gpc=off; tcf=STRING; may be given again", func(text string) error {
		s.signals = append(s.signals, text)
		return nil
	})
	words := choiceWords()
	f.Func("choice", "the visitor's choice, in place of all signals of hits: "+strings.Join(words, ", ")+" ("+unasked+")",
		func(given string) error {
			if _, known := signal.ParseChoice(given); !known {
				return errors.New("one of " + strings.Join(words, ", ") + " is" + nearOf(given, words))
			}
			*s.choice = given
			return nil
		})
	return s
}

func choiceWords() (words []string) {
	for c := signal.AsRecorded; c <= signal.AllRefused; c++ {
		words = append(words, c.String())
	}
	return words
}

// asked is what the flags put in place of what hits say, under each of some policies: a signal has to be one under one
// of them at least. Where there is none it says so.
func (s *supposeFlags) asked(t *terminal, policies ...*rules.Policy) (all []signal.Supposed, ok bool) {
	return s.askedFor(t, *s.choice, policies...)
}

// askedFor is asked for another choice than the flag's, by its word.
func (s *supposeFlags) askedFor(t *terminal, word string, policies ...*rules.Policy) (all []signal.Supposed, ok bool) {
	choice, _ := signal.ParseChoice(word)
	all = make([]signal.Supposed, len(policies))
	known := make([]bool, len(s.signals))
	faults := make([]error, len(s.signals))
	for i, p := range policies {
		all[i].Choice = choice
		for k, text := range s.signals {
			one, err := rules.AskedSignal(p, text)
			if err != nil {
				faults[k] = err
				continue
			}
			known[k] = true
			all[i].Signals = append(all[i].Signals, one)
		}
	}
	for k, text := range s.signals {
		if known[k] {
			continue
		}
		suggestion := ""
		if wrong, is := errors.AsType[*rules.WrongSignal](faults[k]); is && wrong.Name != "" {
			suggestion = strict.SuggestionElse(wrong.Name, wrong.Known)
		}
		t.fail("--signal %s: %v%s", text, faults[k], suggestion)
		return nil, false
	}
	return all, true
}
