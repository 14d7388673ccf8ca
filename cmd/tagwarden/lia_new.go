package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/assess"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// isTerminal tells whether people sit at a file: a character device, and not the one that is nothing.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	nothing, err := os.Stat(os.DevNull)
	return err == nil && !os.SameFile(info, nothing)
}

func liaNew(_ context.Context, t *terminal, args []string) int {
	f := t.flags("lia new", "--config FILE [--from FILE]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	from := f.String("from", "",
		"a YAML file with answers, by the keys of an assessment; what it lacks is asked for; - is standard input")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	answers := new(assess.Answers)
	if *from != "" {
		text, err := t.readFile(*from)
		if err != nil {
			t.fail("--from: %v", err)
			return usage
		}
		if answers, err = assess.ReadAnswers(*from, text); err != nil {
			printf(t.out, "%v\n", err)
			return codeOf(err)
		}
	}
	missing := answers.Missing()
	if len(missing) > 0 && (!t.tty || *from == "-") {
		for _, q := range missing {
			printf(t.out, "%s is missing: %s %s\n", q.Key, q.Ask, q.Good)
		}
		t.hint("on a terminal they are asked for; else --from FILE holds them all")
		return findings
	}
	if len(missing) > 0 {
		asked, err := (&asking{t: t, l: loaded, lines: bufio.NewReader(t.in)}).all(answers)
		if err != nil {
			printf(t.out, "\n")
			t.fail("%v", err)
			return usage
		}
		answers = asked
	}
	path, err := answers.Write(loaded)
	if err != nil {
		t.fail("%v", err)
		return codeOf(err)
	}
	printf(t.out, "wrote %s\n", path)
	if len(missing) > 0 {
		if err := assess.Finished(loaded); err != nil {
			t.hint("%v", err)
		}
	}
	t.hint("name it in an activity of policy/activities.yaml, see what `tagwarden lia check` says, and have it " +
		"approved: `tagwarden lia approve`")
	return fine
}

// asking is a conversation about an assessment.
type asking struct {
	t     *terminal
	l     *config.Loaded
	lines *bufio.Reader
	kept  string // where the answers lie; "" before the first
}

// all asks what has no answer yet, again and again until the answer will do. After each answer they are on disk.
func (a *asking) all(answers *assess.Answers) (*assess.Answers, error) {
	given := answers.Given()
	before, err := a.before()
	if err != nil {
		return nil, err
	}
	if before != nil && len(given) == 0 {
		answers = before.Answers
	} else if before != nil {
		aside, err := before.SetAside(a.l)
		if err != nil {
			return nil, err
		}
		a.t.hint("the draft that was there is %s now", aside)
	}
	printf(a.t.out, "\nAnswer in a line each. `back` goes back; Ctrl-C or `quit` ends: what was answered is kept.\n")
	interview, step := assess.NewInterview(a.l, answers, given, a.t.now()), ""
	for {
		next, more := interview.Step()
		if !more {
			return interview.Answers, nil
		}
		if next.Step != "" && next.Step != step {
			step = next.Step
			printf(a.t.out, "\n%s\n", step)
		}
		if err := a.one(interview, &next); err != nil {
			return nil, err
		}
	}
}

// before offers what was answered when asking ended early. It is nil where nothing was, or is set aside.
func (a *asking) before() (*assess.Unfinished, error) {
	before, err := assess.ReadUnfinished(a.l)
	if before == nil || err != nil {
		return nil, err
	}
	printf(a.t.out, "There is a draft from %s, with %s (%s). Go on with it? [y]es, or [n]ew: ",
		before.At.UTC().Format("2 January 2006 15:04"), plural.Of(len(before.Answers.Given()), "answer"), before.File)
	line, err := a.line()
	if err != nil {
		return nil, err
	}
	if no := strings.ToLower(strings.TrimSpace(line)); !slices.Contains([]string{"n", "no", "new"}, no) {
		a.kept = before.File
		return before, nil
	}
	aside, err := before.SetAside(a.l)
	if err != nil {
		return nil, err
	}
	printf(a.t.out, "It is kept as %s.\n", aside)
	return nil, nil //nolint:nilnil // it begins anew
}

// one asks a step until its answer will do, and keeps that.
func (a *asking) one(interview *assess.Interview, step *assess.Step) error {
	a.show(interview, step)
	for {
		printf(a.t.out, "%s> ", step.Key)
		line, err := a.line()
		if err != nil {
			return err
		}
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "quit":
			return a.ended("asking ended")
		case "back":
			if !interview.Back() {
				printf(a.t.out, "  This is the first question.\n")
				continue
			}
			return nil
		}
		if err := interview.Answer(line); err != nil {
			printf(a.t.out, "  %v\n", err)
			continue
		}
		a.kept, err = interview.Answers.Keep(a.l)
		return err
	}
}

// show writes a question: its number, what may be chosen, what makes a good answer, and what an empty line stands for.
func (a *asking) show(interview *assess.Interview, step *assess.Step) {
	number := sprintf("[%d/%d]", step.Number, step.Of)
	if step.Effect > 0 {
		number += sprintf(" effect %d:", step.Effect)
	}
	printf(a.t.out, "\n%s %s\n", number, step.Ask)
	for n, choice := range interview.Choices(step) {
		printf(a.t.out, "  %2d  %s\n", n+1, choice.Name+behindColon(choice.Says))
	}
	printf(a.t.out, "  A good answer: %s.\n", strings.TrimRight(step.Good, ". "))
	switch {
	case step.Now != "":
		printf(a.t.out, "  Now: %s\n  Enter alone: that stays\n", step.Now)
	case step.More:
		printf(a.t.out, "  Enter alone: there is no other effect\n")
	case step.Proposed != "":
		printf(a.t.out, "  Enter alone: %s\n", step.Proposed)
	}
}

func behindColon(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// line reads a line. One that ends without a line break was not finished, and is no answer.
func (a *asking) line() (string, error) {
	line, err := a.lines.ReadString('\n')
	if errors.Is(err, io.EOF) {
		return "", a.ended("the answers ended")
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the answer: %w", err)
	}
	return line, nil
}

// ended says that no assessment was written, and where the answers are.
func (a *asking) ended(why string) error {
	if a.kept == "" {
		return fmt.Errorf("%s: nothing was written", why)
	}
	return fmt.Errorf("%s: no assessment was written; the answers are kept in %s, and `tagwarden lia new` goes on with "+
		"them",
		why, a.kept)
}
